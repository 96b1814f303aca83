"""A connection that stays in the transaction that it is in, whatever code that it is lent to says of commits."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

_SAVEPOINT = b"SAVEPOINT pytest_migrations"


class SavepointConnection(psycopg.Connection[Any]):
    """Commits to a savepoint and rolls back to it, so that code which does either, as SQLAlchemy must, works in it.

    Whoever has begun the transaction calls ``set_savepoint`` before the connection is lent.
    """

    def set_savepoint(self) -> None:
        self._send(_SAVEPOINT)

    def commit(self) -> None:
        if self.info.transaction_status == TransactionStatus.INERROR:
            self.rollback()  # as PostgreSQL does in place of such a COMMIT
        else:
            self._send(b"RELEASE " + _SAVEPOINT)
            self.set_savepoint()

    def rollback(self) -> None:
        self._send(b"ROLLBACK TO " + _SAVEPOINT)

    def set_autocommit(self, value: bool) -> None:
        """Leave it: psycopg would refuse, as it does for all that is settled when a transaction begins."""

    def set_isolation_level(self, value: psycopg.IsolationLevel | None) -> None:
        """Leave it, as ``set_autocommit`` does."""

    def _send(self, command: bytes) -> None:
        """By a cursor that is nobody's: those of ``cursor_factory`` may be watched."""
        psycopg.Cursor(self).execute(command)
