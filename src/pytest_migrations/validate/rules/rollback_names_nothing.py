"""A rollback that drops, if it is there, what never is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.finding import Finding
    from pytest_migrations.validate.story import Story


def _find(story: Story) -> Iterator[Finding]:
    for clash in story.clashes(Trouble.NAMES_NOTHING, in_rollback=True):
        finding = story.finding(
            ROLLBACK_NAMES_NOTHING.id,
            clash,
            f"the rollback drops {clash.effect.object}, which the migration does not create and which is not there",
            "IF EXISTS hides it: correct the name, or take the statement out.",
            ROLLBACK_NAMES_NOTHING.severity,
        )
        yield replace(finding, absent=clash.effect.object)


ROLLBACK_NAMES_NOTHING = Rule(
    id="rollback-names-nothing",
    name="rollback that names what its migration does not",
    severity=Severity.WARNING,
    what="A rollback drops with IF EXISTS an object that its migration does not create and that is not there.",
    why="It does nothing, without a word: most often the name is wrong, and what was meant stays.",
    remedy="Correct the name, or take the statement out.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n\n"
        "-- ROLLBACK:\n-- DROP TABLE IF EXISTS people;\n-- DROP TABLE users;\n-- END ROLLBACK\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n\n"
        "-- ROLLBACK:\n-- DROP TABLE IF EXISTS users;\n-- END ROLLBACK\n",
    },
    find=_find,
)
