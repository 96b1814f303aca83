"""What nobody creates."""

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
        if not clash.gone and not clash.later and not is_target(clash):
            reason, remedy = absence(story, clash, "")
            yield story.finding(NEVER_CREATED.id, clash, f"{clash.effect.object} is needed here, {reason}", remedy)


NEVER_CREATED = Rule(
    id="never-created",
    name="needed, and no migration creates it",
    severity=Severity.ERROR,
    what="A statement needs or changes an object that no migration creates.",
    why="On an empty database (a new colleague's, that of the tests, one to recover to) the migration fails.",
    remedy="Correct the name, or add the migration that creates the object.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_email.sql": "ALTER TABLE usres ADD COLUMN email text;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_email.sql": "ALTER TABLE users ADD COLUMN email text;\n",
    },
    find=_find,
)
