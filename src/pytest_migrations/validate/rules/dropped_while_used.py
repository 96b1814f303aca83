"""What is dropped, or gets another type, while something needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb
from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story

_MOST = 3


def in_use(story: Story, clash: Clash) -> str:
    """What says that something is in use, and by what."""
    shown = [f"{user.named} ({story.made_by(user)})" for user in clash.users[:_MOST]]
    more = f" and {len(clash.users) - _MOST} more" if len(clash.users) > _MOST else ""
    verb = "need" if len(clash.users) > 1 else "needs"
    done = "dropped" if clash.effect.verb is Verb.DROP else "given another type"
    assert clash.other is not None
    return f"{clash.other.named} is {done} here, and {', '.join(shown)}{more} {verb} it"


DROPPED_WHILE_USED: Rule = Rule(
    id="dropped-while-used",
    name="dropped while used",
    severity=Severity.ERROR,
    what="A statement drops an object, or gives a column another type, while a view, foreign key or the like needs it.",
    why="PostgreSQL does not drop what others depend on: the migration fails.",
    remedy="Drop what needs it first, and create it anew behind it; or say CASCADE where it is to go as well.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n"
        "CREATE VIEW addresses AS SELECT u.email FROM users u;\n",
        "002_email.sql": "ALTER TABLE users DROP COLUMN email;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, email text);\n"
        "CREATE VIEW addresses AS SELECT u.email FROM users u;\n",
        "002_email.sql": "DROP VIEW addresses;\nALTER TABLE users DROP COLUMN email;\n",
    },
    find=lambda story: story.findings(DROPPED_WHILE_USED, Trouble.IN_USE, in_use),
)
