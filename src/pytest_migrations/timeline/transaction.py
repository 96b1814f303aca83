"""A transaction of which nothing is kept, and of sequences, which PostgreSQL does not roll back, nothing either."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg.errors import InvalidSavepointSpecification, NoActiveSqlTransaction
from psycopg.pq import TransactionStatus

from pytest_migrations.savepoint import SavepointConnection
from pytest_migrations.timeline.positions import read_positions, restore_positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.server import Database, Server


class SpoiledError(Exception):
    """The database may have something that the next test would find."""


class EndedError(SpoiledError):
    """The transaction was ended from within."""


@contextmanager
def nothing_kept(server: Server, database: Database) -> Iterator[SavepointConnection]:
    """Connect, and lend the connection out in a transaction.

    :raises UserError: where the server takes no connection.
    :raises EndedError: where SQL has ended the transaction.
    :raises SpoiledError: where the connection was closed, by whomever, or is still busy, which leaves sequences where
        they have moved.
    """
    with closing(server.connect(database, factory=SavepointConnection.connect)) as connection:
        assert isinstance(connection, SavepointConnection)
        positions = read_positions(connection)
        connection.execute("BEGIN")
        connection.set_savepoint()
        yield connection
        if connection.info.transaction_status == TransactionStatus.ACTIVE:  # it would wait for itself
            raise SpoiledError
        try:
            connection.rollback()
            connection.execute("ROLLBACK")
            restore_positions(connection, positions)
        except (NoActiveSqlTransaction, InvalidSavepointSpecification):
            raise EndedError from None
        except psycopg.Error:
            raise SpoiledError from None
