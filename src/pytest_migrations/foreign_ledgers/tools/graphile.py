"""graphile-migrate: a row for each committed file, with its name and the hash that it says of itself.

As graphile-migrate 1 and 2 write it (src/migration.ts): ``graphile_migrate.migrations``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, canonical
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration

_HASH = re.compile(r"^--! Hash: *(\S+)", re.MULTILINE)
_NUMBER = re.compile(r"[0-9]*")


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries = []
    for row in rows:
        name = row.text("filename")
        number = _NUMBER.match(name)
        assert number is not None
        entries.append(Entry(canonical(number[0]), name, row.time("date"), checksum=row.text("hash")))
    return by_key(entries, history, is_changed=_says_another_hash)


def _says_another_hash(migration: Migration, entry: Entry) -> bool:
    match = _HASH.search(migration.up.source)
    return match is not None and match[1] != entry.checksum


GRAPHILE = Tool(
    "graphile-migrate",
    formats=("graphile",),
    shapes=(Shape({"previous_hash": Kind.TEXT, "hash": Kind.TEXT, "filename": Kind.TEXT, "date": Kind.TIME}),),
    reads=("hash", "filename", "date"),
    taken=_taken,
)
