"""yoyo: a row for each applied file, by its name without the ending.

As yoyo-migrations 9 writes it (yoyo/backends/base.py, yoyo/internalmigrations): ``_yoyo_migration``, or what
``migration_table`` of its configuration says. Its hash is one of the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, stem_of
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries = []
    for row in rows:
        name = row.text("migration_id") or row.text("id")
        entries.append(Entry(name, name, row.time("applied_at_utc") or row.time("ctime")))
    return by_key(entries, history, stem_of)


YOYO = Tool(
    "yoyo",
    formats=("yoyo", "ours"),
    shapes=(
        Shape({"migration_hash": Kind.TEXT, "migration_id": Kind.TEXT, "applied_at_utc": Kind.TIME}),
        Shape({"id": Kind.TEXT, "ctime": Kind.TIME}, named="_yoyo_migrations?", alone=True),  # before version 6
    ),
    reads=("migration_id", "applied_at_utc", "id", "ctime"),
    taken=_taken,
)
