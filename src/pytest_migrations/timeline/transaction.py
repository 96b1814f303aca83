"""A transaction of which nothing is kept, and of sequences, which PostgreSQL does not roll back, nothing either."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import InvalidSavepointSpecification, NoActiveSqlTransaction
from psycopg.pq import TransactionStatus

from pytest_migrations.timeline.positions import read_positions, restore_positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.server import Database, Server

_SAVEPOINT = "pytest_migrations"


class SpoiledError(Exception):
    """The database may have something that the next test would find."""


class EndedError(SpoiledError):
    """The transaction was ended from within."""


class PassingConnection(psycopg.Connection[Any]):
    """Commits to a savepoint and rolls back to it, so that code which does either, as SQLAlchemy must, works in it."""

    def commit(self) -> None:
        if self.info.transaction_status == TransactionStatus.INERROR:
            self.rollback()  # as PostgreSQL does in place of such a COMMIT
        else:
            self.execute(f"RELEASE SAVEPOINT {_SAVEPOINT}; SAVEPOINT {_SAVEPOINT}")

    def rollback(self) -> None:
        self.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")


@contextmanager
def nothing_kept(server: Server, database: Database) -> Iterator[PassingConnection]:
    """Connect, and lend the connection out in a transaction.

    :raises UserError: where the server takes no connection.
    :raises EndedError: where SQL has ended the transaction.
    :raises SpoiledError: where the connection was closed, by whomever, or is still busy, which leaves sequences where
        they have moved.
    """
    with closing(server.connect(database, factory=PassingConnection.connect)) as connection:
        assert isinstance(connection, PassingConnection)
        positions = read_positions(connection)
        connection.execute(f"BEGIN; SAVEPOINT {_SAVEPOINT}")
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
