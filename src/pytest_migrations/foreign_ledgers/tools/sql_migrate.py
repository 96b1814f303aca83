"""sql-migrate: a row for each applied file, by its name.

As sql-migrate 1.8 writes it (migrate.go): ``gorp_migrations``, or what the program calls it; later releases keep a
SHA-256 of the file too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.contents import differs
from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, stem_of
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History

_COLUMNS = {"id": Kind.TEXT, "applied_at": Kind.TIME}


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries = [
        Entry(row.text("id").removesuffix(".sql"), row.text("id"), row.time("applied_at"), "", row.text("checksum"))
        for row in rows
    ]
    return by_key(entries, history, stem_of, partial(differs, "sha256"))


SQL_MIGRATE = Tool(
    "sql-migrate",
    formats=("sql-migrate",),
    shapes=(
        Shape(_COLUMNS, named="gorp_migrations"),
        Shape(_COLUMNS, named=".*migration.*", alone=True),
        Shape({**_COLUMNS, "checksum": Kind.TEXT}, named=".*migration.*", alone=True),
    ),
    reads=("id", "applied_at", "checksum"),
    taken=_taken,
)
