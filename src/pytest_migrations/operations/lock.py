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
        self._key = (_CLASS, zlib.crc32(".".join(ledger).encode()) - 2**31)
        self._where = where
        self._pid: int | None = None

    def take(self, seconds: float) -> None:
        """Take it, at the latest after so many seconds. Raises UserError, which says who has it."""
        deadline = time.monotonic() + seconds
        while not self._try():
            if time.monotonic() >= deadline:
                raise UserError(
                    f"Another run works on this database: {self._holder()}. Nothing was changed. Try again when it is "
                    "done, or wait longer for it with --lock-timeout."
                )
            time.sleep(_AGAIN_SECONDS)
        self._pid = _one(self._connection, "SELECT pg_backend_pid()")

    def check(self, first: bytes = b"") -> None:
        """Make sure that we still have it, also where a script has released all locks. Raises UserError where not.

        ``first`` are statements to run before, in the same round trip; each ends with a semicolon.
        """
        # Where we have it already this takes it once more, and is cheaper than pg_locks.
        asking = b"SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_try_advisory_lock(%d, %d)" % self._key
        cursor = self._connection.execute(first + asking)
        while cursor.nextset():
            pass
        pid, has_it = cursor.fetchone() or (0, False)
        if pid != self._pid:
            raise UserError(f"{POOLED.format(where=self._where)}\nThe run has stopped before the next migration.")
        if not has_it:
            raise UserError(
                f"The lock of this run was lost, and another run has it: {self._holder()}. The run has stopped before "
                "the next migration. See `pytest-migrations status`."
            )

    def _try(self) -> bool:
        return bool(_one(self._connection, "SELECT pg_try_advisory_lock(%s, %s)", self._key))

    def _holder(self) -> str:
        row = self._connection.execute(
            """
            SELECT a.pid, a.application_name, a.usename, a.client_addr, to_char(a.backend_start, 'HH24:MI:SS')
            FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %s AND l.objid::bigint = %s
            """,
            [self._key[0], self._key[1] % 2**32],
        ).fetchone()
        if row is None:
            return "it has just ended"
        pid, application, user, address, since = row
        return f"pid {pid} ({application}, user {user}, {address or 'local'}), connected since {since}"


def _one(connection: psycopg.Connection[Any], query: str, arguments: tuple[int, int] | None = None) -> Any:
    row = connection.execute(query, arguments).fetchone()
    assert row is not None
    return row[0]
