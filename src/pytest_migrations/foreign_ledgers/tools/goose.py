"""goose: a row for each time that a migration was applied, or rolled back; the newest of a version counts.

As goose 3 writes it (internal/dialects/postgres.go, migrate.go): the first row is version 0, and newer releases delete
the rows of what they roll back. The table may have another name, and lie in any schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History


def _taken(rows: Sequence[Row], history: History) -> Taken:
    newest = {row.text("version_id"): row for row in sorted(rows, key=lambda row: row.number("id"))}
    entries = [
        Entry(version, f"version {version}", row.time("tstamp"))
        for version, row in newest.items()
        if version != "0" and row.says("is_applied")
    ]
    return by_key(entries, history)


GOOSE = Tool(
    "goose",
    formats=("goose",),
    shapes=(Shape({"version_id": Kind.NUMBER, "is_applied": Kind.TRUTH}),),
    reads=("id", "version_id", "is_applied", "tstamp"),
    taken=_taken,
)
