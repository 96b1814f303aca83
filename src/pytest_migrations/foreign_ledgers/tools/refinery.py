"""refinery: a row for each applied version, with the file's name and a time in RFC 3339.

As refinery 0.9 writes it (refinery_core/src/traits/mod.rs): ``refinery_schema_history``, or what the runner calls it.
Its checksum (SipHash) is not compared.
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
    entries = [
        Entry(row.text("version"), f"V{row.text('version')}__{row.text('name')}", row.time("applied_on"))
        for row in rows
    ]
    return by_key(entries, history)


REFINERY = Tool(
    "refinery",
    formats=("refinery", "flyway"),
    shapes=(
        Shape({"applied_on": Kind.TEXT, "version": Kind.NUMBER, "name": Kind.TEXT, "checksum": Kind.TEXT}, alone=True),
    ),
    reads=("version", "name", "applied_on"),
    taken=_taken,
)
