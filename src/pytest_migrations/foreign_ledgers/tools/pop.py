"""pop: a row for each applied version, as text.

As ory/pop 6 and ory/x write it (migrator.go, popx/migrator.go): ``schema_migration``; popx adds the version of the file
for the database where that is another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, canonical
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History


def _taken(rows: Sequence[Row], history: History) -> Taken:
    versions = [row.text("version") for row in rows]
    return by_key([Entry(canonical(version), f"version {version}") for version in versions], history)


POP = Tool(
    "pop",
    formats=("pop", "pairs"),
    shapes=(
        Shape({"version": Kind.TEXT}, named="schema_migration", alone=True),
        Shape({"version_self": Kind.NUMBER, "version": Kind.TEXT}),
    ),
    reads=("version",),
    taken=_taken,
)
