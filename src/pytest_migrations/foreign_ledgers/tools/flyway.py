"""Flyway: a row for whatever it has done to a migration, in the order in which it did it.

As Flyway 11 to 13 write and read it (flyway-core: internal/info/MigrationInfoServiceImpl.java, MigrationInfoImpl.java,
internal/resolver/ChecksumCalculator.java): ``flyway_schema_history``, ``schema_version`` before version 5, or what
``flyway.table`` says. A row for a baseline stands for all versions up to its own. An UNDO row takes back what is before
it, a DELETE row (``repair``) makes it forgotten. Repeatable migrations have no version, and a row for each time they
ran.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration

_FAILED = "Flyway has begun it and not finished (success is false, until `flyway repair`)"
#: Begins the key of a baseline script, which may have the version of another one.
_BASELINE = "B"
_VERSION = re.compile(r"[0-9]+(?:[._][0-9]+)*")
_LINE_END = re.compile(r"\r\n|\r|\n")


def _taken(rows: Sequence[Row], history: History) -> Taken:
    entries: dict[str, Entry] = {}
    for row in sorted(rows, key=lambda row: row.number("installed_rank")):
        kind, version, failed = row.text("type"), row.text("version"), "" if row.says("success") else _FAILED
        key = _key(version) if version else _repeatable(row.text("description"))
        if kind == "SCHEMA":  # it has made the schema, before all migrations
            continue
        if kind.endswith("BASELINE"):
            at = row.time("installed_on")
            entries |= {other: Entry(other, "", at, failed) for other in _up_to(version, history)}
        elif (kind.startswith("UNDO") or kind == "DELETE") and not failed:
            entries.pop(key, None)
        else:
            called = row.text("script") or version
            entries[key] = Entry(key, called, row.time("installed_on"), failed, row.text("checksum"))
    return by_key(entries.values(), history, _key_of, _is_changed)


def _key_of(migration: Migration) -> str:
    if migration.repeatable:
        return _repeatable(migration.version)
    return f"{_BASELINE if migration.is_baseline else ''}{_key(migration.version)}"


def _repeatable(description: str) -> str:
    return f"R__{description}"


def _key(version: str) -> str:
    """The version without what does not count in it: 1_02.0 is 1.2."""
    return ".".join(map(str, _parts(version))) if _VERSION.fullmatch(version) else version


def _parts(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.split("[._]", version)]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)


def _up_to(last: str, history: History) -> list[str]:
    """The keys of what a baseline of this version stands for."""
    versioned = [migration for migration in (*history.superseded, *history) if not migration.repeatable]
    return [_key_of(m) for m in versioned if _VERSION.fullmatch(m.version) and _parts(m.version) <= _parts(last)]


def _is_changed(migration: Migration, entry: Entry) -> bool:
    """Whether the CRC-32 over the lines is another one; of a repeatable migration with its placeholders filled in."""
    text = migration.up.text if migration.repeatable else migration.up.source
    checksum = zlib.crc32(_LINE_END.sub("", text).encode())
    return checksum != int(entry.checksum) % 2**32


FLYWAY = Tool(
    "Flyway",
    formats=("flyway",),
    shapes=(
        Shape(
            {
                "installed_rank": Kind.NUMBER,
                "version": Kind.TEXT,
                "description": Kind.TEXT,
                "type": Kind.TEXT,
                "script": Kind.TEXT,
                "success": Kind.TRUTH,
            }
        ),
    ),
    reads=("installed_rank", "version", "description", "type", "script", "checksum", "installed_on", "success"),
    taken=_taken,
)
