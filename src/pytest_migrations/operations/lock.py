"""The lock that keeps two runs apart: one advisory lock, held by the session that the migrations run on.

Held there and not by another session, it stays as long as a statement of ours still runs on the server, even if its
client was killed. It is taken without waiting in a transaction: that would deadlock with CREATE INDEX CONCURRENTLY of
the run that holds it, which waits for all transactions.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any

from pytest_migrations.errors import UserError
from pytest_migrations.operations.target import POOLED

if TYPE_CHECKING:
    import psycopg

_CLASS = 0x7079_6D67  # "pymg": the same for all ledgers of a database
_AGAIN_SECONDS = 0.2


class RunLock:
    """The lock of one ledger, held by the session of ``connection``. ``where`` is the server, for messages."""

    def __init__(self, connection: psycopg.Connection[Any], ledger: tuple[str, str], where: str) -> None:
        self._connection = connection
        self._key = key_of(ledger)
        self._where = where
        #: Of the session that has it.
        self.pid: int | None = None

    def take(self, seconds: float) -> None:
        """Take it, at the latest after so many seconds. Raises UserError, which says who has it."""
        deadline = time.monotonic() + seconds
        while not self._try():
            if time.monotonic() >= deadline:
                raise UserError(
                    f"Another run works on this database: {self._holder()}. Nothing was changed. Try again when it is "
                    "done; run and rollback wait longer for it with --lock-timeout."
                )
            time.sleep(_AGAIN_SECONDS)
        self._try()  # twice, so that it can be given back once to see that it is held
        self.pid = _one(self._connection, "SELECT pg_backend_pid()")

    def give_back(self) -> None:
        """Let another session have it."""
        for _ in range(2):
            _one(self._connection, "SELECT pg_advisory_unlock(%s, %s)", self._key)

    def check(self, then: bytes = b"") -> None:
        """Make sure that we still have it. Raises UserError where not, whoever has it now.

        ``then`` is what to run behind the question, in the same message.
        """
        # It is held twice: to give one back succeeds where it is held, and costs less than a look at pg_locks.
        asking = (
            b"SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_advisory_unlock(%d, %d), "
            b"pg_catalog.pg_try_advisory_lock(%d, %d); " % (*self._key, *self._key)
        )
        pid, was_held, _ = self._connection.execute(asking + then).fetchone() or (0, False, False)
        if pid != self.pid:
            raise UserError(f"{POOLED.format(where=self._where)}\nThe run has stopped before the next migration.")
        if not was_held:
            raise UserError(
                "The lock of this run was released by what ran last (pg_advisory_unlock_all, say), so another run may "
                "have begun. This one has stopped before it kept anything more. Take that out of the script, see "
                "`pytest-migrations status`, and run again."
            )

    def _try(self) -> bool:
        return bool(_one(self._connection, "SELECT pg_try_advisory_lock(%s, %s)", self._key))

    def _holder(self) -> str:
        return holder(self._connection, self._key) or "it has just ended"


def key_of(ledger: tuple[str, str]) -> tuple[int, int]:
    """The key of the lock of a ledger."""
    return _CLASS, zlib.crc32(".".join(ledger).encode()) - 2**31


def holder(connection: psycopg.Connection[Any], key: tuple[int, int]) -> str:
    """Who has the lock of this key in this database; empty where nobody has."""
    row = connection.execute(
        """
        SELECT a.pid, a.application_name, a.usename, a.client_addr, to_char(a.backend_start, 'HH24:MI:SS')
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %s AND l.objid::bigint = %s
          AND l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
        [key[0], key[1] % 2**32],
    ).fetchone()
    if row is None:
        return ""
    pid, application, user, address, since = row
    return f"pid {pid} ({application}, user {user}, {address or 'local'}), connected since {since}"


def _one(connection: psycopg.Connection[Any], query: str, arguments: tuple[int, int] | None = None) -> Any:
    row = connection.execute(query, arguments).fetchone()
    assert row is not None
    return row[0]
