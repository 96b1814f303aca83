"""Rolls applied migrations of a target back, by their files or by what the ledger has kept of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.migration import Migration
from pytest_migrations.operations.applying import applier
from pytest_migrations.operations.dependents import dependents
from pytest_migrations.operations.entry import State, checksum
from pytest_migrations.operations.kept_rollback import kept_rollback, own_rollback
from pytest_migrations.operations.patience import Waiting
from pytest_migrations.operations.resuming import are_as_they_were
from pytest_migrations.operations.standing import named, standings
from pytest_migrations.operations.way_out import can_be_taken_back, way_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_migrations.migration import History, Script
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.standing import Standing


@dataclass(frozen=True)
class WayBack:
    """One migration to be rolled back, with the script that does it as its down script."""

    migration: Migration
    entry: Entry

    @property
    def script(self) -> Script:
        """What takes it back."""
        assert self.migration.down is not None
        return self.migration.down


@dataclass(frozen=True)
class RollingBack:
    """Told before a migration is rolled back."""

    migration: Migration


@dataclass(frozen=True)
class RolledBack:
    """Told when one was."""

    migration: Migration
    entry: Entry


Event = RollingBack | RolledBack | Waiting


def plan_one(history: History, entries: Mapping[str, Entry], wanted: str, *, cascade: bool = False) -> list[WayBack]:
    """How to roll back the migration of a file, name or version, and with ``cascade`` what depends on it.

    :raises UserError: where it is not applied, has no rollback, or others depend on it.
    """
    standing, later = _from(wanted, history, entries)
    migrations = {_migration_of(other): other for other in later}
    needing = dependents(_migration_of(standing), list(migrations))
    if needing and not cascade:
        reasons = "\n".join(f"  {other.name} {why}" for other, why in needing)
        raise UserError(
            f"{standing.name} is not rolled back: others that were applied after it depend on it.\n{reasons}\n"
            "Nothing was changed. Roll them back first, or take them along in reverse order: "
            f"pytest-migrations rollback {quote(standing.name)} --cascade"
        )
    return [_way_back(other) for other in [*(migrations[other] for other, _ in reversed(needing)), standing]]


def plan_to(history: History, entries: Mapping[str, Entry], to: str) -> list[WayBack]:
    """How to go back to where the migration of a file, name or version was the last one: all after it, in reverse.

    0 is before the first one, where none is called so.

    :raises UserError: where it is not applied, or one of those after it has no rollback.
    """
    if to == "0" and not _is_one_called_0(history, entries):
        later = _applied(standings(history, entries), entries)
    else:
        _, later = _from(to, history, entries)
    return [_way_back(other) for other in reversed(later)]


def roll_back(session: Session, history: History, ways: Sequence[WayBack], tell: Callable[[Event], None]) -> None:
    """Roll back what is planned, each migration with its entry in the ledger.

    :raises MigrationError: where one fails; those before it stay rolled back.
    :raises UserError: where it cannot be tried, or the lock is lost.
    """
    with applier(session, history, tell) as working:
        for way in ways:
            tell(RollingBack(way.migration))
            tell(RolledBack(way.migration, working.roll_back(way.migration, way.entry)))


def _is_one_called_0(history: History, entries: Mapping[str, Entry]) -> bool:
    """Whether the version of one is just that."""
    versions = {migration.version for migration in (*history.migrations, *history.superseded)}
    versions |= {entry.version for entry in entries.values()}
    return "0" in versions


def _applied(all_standings: list[Standing], entries: Mapping[str, Entry]) -> list[Standing]:
    """What is in the database, in the order in which it came there."""
    places = {name: place for place, name in enumerate(entries)}
    there = [standing for standing in all_standings if standing.is_in_database and standing.entry]
    return sorted(there, key=lambda standing: places[standing.entry.name] if standing.entry else 0)


def _from(wanted: str, history: History, entries: Mapping[str, Entry]) -> tuple[Standing, list[Standing]]:
    """The applied migration that is wanted, and what was applied after it."""
    all_standings = standings(history, entries)
    standing = named(wanted, all_standings, history)
    applied = _applied(all_standings, entries)
    if standing not in applied:
        raise UserError(f"{standing.name} is not applied to this database: there is nothing to roll back.")
    return standing, applied[applied.index(standing) + 1 :]


def _way_back(standing: Standing) -> WayBack:
    migration, entry = _migration_of(standing), standing.entry
    assert entry is not None
    why = f"\n{entry.rollback_note}" if entry.rollback_note and entry.rollback_sql is None else ""
    _refuse_edits(migration, entry)
    if entry.is_unfinished and not can_be_taken_back(standing.migration, entry):
        if entry.rollback_sql:
            steps = "of the next statement nobody can tell what it has done. What takes back those before it"
            why = f"\n{steps}: pytest-migrations status {quote(standing.name)}"
        raise UserError(
            f"{standing.name} stopped half-way, and nothing takes back all that was kept of it.{why}\nNothing was "
            f"changed. {way_out(standing.name, standing.migration, entry)}"
        )
    if own_rollback(migration) is not None:
        return WayBack(migration, entry)
    that_is_empty = " (that of its file is empty)" if migration.down is not None else ""
    raise UserError(
        f"{standing.name} has no rollback{that_is_empty}, and the ledger has none of it.{why}\nNothing was changed. "
        "Write one into its file, or write a new migration that undoes it. If that was done by hand, or has not to be: "
        f"pytest-migrations mark {quote(standing.name)} --rolled-back"
    )


def _migration_of(standing: Standing) -> Migration:
    """Its file, whose rollback may have been mended since; the ledger's where the file is another one, or has none.

    The ledger's as well where that takes back the steps that were kept of one that is unfinished: the file's takes back
    the whole.
    """
    migration, entry = standing.migration, standing.entry
    assert entry is not None
    if migration is None:
        migration = Migration(entry.version, entry.name, kept_rollback(entry.name, ""))
    if _is_of_ledger(own_rollback(migration), migration, entry) and entry.rollback_sql is not None:
        migration = replace(migration, down=kept_rollback(entry.name, entry.rollback_sql))
    return migration


def _is_of_ledger(own: Script | None, migration: Migration, entry: Entry) -> bool:
    if own is None or (entry.is_unfinished and entry.rollback_note is not None):
        return True
    return entry.state is not State.ROLLING_BACK and entry.checksum != checksum(migration)


def _refuse_edits(migration: Migration, entry: Entry) -> None:
    """Raises UserError where a rollback that stopped half-way was edited before where it stands."""
    down = migration.down
    if entry.state is not State.ROLLING_BACK or down is None or down.program is not None:
        return
    if not are_as_they_were(down, entry):
        raise UserError.at(
            down.start,
            f"the first {entry.statements} statements of this rollback are not those that were done: they were edited",
            "Nothing was changed. Undo that edit; only what comes behind them may be mended. Or finish it by hand, and "
            f"say so: pytest-migrations mark {quote(migration.name)} --rolled-back",
        )
