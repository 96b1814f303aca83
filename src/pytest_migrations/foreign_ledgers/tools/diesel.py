"""diesel: a row for each applied version, the beginning of the folder's name without its hyphens.

As diesel_migrations 2 writes it (diesel/src/migration/mod.rs): ``__diesel_schema_migrations``.
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
    entries = [
        Entry(canonical(row.text("version")), f"version {row.text('version')}", row.time("run_on")) for row in rows
    ]
    return by_key(entries, history)


DIESEL = Tool(
    "diesel",
    formats=("directories",),
    shapes=(Shape({"version": Kind.TEXT, "run_on": Kind.TIME}, named="__diesel_schema_migrations"),),
    reads=("version", "run_on"),
    taken=_taken,
)
