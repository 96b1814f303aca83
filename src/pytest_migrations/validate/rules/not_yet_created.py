"""What is needed before it is created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb
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
        if clash.later and clash.effect.verb in (Verb.READ, Verb.REQUIRE) and not is_target(clash):
            reason, remedy = absence(story, clash, "do this in a migration behind it")
            yield story.finding(NOT_YET_CREATED.id, clash, f"{clash.effect.object} is needed here, {reason}", remedy)


NOT_YET_CREATED = Rule(
    id="not-yet-created",
    name="needed before it is created",
    severity=Severity.ERROR,
    what="A statement needs a table, column, type, function, schema or other object that a later migration creates.",
    why="The server looks for it when the statement runs: the migration fails.",
    remedy="Move the migration that creates it before the one that needs it.",
    bad={
        "001_active_users.sql": "CREATE VIEW active_users AS\nSELECT id FROM users WHERE is_active;\n",
        "002_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, is_active boolean NOT NULL);\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, is_active boolean NOT NULL);\n",
        "002_active_users.sql": "CREATE VIEW active_users AS\nSELECT id FROM users WHERE is_active;\n",
    },
    find=_find,
)
