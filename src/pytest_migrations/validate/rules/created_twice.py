"""What is created though it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story


def taken(story: Story, clash: Clash) -> str:
    """What says that the name of a new object is taken, and by whose object."""
    assert clash.other is not None
    is_rename = clash.effect.verb is Verb.RENAME and clash.effect.to is not None
    named = clash.effect.to if is_rename and clash.effect.to else clash.effect.object
    same = clash.other.migration == clash.migration and not clash.in_rollback
    where = f"line {clash.other.effect.place.line}" if same and clash.other.effect else story.made_by(clash.other)
    if clash.reason:
        return f"{named} is created here, {clash.reason}: {where}"
    kind = clash.other.named.kind
    there = "" if kind == named.kind else f" as {'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    return f"{named} is {'the new name' if is_rename else 'created'} here, and is there already{there}: {where}"


CREATED_TWICE: Rule = Rule(
    id="created-twice",
    name="created twice",
    severity=Severity.ERROR,
    what="A statement creates an object that is there already, or renames one to a name that is taken; or a table gets "
    "a second primary key.",
    why="The server refuses a second object of the name, and a second primary key: the migration fails.",
    remedy="Remove one of the two, or say IF NOT EXISTS or OR REPLACE where both are meant.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n",
        "002_email.sql": "ALTER TABLE users ADD COLUMN email text;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_email.sql": "ALTER TABLE users ADD COLUMN email text;\n",
    },
    find=lambda story: story.findings(CREATED_TWICE, Trouble.EXISTS, taken),
)
