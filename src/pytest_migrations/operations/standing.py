"""How each migration stands: what the folder has beside what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError, path_from
from pytest_migrations.migration import Order
from pytest_migrations.operations.entry import State, checksum
from pytest_migrations.operations.kept_rollback import own_rollback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.entry import Entry


class Stand(str, Enum):
    """The states that users see."""

    APPLIED = "applied"
    PENDING = "pending"
    FAILED = "failed"
    #: Applied, and its file is another one now.
    CHANGED = "changed"
    #: Applied, and no file of the folder is it.
    MISSING = "missing"
    ROLLED_BACK = "rolled back"


@dataclass(frozen=True)
class Standing:
    """One migration, by its file, by its entry in the ledger, or both."""

    name: str
    stand: Stand
    migration: Migration | None = None
    entry: Entry | None = None
    #: What more there is to say of it.
    note: str = ""

    @property
    def is_to_run(self) -> bool:
        return self.migration is not None and (
            self.stand in (Stand.PENDING, Stand.ROLLED_BACK)
            or (self.stand is Stand.FAILED and self.entry is not None and not self.entry.is_unfinished)
        )

    @property
    def is_in_database(self) -> bool:
        """Whether something of it is there."""
        return self.entry is not None and self.entry.is_in_database


def standings(history: History, entries: Mapping[str, Entry]) -> list[Standing]:
    """All migrations of the history in its order, and among them those that it does not have."""
    known = {migration.identity for migration in (*history.migrations, *history.superseded)}
    began_before = any(migration.identity in entries for migration in history.superseded)
    found = {
        migration.identity: _covered(migration)
        if migration.is_baseline and began_before and migration.identity not in entries
        else _standing(migration, entries.get(migration.identity))
        for migration in history
    }
    order, last = list(found), 0
    for name, entry in entries.items():
        if name not in known:
            order.insert(last, name)
            found[name] = _without_file(entry)
        last = order.index(name) + 1 if name in found else last
    return [found[name] for name in order]


def out_of_order(history: History, all_standings: list[Standing]) -> list[Standing]:
    """Those to run that come before one that was applied, where the order of the history is that of their versions."""
    if history.order is Order.GRAPH:
        return []
    there = [index for index, standing in enumerate(all_standings) if counts_in_order(standing)]
    last = max(there, default=0)
    return [
        standing
        for standing in all_standings[:last]
        # One that was rolled back had come in order, and nothing that was applied since depends on it.
        if standing.is_to_run and not (standing.entry and standing.entry.state is State.ROLLED_BACK)
        if standing.migration and not standing.migration.repeatable
    ]


def counts_in_order(standing: Standing) -> bool:
    """Whether it is applied, and has a place in the order: one that runs whenever it has changed always comes last."""
    return standing.migration is not None and not standing.migration.repeatable and standing.is_in_database


def named(wanted: str, all_standings: list[Standing], history: History) -> Standing:
    """The one of this file, name or version, among the migrations of the folder and those that the ledger knows.

    :raises UserError: where there is none, or more than one.
    """
    names = {wanted, Path(wanted).name, path_from(history.folder, Path(wanted))}
    found = [s for s in all_standings if names & {s.name, s.entry.name if s.entry else s.name}]
    found = found or [s for s in all_standings if s.entry is not None and s.entry.version == wanted]
    if len(found) > 1:
        raise UserError(f"{' and '.join(s.name for s in found)} are both {wanted}: name one of them by its file.")
    if found:
        return found[0]
    try:
        migration = history.migrations[history.position_of(wanted) - 1]
    except LookupError as error:
        raise UserError(f"{wanted}: {error}") from None
    return next(standing for standing in all_standings if standing.migration is migration)


def _covered(migration: Migration) -> Standing:
    return Standing(migration.name, Stand.APPLIED, migration, note="stands for what was applied one by one")


def _standing(migration: Migration, entry: Entry | None) -> Standing:
    if entry is None:
        return Standing(migration.name, Stand.PENDING, migration)
    if entry.state is not State.APPLIED:
        return _not_applied(migration, entry)
    if entry.checksum == checksum(migration) or migration.may_be_edited:
        return Standing(migration.name, Stand.APPLIED, migration, entry, _how_back(migration, entry))
    if migration.repeatable:
        failed = f"; that failed: {entry.error}" if entry.error else ""
        return Standing(migration.name, Stand.PENDING, migration, entry, f"changed, so it runs again{failed}")
    return Standing(migration.name, Stand.CHANGED, migration, entry, "the file differs from what was applied")


def _not_applied(migration: Migration, entry: Entry) -> Standing:
    if entry.state is State.ROLLED_BACK and not entry.error:
        return Standing(migration.name, Stand.ROLLED_BACK, migration, entry)
    return Standing(migration.name, Stand.FAILED, migration, entry, _what_is_left(entry))


def _without_file(entry: Entry) -> Standing:
    if entry.state is State.ROLLED_BACK:
        return Standing(entry.name, Stand.ROLLED_BACK, None, entry, "its file is gone")
    if entry.is_unfinished:
        return Standing(entry.name, Stand.FAILED, None, entry, f"{_what_is_left(entry)}; its file is gone")
    if entry.is_in_database:
        return Standing(entry.name, Stand.MISSING, None, entry, "no file of the folder is it")
    note = "nothing of it was kept, and its file is gone: pytest-migrations repair forgets it"
    return Standing(entry.name, Stand.FAILED, None, entry, note)


def _what_is_left(entry: Entry) -> str:
    because = f": {entry.error}" if entry.error else ""
    if not entry.is_unfinished:
        return f"nothing of it was kept{because}"
    way = "on its way back " if entry.state is State.ROLLING_BACK else ""
    of = f" of {entry.total_statements}" if entry.statements < entry.total_statements else ""  # else it is a program
    return f"stopped {way}behind statement {entry.statements}{of}{because}"


def _how_back(migration: Migration, entry: Entry) -> str:
    """Where its rollback comes from, if that is not its file."""
    return "" if own_rollback(migration) is not None else entry.rollback_note or ""
