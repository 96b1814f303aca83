"""A rollback that does not bring back what was there."""

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
    for clash in story.clashes(Trouble.LOST, in_rollback=True):
        assert clash.other is not None
        origin = f" ({story.made_by(clash.other)})" if clash.other.effect else ""
        finding = story.finding(
            ROLLBACK_LOSES.id,
            clash,
            f"{clash.other.named}{origin} was there before this migration, and is not after its rollback",
            "Create it again in the rollback, as it was.",
            ROLLBACK_LOSES.severity,
        )
        yield replace(finding, lost=clash.other.named)


_USERS = "CREATE TABLE users (id bigint PRIMARY KEY, name text);\nCREATE INDEX users_name ON users (name);\n"

ROLLBACK_LOSES = Rule(
    id="rollback-loses",
    name="rollback that loses an object",
    severity=Severity.WARNING,
    what="An object was there before the migration and is not after its rollback.",
    why="The schema is not what it was: what the code of before relies on is missing.",
    remedy="Create it again in the rollback, or drop less.",
    bad={
        "001_users.sql": _USERS,
        "002_names.sql": "ALTER TABLE users ADD COLUMN nickname text;\nDROP INDEX users_name;\n\n"
        "-- ROLLBACK:\n-- ALTER TABLE users DROP COLUMN nickname;\n-- END ROLLBACK\n",
    },
    good={
        "001_users.sql": _USERS,
        "002_names.sql": "ALTER TABLE users ADD COLUMN nickname text;\nDROP INDEX users_name;\n\n"
        "-- ROLLBACK:\n-- CREATE INDEX users_name ON users (name);\n-- ALTER TABLE users DROP COLUMN nickname;\n"
        "-- END ROLLBACK\n",
    },
    find=_find,
)
