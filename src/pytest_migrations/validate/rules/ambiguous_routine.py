"""Routines that are named without the arguments that would tell which is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.validate.clash import Trouble
from pytest_migrations.validate.finding import Severity
from pytest_migrations.validate.rule import Rule

if TYPE_CHECKING:
    from pytest_migrations.validate.clash import Clash
    from pytest_migrations.validate.story import Story


def ambiguous(_: Story, clash: Clash) -> str:
    """What says that several routines are meant."""
    assert clash.other is not None
    return f"{clash.other.named} is named without arguments, and there are several of that name"


AMBIGUOUS_ROUTINE: Rule = Rule(
    id="ambiguous-routine",
    name="one of several routines",
    severity=Severity.ERROR,
    what="A statement names a function or procedure without its arguments, and there are several of that name.",
    why="PostgreSQL does not guess which is meant: the migration fails.",
    remedy="Write the types of its arguments behind the name.",
    bad={
        "001_area.sql": "CREATE FUNCTION area(side int) RETURNS int LANGUAGE sql RETURN side * side;\n"
        "CREATE FUNCTION area(a int, b int) RETURNS int LANGUAGE sql RETURN a * b;\n",
        "002_area.sql": "DROP FUNCTION area;\n",
    },
    good={
        "001_area.sql": "CREATE FUNCTION area(side int) RETURNS int LANGUAGE sql RETURN side * side;\n"
        "CREATE FUNCTION area(a int, b int) RETURNS int LANGUAGE sql RETURN a * b;\n",
        "002_area.sql": "DROP FUNCTION area(int);\n",
    },
    find=lambda story: story.findings(AMBIGUOUS_ROUTINE, Trouble.AMBIGUOUS, ambiguous),
)
