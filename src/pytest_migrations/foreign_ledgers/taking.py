"""From what a ledger says to which migrations of a folder are applied."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from pytest_migrations.migration import History, Migration


@dataclass(frozen=True)
class Taken:
    """What the ledger of another tool says of the migrations of a folder."""

    #: Those that the tool has applied, in the order of the history, with when, where it says so.
    applied: Mapping[Migration, datetime | None] = field(default_factory=dict)
    #: Those of which it is not known whether they are there, with why: begun and not finished, say.
    failed: Mapping[Migration, str] = field(default_factory=dict)
    #: The applied ones whose files are not what was applied, as far as the tool remembers what that was.
    changed: tuple[Migration, ...] = ()
    #: What it has applied and no file of the folder answers to, as the tool calls it.
    unknown: tuple[str, ...] = ()


class Entry(NamedTuple):
    """What a ledger says of one migration."""

    #: What the tool tells it from others by.
    key: str
    #: What the user is told of it where no file answers to it.
    called: str
    at: datetime | None = None
    #: Why it is not known whether it is there; empty where it is applied.
    failed: str = ""
    checksum: str = ""


def number_of(migration: Migration) -> str:
    """The key of tools that know migrations by a number."""
    return canonical(migration.version)


def canonical(version: str) -> str:
    """A version without the zeros before its number, since 7 and 007 are one migration."""
    return str(int(version)) if version.isdecimal() else version


def stem_of(migration: Migration) -> str:
    """The key of tools that know migrations by their files: the name without its ending, in whatever folder."""
    return migration.path.name.removesuffix(".sql")


def by_key(
    entries: Iterable[Entry],
    history: History,
    key: Callable[[Migration], str] = number_of,
    is_changed: Callable[[Migration, Entry], bool] = lambda *_: False,
) -> Taken:
    """Match each entry with the migration that has its key.

    :param is_changed: whether the file is not what was applied; asked only where the entry has a checksum.
    """
    said = {entry.key: entry for entry in entries}
    known: dict[str, Migration] = {}
    for migration in history:
        known.setdefault(key(migration), migration)
    below = {key(migration) for migration in history.superseded}
    elsewhere = {*known, *below, *_keys_of_code(history)}
    found = {migration: said[name] for name, migration in known.items() if name in said}
    applied = {migration: entry for migration, entry in found.items() if not entry.failed}
    failed = {migration: entry.failed for migration, entry in found.items() if entry.failed}
    there = {name for name in below if name in said and not said[name].failed}
    for baseline in history:
        if baseline.is_baseline and baseline not in found and there:
            if there == below:
                applied[baseline] = max((said[name] for name in below), key=_moment)
            else:
                failed[baseline] = f"of the {len(below)} migrations that it stands for, {len(there)} are applied"
    return Taken(
        applied={migration: applied[migration].at for migration in history if migration in applied},
        failed=failed,
        changed=tuple(m for m in history if m in applied and applied[m].checksum and is_changed(m, applied[m])),
        unknown=tuple(entry.called for name, entry in said.items() if name not in elsewhere),
    )


def _keys_of_code(history: History) -> Iterator[str]:
    """By which the tool may know the migrations that only itself can run."""
    for item in history.in_code:
        number = re.search(r"\d+", item.name)
        yield from (item.path.stem, canonical(number[0]) if number else item.name)


def up_to(version: int, history: History, failed: str = "") -> Taken:
    """All migrations up to a version are applied, except, where it has ``failed``, that one.

    A version that no migration has is unknown.
    """
    numbers = {m: int(m.version) for m in history if m.version.isdecimal()}
    last = next((migration for migration, number in numbers.items() if number == version), None)
    called = f"version {version}" + (" (not finished)" if failed else "")
    return Taken(
        applied={m: None for m, number in numbers.items() if number <= version and not (failed and m is last)},
        failed={last: failed} if failed and last is not None else {},
        unknown=(called,) if last is None and version > 0 else (),
    )


def _moment(entry: Entry) -> float:
    return entry.at.timestamp() if entry.at else 0
