"""The session in which migrations are run on a target: its connections, its lock, its ledger."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.operations.blockers import locked
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.lock import RunLock
from pytest_migrations.operations.target import POOLED
from pytest_migrations.server.server_error import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.operations.target import Target

DEFAULT_LOCK_SECONDS = 5.0
#: On the ledger, of whoever changes a target.
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Limits:
    """The longest that a statement may wait for a lock, and take in all, in seconds; 0 is for ever."""

    lock: float = DEFAULT_LOCK_SECONDS
    statement: float = 0.0

    @property
    def settings(self) -> dict[str, str]:
        """As the server's settings."""
        return {
            "lock_timeout": _milliseconds(self.lock),
            "statement_timeout": _milliseconds(self.statement),
            # A backup takes its time, in which these sessions wait.
            "idle_in_transaction_session_timeout": "0",
            "idle_session_timeout": "0",
        }


def _milliseconds(seconds: float) -> str:
    """As the server takes it, for which 0 is for ever."""
    return f"{max(round(seconds * 1000), 1) if seconds else 0}ms"


@dataclass
class Session:
    """What a run works with."""

    target: Target
    limits: Limits
    #: On which the migrations run, and which holds the lock.
    connection: psycopg.Connection[Any]
    #: Which looks on while that one waits.
    onlooker: psycopg.Connection[Any]
    ledger: Ledger
    lock: RunLock

    def reconnect(self) -> None:
        """Go on with new connections after they were lost.

        :raises UserError: where the server takes none, or another run has begun meanwhile.
        """
        before = self.lock.pid
        self.close()
        self._go_on(*self._connected())
        try:
            self.lock.take(self.limits.lock or math.inf)
        except UserError as error:
            if f" pid {before} " in str(error):
                raise UserError(
                    f"The connection was lost, and the server is still at it (pid {before}): what that does may yet be "
                    f"kept. Wait until it has ended, or end it: SELECT pg_terminate_backend({before});"
                ) from error
            raise

    def renew(self) -> None:
        """Go on in a session that begins as others do by now. The lock is given away for a moment.

        :raises UserError: where the server takes no more connections, or they cannot be worked in.
        """
        former, connections = (self.connection, self.onlooker), self._connected()
        self.lock.give_back()
        self._go_on(*connections)
        self.lock.take(math.inf)
        for connection in former:
            connection.close()
        _check_usable(self)

    def _connected(self) -> tuple[psycopg.Connection[Any], psycopg.Connection[Any]]:
        return self.target.connect(self.limits.settings), self.target.connect(self.limits.settings)

    def _go_on(self, connection: psycopg.Connection[Any], onlooker: psycopg.Connection[Any]) -> None:
        self.connection, self.onlooker = connection, onlooker
        self.ledger = Ledger(self.connection, self.target.ledger, _RIGHTS)
        self.ledger.has_written = True
        self.lock = RunLock(self.connection, self.target.ledger, self.target.where)

    def close(self) -> None:
        """Close the connections, which gives back the lock."""
        self.connection.close()
        self.onlooker.close()


@contextmanager
def working_on(target: Target, limits: Limits) -> Iterator[Session]:
    """Connect, and take the lock.

    :raises UserError: where any of it cannot be, or something else fails than a migration.
    """
    connection = target.connect(limits.settings)
    onlooker = target.connect(limits.settings)
    lock = RunLock(connection, target.ledger, target.where)
    session = Session(target, limits, connection, onlooker, Ledger(connection, target.ledger, _RIGHTS), lock)
    try:
        _check_usable(session)
        lock.take(limits.lock or math.inf)
        yield session
    except psycopg.errors.LockNotAvailable as error:
        remark = "" if session.ledger.has_written else "Nothing was changed. "
        raise locked(session.onlooker, target.ledger, remark) from error
    except psycopg.OperationalError as error:
        raise ServerError.of(error, target.parameters) from error
    finally:
        session.close()


def _check_usable(session: Session) -> None:
    target = session.target
    row = session.connection.execute(
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::bool, pg_backend_pid()"
    ).fetchone()
    assert row is not None
    standby, read_only, pid = row
    if standby:
        raise UserError(f"The server at {target.where} is a standby, which takes no changes. Name its primary.")
    if read_only:
        raise UserError(
            f"Sessions at {target.where} are read-only (default_transaction_read_only is on for the server, the "
            "database or the user). Nothing was changed. Turn it off, or name a user for whom it is off."
        )
    if session.onlooker.execute("SELECT pg_backend_pid()").fetchone() == (pid,):
        raise UserError(POOLED.format(where=target.where))
