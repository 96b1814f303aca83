"""What is dropped as something that it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story


def mistaken(story: Story, clash: Clash) -> str:
    """What says what the object is."""
    assert clash.other is not None
    named = clash.other.named
    is_ = f"{'an' if named.kind[0] in 'aeiou' else 'a'} {named.kind}"
    return f"{named.short} is dropped as {clash.effect.object.kind}, and is {is_}: {story.made_by(clash.other)}"


WRONG_KIND: Rule = Rule(
    id="wrong-kind",
    name="dropped as another kind",
    severity=Severity.ERROR,
    what="A statement drops a table, view, index or sequence as one of the others.",
    why="PostgreSQL drops no table by DROP VIEW and no view by DROP TABLE, not even with IF EXISTS: the migration "
    "fails.",
    remedy="Drop it as what it is.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE VIEW people AS SELECT id FROM users;\n",
        "002_people.sql": "DROP TABLE IF EXISTS people;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE VIEW people AS SELECT id FROM users;\n",
        "002_people.sql": "DROP VIEW IF EXISTS people;\n",
    },
    find=lambda story: story.findings(WRONG_KIND, Trouble.OTHER_KIND, mistaken),
)
