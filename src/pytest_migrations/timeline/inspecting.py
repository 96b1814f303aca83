"""Runs what looks at the state that a migration has led to: its verify script, and the checks that users add."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.deadline import deadline
from pytest_migrations.errors import UserError
from pytest_migrations.timeline.transaction import nothing_kept

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.terms import Inspection


def inspect_alone(
    server: Server, database: Database, migration: Migration, inspect: Inspection, *, timeout: float | None
) -> BaseException | None:
    """What an inspection raises, on a connection of its own.

    :raises EndedError: where something may have been kept.
    :raises SpoiledError: where sequences may have moved.
    """
    with nothing_kept(server, database) as connection, deadline(timeout, partial(_cancel, connection)):
        return inspect(migration, connection)


def ended() -> UserError:
    """Say what an ``EndedError`` means."""
    return UserError(
        "SQL of this check has ended the transaction that it runs in, and nothing of a check may be kept. "
        "Say connection.commit() and connection.rollback(), which stay in it."
    )


def _cancel(connection: psycopg.Connection) -> None:
    with suppress(psycopg.Error):
        connection.cancel()
