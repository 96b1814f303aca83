"""What a target has of a history, and when it came there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_migrations.operations.doubt import doubt_about
from pytest_migrations.operations.entry import State
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.standing import standings
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History
    from pytest_migrations.operations.standing import Standing
    from pytest_migrations.operations.target import Target


def status(target: Target, history: History) -> list[Standing]:
    """How every migration stands in the target, which is only read.

    :raises UserError: where the target cannot be reached, or its ledger not be read.
    """
    with target.connect({"default_transaction_read_only": "on"}) as connection:
        ledger = Ledger(connection, target.ledger)
        entries = ledger.entries() if ledger.exists() else {}
        return [_looked_at(connection, standing) for standing in standings(history, entries)]


def _looked_at(connection: psycopg.Connection[Any], standing: Standing) -> Standing:
    """With what the database says of the statement that it may have stopped in."""
    entry, migration = standing.entry, standing.migration
    if entry is None or migration is None or not entry.is_unfinished:
        return standing
    script = migration.up if entry.state is State.APPLYING else migration.down
    if script is None or script.program is not None or entry.statements >= len(statements(script)):
        return standing
    doubt = doubt_about(connection, statements(script)[entry.statements])
    return replace(standing, note=f"{standing.note}; statement {entry.statements + 1}: {doubt.text}")
