"""What a target has of a history, and when it came there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.foreign_ledgers import survey
from pytest_migrations.operations.blockers import locked
from pytest_migrations.operations.doubt import doubt_of
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.lock import holder, key_of
from pytest_migrations.operations.marking import as_applied
from pytest_migrations.operations.ownership import other_ledgers
from pytest_migrations.operations.session import Limits
from pytest_migrations.operations.standing import Stand, Standing, standings
from pytest_migrations.server.server_error import ServerError

if TYPE_CHECKING:
    from pytest_migrations.foreign_ledgers import Said
    from pytest_migrations.migration import History, Migration
    from pytest_migrations.operations.ownership import OtherLedger
    from pytest_migrations.operations.target import Target


@dataclass(frozen=True)
class Status:
    """How every migration stands, and whose ledger says so where it is another tool's."""

    standings: list[Standing]
    said: list[Said]
    #: What other ledgers of ours say, where there is none of this name.
    others: list[OtherLedger] = field(default_factory=list)
    #: Who runs migrations there now; empty where nobody does.
    running: str = ""


def status(target: Target, history: History) -> Status:
    """How every migration stands in the target, which is only read.

    Where there is no ledger of ours yet, that of another tool which tells of the folder's migrations is asked.

    :raises UserError: where the target cannot be reached, or a ledger not be read.
    """
    settings = {"default_transaction_read_only": "on", "lock_timeout": Limits().settings["lock_timeout"]}
    with target.connect(settings) as connection:
        try:
            return _status(connection, target, history)
        except psycopg.errors.LockNotAvailable as error:
            raise locked(connection, target.ledger) from error
        except psycopg.OperationalError as error:
            raise ServerError.of(error, target.parameters) from error


def _status(connection: psycopg.Connection[Any], target: Target, history: History) -> Status:
    ledger = Ledger(connection, target.ledger)
    if ledger.exists():
        entries = ledger.entries()  # before the lock is looked at: whoever has it then may have ended since
        running = holder(connection, key_of(target.ledger))
        look = partial(_under_way, running) if running else partial(_looked_at, connection)
        return Status([look(standing) for standing in standings(history, entries)], [], running=running)
    said = [one for one in survey(connection, history) if one.is_of_folder]
    found = _as_said(history, said[0]) if said else standings(history, {})
    return Status(found, said, other_ledgers(connection, history))


def _as_said(history: History, said: Said) -> list[Standing]:
    """How the migrations stand by what another tool says."""
    missing = [Standing(name, Stand.MISSING, note="no file of the folder is it") for name in said.taken.unknown]
    return missing + [_said_of(migration, said) for migration in history]


def _said_of(migration: Migration, said: Said) -> Standing:
    taken = said.taken
    if migration in taken.failed:
        return Standing(migration.name, Stand.FAILED, migration, note=taken.failed[migration])
    if migration not in taken.applied:
        return Standing(migration.name, Stand.PENDING, migration)
    stand = Stand.CHANGED if migration in taken.changed else Stand.APPLIED
    return Standing(migration.name, stand, migration, as_applied(migration, taken.applied[migration], said.by))


def _under_way(running: str, standing: Standing) -> Standing:
    """What is unfinished while somebody is at it has not failed."""
    if standing.entry is None or not standing.entry.is_unfinished:
        return standing
    far = f"statement {standing.entry.statements} of {standing.entry.total_statements} is done"
    return replace(standing, stand=Stand.PENDING, note=f"under way: {far}, by {running}")


def _looked_at(connection: psycopg.Connection[Any], standing: Standing) -> Standing:
    """With what the database says of the statement that it may have stopped in."""
    entry, migration = standing.entry, standing.migration
    if entry is None or migration is None or not entry.is_unfinished:
        return standing
    doubt = doubt_of(connection, migration, entry)
    if doubt is None:
        return standing
    return replace(standing, note=f"{standing.note}; statement {entry.statements + 1}: {doubt.text}")
