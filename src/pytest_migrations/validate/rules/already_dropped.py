"""What is used after it has gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule
from pytest_migrations.validate.rules.foreign_key import is_target
from pytest_migrations.validate.rules.wording import absence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.finding import Finding
    from pytest_migrations.validate.story import Story


def _find(story: Story) -> Iterator[Finding]:
    for clash in story.clashes(Trouble.MISSING):
        if clash.gone and not clash.later and not is_target(clash):
            reason, remedy = absence(story, clash, "")
            yield story.finding(ALREADY_DROPPED.id, clash, f"{clash.effect.object} is needed here, {reason}", remedy)


ALREADY_DROPPED = Rule(
    id="already-dropped",
    name="used after it was dropped",
    severity=Severity.ERROR,
    what="A statement needs or changes an object that a migration before it has dropped or renamed.",
    why="It is gone when the statement runs: the migration fails.",
    remedy="Use what took its place, or do this in a migration before the one that drops it.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_people.sql": "ALTER TABLE users RENAME TO people;\n",
        "003_email.sql": "ALTER TABLE users ADD COLUMN email text;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_people.sql": "ALTER TABLE users RENAME TO people;\n",
        "003_email.sql": "ALTER TABLE people ADD COLUMN email text;\n",
    },
    find=_find,
)
