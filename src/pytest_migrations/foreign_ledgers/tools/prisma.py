"""Prisma: a row for each try to apply a migration, by the name of its folder, with the SHA-256 of the file.

As Prisma 6 writes it (schema-engine, migration_persistence.rs): ``_prisma_migrations``. A try that failed has no
finished_at, until ``prisma migrate resolve`` says that it was rolled back or is there after all.
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
    from pytest_migrations.migration import History, Migration

_FAILED = "Prisma has begun it and not finished (until `prisma migrate resolve`)"


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries: dict[str, Entry] = {}
    for row in rows:
        name, finished = row.text("migration_name"), row.text("finished_at")
        if not row.text("rolled_back_at") and (finished or name not in entries):
            failed = "" if finished else _FAILED
            entries[name] = Entry(name, name, row.time("finished_at"), failed, row.text("checksum"))
    return by_key(entries.values(), history, _folder_of, partial(differs, "sha256"))


def _folder_of(migration: Migration) -> str:
    return migration.path.parent.name


PRISMA = Tool(
    "Prisma",
    formats=("prisma",),
    shapes=(Shape({"applied_steps_count": Kind.NUMBER, "migration_name": Kind.TEXT, "rolled_back_at": Kind.TIME}),),
    reads=("migration_name", "checksum", "finished_at", "rolled_back_at"),
    taken=_taken,
)
