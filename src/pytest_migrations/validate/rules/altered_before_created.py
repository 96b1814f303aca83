"""What is changed before it is created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule
from pytest_migrations.validate.rules.wording import absence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.validate.finding import Finding
    from pytest_migrations.validate.story import Story

#: In the order of the statement's words.
_DONE = {Verb.ALTER: "changed", Verb.DROP: "dropped", Verb.RENAME: "renamed"}


def _find(story: Story) -> Iterator[Finding]:
    for clash in story.clashes(Trouble.MISSING):
        if clash.later and clash.effect.verb in _DONE:
            reason, remedy = absence(story, clash, "do this in a migration behind it")
            message = f"{clash.effect.object} is {_DONE[clash.effect.verb]} here, {reason}"
            yield story.finding(ALTERED_BEFORE_CREATED.id, clash, message, remedy)


ALTERED_BEFORE_CREATED = Rule(
    id="altered-before-created",
    name="changed before it is created",
    severity=Severity.ERROR,
    what="A statement changes, renames or drops an object that a later migration creates.",
    why="There is nothing to change when the statement runs: the migration fails.",
    remedy="Move the migration that creates the object before the one that changes it.",
    bad={
        "001_email.sql": "ALTER TABLE users ADD COLUMN email text;\n",
        "002_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\n",
        "002_email.sql": "ALTER TABLE users ADD COLUMN email text;\n",
    },
    find=_find,
)
