"""Ends transactions, and makes one for a statement that would commit by itself."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from pytest_migrations.sql.framing import NOT_IN_A_TRANSACTION

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")


def alone(connection: psycopg.Connection[Any], send: Callable[[], _Result], commit: Callable[[], None]) -> _Result:
    """Send a statement in a transaction of its own, or where the server refuses that, as it is.

    The connection is in autocommit mode and in no transaction. What the two raise has an ``sqlstate`` if it is the
    server's.
    """
    connection.execute(b"BEGIN")
    try:
        result = send()
        commit()
    except Exception as error:
        if getattr(error, "sqlstate", None) not in NOT_IN_A_TRANSACTION:
            raise
    else:
        return result
    finally:
        leave_transaction(connection)
    return send()


def leave_transaction(connection: psycopg.Connection[Any]) -> None:
    """End the transaction that the connection is in, if any, with nothing of it kept.

    Where an exception that is not the server's (a time limit of another plugin) came while a statement ran, the
    connection is closed: its answer is still to come, and nobody will wait for it.
    """
    status = connection.info.transaction_status
    if status == TransactionStatus.ACTIVE:
        with suppress(psycopg.Error):
            connection.cancel()
        connection.close()
    elif not connection.closed and status != TransactionStatus.IDLE:
        connection.rollback()
