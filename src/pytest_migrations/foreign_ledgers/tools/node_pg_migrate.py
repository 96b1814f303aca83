"""node-pg-migrate: a row for each applied file, by its name without the ending.

As node-pg-migrate 9 and 10 write it (src/runner.ts, src/migration.ts): ``pgmigrations``, or what ``migrationsTable``
says. A pair ``X.up.sql`` and ``X.down.sql`` is called X, and X.up by loaders before version 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, stem_of
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries = [Entry(row.text("name").removesuffix(".up"), row.text("name"), row.time("run_on")) for row in rows]
    return by_key(entries, history, _name_of)


def _name_of(migration: Migration) -> str:
    return stem_of(migration).removesuffix(".up")


NODE_PG_MIGRATE = Tool(
    "node-pg-migrate",
    formats=("node-pg-migrate", "ours"),
    shapes=(Shape({"run_on": Kind.TIME, "id": Kind.NUMBER, "name": Kind.TEXT}, alone=True),),
    reads=("name", "run_on"),
    taken=_taken,
)
