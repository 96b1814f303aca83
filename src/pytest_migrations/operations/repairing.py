"""Brings the ledger and the folder together again: edited and renamed files, failures of which nothing was kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.operations.correction import Correction
from pytest_migrations.operations.entry import State, checksum
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.standing import Stand, standings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.standing import Standing


def to_repair(history: History, entries: Mapping[str, Entry]) -> tuple[list[Correction], list[Standing]]:
    """What the ledger is to say instead, and what only a person can decide: files that are gone, runs that stopped."""
    all_standings = standings(history, entries)
    pending = _only_ones(s.migration for s in all_standings if s.migration and s.entry is None)
    gone = Counter(s.entry.checksum for s in all_standings if s.entry and _is_gone(s))
    pending = {of: migration for of, migration in pending.items() if gone[of] == 1}
    corrections, left = [], []
    for standing in all_standings:
        if standing.entry is None:
            continue
        if correction := _correction(standing, standing.entry, pending):
            corrections.append(correction)
        elif standing.stand in (Stand.MISSING, Stand.FAILED):
            left.append(standing)
    return corrections, left


def _is_gone(standing: Standing) -> bool:
    """Whether it is in the database, and no file is it."""
    return standing.migration is None and standing.is_in_database


def _only_ones(migrations: Iterable[Migration]) -> dict[str, Migration]:
    """Those that no other is the same as, by their checksums."""
    found = [(checksum(migration), migration) for migration in migrations]
    count = Counter(of for of, _ in found)
    return {of: migration for of, migration in found if count[of] == 1}


def _correction(standing: Standing, entry: Entry, pending: Mapping[str, Migration]) -> Correction | None:
    name, migration = standing.name, standing.migration
    if standing.stand is Stand.CHANGED and migration is not None:
        changed = replace(entry, checksum=checksum(migration))
        text = f"{name}: what its file holds now is taken for what was applied"
        return Correction(text, partial(Ledger.write, entry=changed, in_place=True))
    if _is_gone(standing) and (renamed := pending.get(entry.checksum)):
        rename = partial(Ledger.rename, old=entry.name, new=renamed.identity, version=renamed.version)
        return Correction(f"{name}: it was renamed to {renamed.name}", rename)
    if standing.stand is Stand.FAILED and entry.state is State.ROLLED_BACK:
        forgotten = replace(entry, error=None)
        return Correction(f"{name}: its failure is forgotten", partial(Ledger.write, entry=forgotten, in_place=True))
    if standing.stand is Stand.FAILED and not entry.is_unfinished:
        return Correction(f"{name}: its failure is forgotten", partial(Ledger.remove, name=entry.name))
    return None
