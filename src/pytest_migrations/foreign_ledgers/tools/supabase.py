"""Supabase's CLI: a row for each applied version, with its statements.

As the Supabase CLI 2 writes it (pkg/migration/history.go): ``supabase_migrations.schema_migrations``. It keeps no
times.
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
        Entry(canonical(row.text("version")), "_".join(filter(None, [row.text("version"), row.text("name")])))
        for row in rows
    ]
    return by_key(entries, history)


SUPABASE = Tool(
    "supabase",
    formats=("supabase", "ours"),
    shapes=(Shape({"statements": Kind.OTHER, "version": Kind.TEXT, "name": Kind.TEXT}, named="schema_migrations"),),
    reads=("version", "name"),
    taken=_taken,
)
