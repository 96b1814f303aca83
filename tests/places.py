"""Where the statements of a script stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Script


def places(script: Script | None) -> list[tuple[str, str]]:
    """The first line of each statement, and its file, line and column."""
    assert script is not None
    return [
        (statement.text.split("\n")[0], f"{place.path.name}:{place.line}:{place.column}")
        for statement in statements(script)
        for place in [statement.place]
    ]
