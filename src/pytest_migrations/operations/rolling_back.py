"""Rolls applied migrations of a target back, by their files or by what the ledger has kept of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.migration import Migration, Script
from pytest_migrations.operations.applying import Applier, Waiting
from pytest_migrations.operations.standing import standings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_migrations.migration import History
    from pytest_migrations.operations.entry import Entry
    from pytest_migrations.operations.session import Session
    from pytest_migrations.operations.standing import Standing


@dataclass(frozen=True)
class WayBack:
    """One migration to be rolled back, with the script that does it as its down script."""

    migration: Migration
    entry: Entry


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
    applied = _applied(history, entries)
    standing = _named(wanted, applied, history)
    later = applied[applied.index(standing) + 1 :]
    dependents = _dependents(standing, later)
    if dependents and not cascade:
        first = f"pytest-migrations rollback {standing.name}"
        reasons = "\n".join(f"  {other.name} needs {', '.join(why)}" for other, why in dependents)
        raise UserError(
            f"{standing.name} is not rolled back: others that were applied after it depend on it.\n{reasons}\n"
            f"Nothing was changed. Roll them back first, or take them along in reverse order: {first} --cascade"
        )
    return [_way_back(other) for other in [*(other for other, _ in reversed(dependents)), standing]]


def plan_to(history: History, entries: Mapping[str, Entry], to: str) -> list[WayBack]:
    """How to go back to where the migration of a file, name or version was the last one: all after it, in reverse.

    :raises UserError: where it is not applied, or one of those after it has no rollback.
    """
    applied = _applied(history, entries)
    return [_way_back(other) for other in reversed(applied[applied.index(_named(to, applied, history)) + 1 :])]


def roll_back(session: Session, history: History, ways: Sequence[WayBack], tell: Callable[[Event], None]) -> None:
    """Roll back what is planned, each migration with its entry in the ledger.

    :raises MigrationError: where one fails; those before it stay rolled back.
    :raises UserError: where it cannot be tried, or the lock is lost.
    """
    applier = Applier(session, history, tell)
    for way in ways:
        session.lock.check()
        tell(RollingBack(way.migration))
        tell(RolledBack(way.migration, applier.roll_back(way.migration, way.entry)))


def _applied(history: History, entries: Mapping[str, Entry]) -> list[Standing]:
    """What is in the database, in the order in which it came there."""
    places = {name: place for place, name in enumerate(entries)}
    there = [standing for standing in standings(history, entries) if standing.is_in_database and standing.entry]
    return sorted(there, key=lambda standing: places[standing.entry.name] if standing.entry else 0)


def _named(wanted: str, applied: list[Standing], history: History) -> Standing:
    names = {wanted, Path(wanted).name}
    found = [s for s in applied if names & {s.name, s.entry.version if s.entry else ""}]
    if not found:
        try:
            migration = history.migrations[history.position_of(wanted) - 1]
        except LookupError as error:
            raise UserError(f"{wanted}: {error}") from None
        found = [standing for standing in applied if standing.migration is migration]
        if not found:
            raise UserError(f"{migration.name} is not applied to this database: there is nothing to roll back.")
    if len(found) > 1:
        raise UserError(f"{' and '.join(s.name for s in found)} are both {wanted}: name one of them by its file.")
    return found[0]


def _way_back(standing: Standing) -> WayBack:
    """Its file's rollback, which may have been mended since; else what the ledger has kept."""
    entry, migration = standing.entry, standing.migration
    assert entry is not None
    if migration is not None and migration.down is not None:
        return WayBack(migration, entry)
    if entry.rollback_sql is not None:
        path = Path(f"rollback of {entry.name} in the ledger") if migration is None else migration.path
        down = Script(Path(f"rollback of {entry.name} in the ledger"), entry.rollback_sql, entry.rollback_sql)
        without_file = Migration(entry.version, entry.name, Script(path, "", ""))
        return WayBack(replace(migration or without_file, down=down), entry)
    why = f" {entry.rollback_note}" if entry.rollback_note else ""
    raise UserError(
        f"{standing.name} has no rollback, and the ledger has none of it.{why} Nothing was changed. Write one into its "
        "file, or write a new migration that undoes it. If you have undone it by hand: pytest-migrations mark "
        f"{standing.name} --rolled-back"
    )


def _dependents(standing: Standing, later: Sequence[Standing]) -> list[tuple[Standing, tuple[str, ...]]]:
    """Those of the later ones that need what it has made, or what another of them has made, and what that is."""
    return []
