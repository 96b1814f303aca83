"""A ledger that a team has made for itself: which column is what is told by its name.

A row is a migration, by the name of its file (with or without the ending, in whatever folder) or its number. Where one
has several rows, the newest counts: such ledgers may write down rollbacks too.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, canonical
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration

#: Few tables of another kind are called so.
_TABLES = (
    r"_?(?:(?:applied|database|db|pg|schema|sql)_)?migrations?(?:_(?:history|log|versions?))?"
    r"|(?:database|db|schema)_(?:versions?|history)"
)
_NAMES = (
    *("filename", "file_name", "file", "script", "script_name"),
    *("migration_file", "migration_name", "migration", "migration_id", "name"),
    *("version", "version_id", "migration_version", "version_number", "number"),
)
_TIMES = (
    *("applied_at", "executed_at", "migrated_at", "installed_at", "run_at", "ran_at", "completed_at", "finished_at"),
    *("applied_on", "executed_on", "installed_on", "run_on", "applied", "execution_date", "date_applied"),
    *("created_at", "timestamp", "date"),
)
_STATES = (
    *("status", "state", "success", "succeeded", "is_applied", "applied"),
    *("direction", "action", "operation", "result"),
)
_ERRORS = ("error", "error_message")
#: What stands in a column of states that holds a time, in seconds, is no state.
_LEAST_TIME = 1e6
_FAILED = {"failed", "failure", "fail", "error", "running", "started", "in_progress", "applying", "dirty"}
_NOT_APPLIED = {"down", "rollback", "rolled_back", "rolledback", "reverted", "revert", "undone", "pending", "skipped"}
_NO = {"false", "f", "0", "no"}


def _taken(rows: Sequence[Row], history: History) -> Taken:
    keys = {name: migration.name for migration in reversed(history.migrations) for name in _names_of(migration)}
    entries: dict[str, Entry] = {}
    for row in sorted(rows, key=lambda row: (_seconds(_time(row)), row.number("id"))):
        written = [text for column in _NAMES if (text := row.text(column))] or [row.text("id")]
        key = next((keys[name] for name in map(_plain, written) if name in keys), written[0])
        state = _state(row)
        if state in _NOT_APPLIED:
            entries.pop(key, None)
        else:
            failed = "" if state not in _FAILED | _NO else f"its row in the ledger says that it is {state!r}"
            entries[key] = Entry(key, written[0], _time(row), failed)
    return by_key(entries.values(), history, lambda migration: migration.name)


def _names_of(migration: Migration) -> set[str]:
    file = migration.path.name
    folder = migration.path.parent.name if file in ("up.sql", "migration.sql") else ""
    return {_plain(name) for name in (migration.version, migration.name, migration.identity, folder or file)}


def _plain(name: str) -> str:
    """A name as different programs would write it: no folder, no ending, no zeros before a number."""
    name = name.strip().replace("\\", "/").rpartition("/")[2].removesuffix(".sql").removesuffix(".up")
    return canonical(name.removesuffix("_up"))


def _time(row: Row) -> datetime | None:
    return next((time for column in _TIMES if (time := row.time(column))), None)


def _seconds(time: datetime | None) -> float:
    return time.timestamp() if time else 0


def _state(row: Row) -> str:
    """What it says of how it went, in small letters."""
    for column in _STATES:
        text = row.text(column).strip().lower().replace(" ", "_").replace("-", "_")
        if text and not _is_time(text):
            return text
    return "failed" if any(row.text(column) for column in _ERRORS) else ""


def _is_time(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and float(text) > _LEAST_TIME


HOME_MADE = Tool(
    "Another tool",
    formats=(),
    shapes=tuple(
        Shape({column: kind}, named=_TABLES)
        for column, kind in [*product(_NAMES, (Kind.TEXT, Kind.NUMBER)), ("id", Kind.TEXT)]
    ),
    reads=tuple(dict.fromkeys((*_NAMES, "id", *_TIMES, *_STATES, *_ERRORS))),
    taken=_taken,
)
