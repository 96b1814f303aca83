"""A rollback that leaves something behind."""

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
    for clash in story.clashes(Trouble.LEFT_BEHIND, in_rollback=True):
        assert clash.other is not None
        if clash.effect.script is story.history.migrations[clash.migration].up:
            message = f"the rollback leaves {clash.other.named} behind"
            remedy = "Drop it there. Otherwise the migration cannot be applied again, or the schema is not what it was."
        else:
            message = f"the rollback creates {clash.other.named}, which was not there before the migration"
            remedy = "Take it out, or give it the name that it had."
        finding = story.finding(ROLLBACK_FORGETS.id, clash, message, remedy, ROLLBACK_FORGETS.severity)
        yield replace(finding, left=clash.other.named)


ROLLBACK_FORGETS = Rule(
    id="rollback-forgets",
    name="rollback that forgets an object",
    severity=Severity.WARNING,
    what="The migration creates an object, and its rollback leaves it there.",
    why="The schema is not what it was, and applying the migration again fails where the object is in the way.",
    remedy="Drop it in the rollback.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE roles (id bigint PRIMARY KEY);\n\n"
        "-- ROLLBACK:\n-- DROP TABLE users;\n-- END ROLLBACK\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE roles (id bigint PRIMARY KEY);\n\n"
        "-- ROLLBACK:\n-- DROP TABLE roles;\n-- DROP TABLE users;\n-- END ROLLBACK\n",
    },
    find=_find,
)
