"""What CREATE OR REPLACE does not replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story


def irreplaceable(story: Story, clash: Clash) -> str:
    """What says which change of an object is none that OR REPLACE makes."""
    assert clash.other is not None
    return f"{clash.other.named} ({story.made_by(clash.other)}) cannot be replaced: {clash.reason}"


CANNOT_REPLACE: Rule = Rule(
    id="cannot-replace",
    name="replaced by what does not fit",
    severity=Severity.ERROR,
    what="CREATE OR REPLACE renames, retypes or leaves out a column of a view, or gives a function another type of "
    "result, or one of its parameters another name.",
    why="Others may rely on these, so PostgreSQL keeps them, and only adds columns at the end: the migration fails.",
    remedy="Drop it first and create it anew; rename a column with ALTER VIEW ... RENAME COLUMN.",
    bad={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text);\n"
        "CREATE VIEW addresses AS SELECT id, email FROM users;\n",
        "002_names.sql": "CREATE OR REPLACE VIEW addresses AS SELECT id, name, email FROM users;\n",
    },
    good={
        "001_users.sql": "CREATE TABLE users (id bigint PRIMARY KEY, name text, email text);\n"
        "CREATE VIEW addresses AS SELECT id, email FROM users;\n",
        "002_names.sql": "CREATE OR REPLACE VIEW addresses AS SELECT id, email, name FROM users;\n",
    },
    find=lambda story: story.findings(CANNOT_REPLACE, Trouble.CANNOT_REPLACE, irreplaceable),
)
