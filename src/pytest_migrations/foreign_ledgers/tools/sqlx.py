"""sqlx: a row for each version, with the SHA-384 of its file.

As sqlx 0.8 writes it (sqlx-postgres/src/migrate.rs): ``_sqlx_migrations``, which the program may call otherwise. A row
without success is one that sqlx refuses to go on from.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.contents import differs
from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History

_FAILED = "sqlx has begun it and not finished (success is false)"


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries = [
        Entry(
            row.text("version"),
            f"version {row.text('version')} ({row.text('description')})",
            row.time("installed_on"),
            "" if row.says("success") else _FAILED,
            row.text("checksum").removeprefix("\\x"),
        )
        for row in rows
    ]
    return by_key(entries, history, is_changed=partial(differs, "sha384"))


SQLX = Tool(
    "sqlx",
    formats=("pairs", "ours"),
    shapes=(
        Shape(
            {
                "description": Kind.TEXT,
                "version": Kind.NUMBER,
                "installed_on": Kind.TIME,
                "success": Kind.TRUTH,
                "checksum": Kind.OTHER,
                "execution_time": Kind.NUMBER,
            },
            alone=True,
        ),
    ),
    reads=("version", "description", "installed_on", "success", "checksum"),
    taken=_taken,
)
