"""Applies and rolls back migrations on a connection, statement by statement.

It knows nothing of pytest, of a terminal, or of the files of a format.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg.pq import TransactionStatus

from pytest_migrations.deadline import deadline, paused
from pytest_migrations.errors import UserError
from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.lent import LentConnection, failure_behind, offset_of
from pytest_migrations.psql import supported_statements
from pytest_migrations.sql.framing import (
    NEVER_INSIDE,
    OWN_TRANSACTION,
    can_run_inside,
    commits,
    end_first,
    fit_in_transaction,
)
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from pytest_migrations.migration import Migration, Script, Statement

#: The server's answers that mean: not inside a transaction block (PostgreSQL docs, Appendix A):
#: 25001 active_sql_transaction, 2D000 invalid_transaction_termination (COMMIT inside DO or CALL),
#: 55P04 unsafe_new_enum_value_usage.
_NOT_IN_A_TRANSACTION = {"25001", "2D000", "55P04"}

#: What DISCARD ALL does (PostgreSQL docs, DISCARD), but for prepared statements: snapshots keep theirs, whose planning
#: takes longer than their running. RESET ROLE goes back to the role that the connection was made with.
_CLEAN_SESSION_INSIDE = (
    b"RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DISCARD TEMP; DISCARD SEQUENCES"
)
CLEAN_SESSION = _CLEAN_SESSION_INSIDE + b"; UNLISTEN *; SELECT pg_catalog.pg_advisory_unlock_all()"

_PREPARES = re.compile(r"\bPREPARE\b", re.IGNORECASE)


@dataclass(frozen=True)
class Ran:
    """What running a script took: how many statements, and seconds on the client's clock."""

    statements: int
    seconds: float


class NeedsCommitsError(Exception):
    """The script cannot be run inside a transaction that somebody else began."""


class Runner:
    """Runs scripts on one connection, which must be in autocommit mode.

    Each script starts in a clean session, whatever the one before it left behind. ``timeout`` is the longest that a
    script may take, in seconds; None means for ever. ``after_statement`` is told of every statement that succeeded.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        *,
        timeout: float | None = None,
        after_statement: Callable[[Statement], None] = lambda _: None,
    ) -> None:
        self.connection = connection
        self._timeout = timeout
        self._expired = False
        self._after_statement = after_statement
        self._sent = 0

    def apply(self, migration: Migration, *, before_commit: Callable[[], None] = lambda: None) -> Ran:
        """Apply a migration for good, in one transaction where its format and its statements allow it.

        ``before_commit`` runs inside that transaction (behind the last statement where there is none); what it raises
        undoes the transaction.

        :raises MigrationError: when a statement fails; it says what was kept.
        """
        return self._run_for_good(migration, migration.up, before_commit)

    def rollback(self, migration: Migration, *, before_commit: Callable[[], None] = lambda: None) -> Ran:
        """Roll a migration back for good, as ``apply`` does it.

        :raises MigrationError: when a statement fails; it says what was kept.
        """
        return self._run_for_good(migration, _down_of(migration), before_commit)

    def apply_inside(self, migration: Migration) -> Ran:
        """Apply a migration inside the transaction that the connection is in; its own BEGIN and COMMIT are left out.

        :raises NeedsCommitsError: before anything ran, when a statement of it cannot run in there.
        :raises MigrationError: when a statement fails; the transaction is then aborted.
        """
        return self._run_inside(migration, migration.up)

    def rollback_inside(self, migration: Migration) -> Ran:
        """Roll a migration back inside the transaction that the connection is in, as ``apply_inside`` does it."""
        return self._run_inside(migration, _down_of(migration))

    def verify_inside(self, migration: Migration) -> Ran:
        """Run the verify script inside the transaction that the connection is in, without its own BEGIN and ROLLBACK.

        :raises MigrationError: when a statement fails; the transaction is then aborted.
        """
        assert migration.verify is not None
        supported_statements(migration, migration.verify)
        return self._run_as_part(migration, migration.verify, left_out=OWN_TRANSACTION)

    def _run_for_good(self, migration: Migration, script: Script, before_commit: Callable[[], None]) -> Ran:
        commands = supported_statements(migration, script)
        self.connection.execute(CLEAN_SESSION + _deallocation(script))
        looked = 0.0

        def look() -> None:
            nonlocal looked
            since = time.perf_counter()
            with paused(self._expire):
                before_commit()
            looked += time.perf_counter() - since

        started = time.perf_counter()
        with self._deadline():
            if not commands and script.program is None:
                look()
            elif script.transactional and fit_in_transaction(commands):
                try:
                    self._run_in_one_transaction(migration, script, look)
                except NeedsCommitsError:
                    self._run_withcommits(migration, script, look)
                except MigrationError as error:
                    if error.sqlstate not in _NOT_IN_A_TRANSACTION:
                        raise
                    self._run_withcommits(migration, script, look)
            else:
                self._run_withcommits(migration, script, look)
        return Ran(self._sent, time.perf_counter() - started - looked)

    def _run_in_one_transaction(self, migration: Migration, script: Script, before_commit: Callable[[], None]) -> None:
        self._sent = 0
        self.connection.execute(b"BEGIN")
        try:
            last = self._send_all(migration, script)
            before_commit()
            self._finish(migration, last, b"COMMIT")
        finally:
            leave_transaction(self.connection)

    def _run_withcommits(self, migration: Migration, script: Script, before_commit: Callable[[], None]) -> None:
        self._sent = 0
        try:
            if script.program is None:
                self._send_one_by_one(migration, script, before_commit)
            else:
                self._call(migration, script, before_commit)
        finally:
            leave_transaction(self.connection)
        before_commit()

    def _send_one_by_one(self, migration: Migration, script: Script, before_commit: Callable[[], None]) -> None:
        commands = statements(script)
        # Such a script ends the transaction that its tool has begun, and begins the one that its tool ends.
        begun = script.transactional and end_first(commands)
        kept = Kept.NOTHING
        if begun:
            self.connection.execute(b"BEGIN")
        for statement in commands:
            if commits(statement):
                before_commit()
            self._send(migration, statement, kept)
            if self.connection.info.transaction_status == TransactionStatus.IDLE:
                kept = Kept.BEFORE
        if begun and self.connection.info.transaction_status == TransactionStatus.INTRANS:
            before_commit()
            self._finish(migration, commands[-1], b"COMMIT")
        if self.connection.info.transaction_status != TransactionStatus.IDLE:
            raise MigrationError.unfinished_transaction(migration, commands[-1])

    def _run_inside(self, migration: Migration, script: Script) -> Ran:
        commands = supported_statements(migration, script)
        if not can_run_inside(commands):
            raise NeedsCommitsError
        return self._run_as_part(migration, script, left_out=Trait.TRANSACTION_FRAME)

    def _run_as_part(self, migration: Migration, script: Script, *, left_out: Trait) -> Ran:
        started = time.perf_counter()
        self._sent = 0
        with self._deadline():
            self.connection.execute(_CLEAN_SESSION_INSIDE + _deallocation(script))
            if script.program is not None or statements(script):
                last = self._send_all(migration, script, left_out)
                # Stands in for the commit: what is deferred is checked now.
                self._finish(migration, last, b"SET CONSTRAINTS ALL IMMEDIATE")
        return Ran(self._sent, time.perf_counter() - started)

    def _send_all(self, migration: Migration, script: Script, left_out: Trait = Trait.TRANSACTION_FRAME) -> Statement:
        """Run a script inside the transaction that the connection is in, without statements that are ``left_out``.

        Gives the last statement.
        """
        if script.program is not None:
            return self._call(migration, script)
        commands = statements(script)
        for statement in commands:
            if not statement.traits & left_out:
                self._send(migration, statement, Kept.NOTHING)
        return commands[-1]

    def _call(self, migration: Migration, script: Script, before_commit: Callable[[], None] | None = None) -> Statement:
        """Run a program, without ``before_commit`` inside the transaction that the connection is in.

        Gives its last statement.
        """

        def before(statement: Statement) -> None:
            if self._expired:
                raise MigrationError.timed_out(migration, statement, kept(), self._timeout)
            if before_commit is None and statement.traits & (NEVER_INSIDE | Trait.TRANSACTION_FRAME):
                raise NeedsCommitsError

        def kept() -> Kept:
            return Kept.BEFORE if lent.has_committed else Kept.NOTHING

        lent = LentConnection(self.connection, script, before, self._tell, before_commit)
        assert script.program is not None
        try:
            script.program.run(lent)
        except Exception as error:
            if lent.refusal is None and (failure := failure_behind(error, lent)):
                with self._blaming(migration, failure.statement, kept(), at_commit=failure.at_commit):
                    raise failure.error from error
            if lent.refusal is None and not isinstance(error, UserError):
                place = script.place(offset_of(error, script))
                raise MigrationError.from_program(migration, place, error, kept()) from error
            if lent.refusal is None:
                raise
        if lent.refusal is not None:  # also where the program went on in spite of it
            raise lent.refusal
        return lent.last

    def _send(self, migration: Migration, statement: Statement, kept: Kept) -> None:
        if self._expired:
            raise MigrationError.timed_out(migration, statement, kept, self._timeout)
        with self._blaming(migration, statement, kept):
            self.connection.execute(statement.text.encode())
        self._tell(statement)

    def _tell(self, statement: Statement) -> None:
        self._sent += 1
        self._after_statement(statement)

    def _finish(self, migration: Migration, last: Statement, command: bytes) -> None:
        with self._blaming(migration, last, Kept.NOTHING, at_commit=True):
            self.connection.execute(command)

    @contextmanager
    def _blaming(
        self, migration: Migration, statement: Statement, kept: Kept, *, at_commit: bool = False
    ) -> Iterator[None]:
        """Make what the server says of a command, or of its cancellation by us, the error of a statement."""
        try:
            yield
        except psycopg.Error as error:
            if self._expired:
                raise MigrationError.timed_out(migration, statement, kept, self._timeout) from error
            raise MigrationError.from_server(migration, statement, error, kept, at_commit=at_commit) from error

    def _deadline(self) -> AbstractContextManager[None]:
        """Cancel whatever runs on the connection once the time is up, until the script is given up."""
        self._expired = False
        return deadline(self._timeout, self._expire)

    def _expire(self) -> None:
        self._expired = True
        with suppress(psycopg.Error):
            self.connection.cancel()


def leave_transaction(connection: psycopg.Connection) -> None:
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


def _deallocation(script: Script) -> bytes:
    """Forget statements that an earlier script has prepared, where this one may want their names."""
    return b"; DEALLOCATE ALL" if _PREPARES.search(script.text) else b""


def _down_of(migration: Migration) -> Script:
    if migration.down is None:
        raise ValueError(f"{migration.name} has no rollback")
    return migration.down
