"""A transaction of which nothing is kept, and of sequences, which PostgreSQL does not roll back, nothing either."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg.pq import TransactionStatus

from pytest_migrations.timeline.positions import read_positions, restore_positions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


class EndedError(Exception):
    """The transaction was ended from within, so that something may have been kept."""


@contextmanager
def nothing_kept(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Run the block in a transaction; ``connection.transaction()`` in it is a savepoint, ``commit()`` is refused.

    :raises EndedError: where SQL in the block has ended the transaction.
    """
    positions = read_positions(connection)
    with connection.transaction(force_rollback=True):
        yield
        ended = not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE
    if ended:
        raise EndedError(
            "The test has ended the transaction of migrations_transaction, so that what it did was kept. Use "
            "migrations_connection for what commits: it goes to a database of the test's own."
        )
    if not connection.closed:
        restore_positions(connection, positions)
