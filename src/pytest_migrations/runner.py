"""Applies and rolls back migrations on a connection: which transactions a script runs in.

It knows nothing of pytest, of a terminal, or of the files of a format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.psql import supported_statements
from pytest_migrations.sending import NeedsCommitsError, Sending
from pytest_migrations.sql.framing import (
    NOT_IN_A_TRANSACTION,
    OWN_TRANSACTION,
    can_run_inside,
    chains,
    end_first,
    ends_transaction,
    fit_in_transaction,
    may_commit,
    means_the_same_alone,
)
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait
from pytest_migrations.transactions import alone, leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import psycopg

    from pytest_migrations.migration import Migration, Script, Statement

#: What DISCARD ALL does (PostgreSQL docs, DISCARD), but for prepared statements: snapshots keep theirs, whose planning
#: takes longer than their running. RESET ROLE goes back to the role that the connection was made with.
_CLEAN_SESSION_INSIDE = (
    b"RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DISCARD TEMP; DISCARD SEQUENCES"
)
CLEAN_BUT_FOR_LOCKS = _CLEAN_SESSION_INSIDE + b"; UNLISTEN *"
CLEAN_SESSION = CLEAN_BUT_FOR_LOCKS + b"; SELECT pg_catalog.pg_advisory_unlock_all()"

_PREPARES = re.compile(r"\bPREPARE\b", re.IGNORECASE)


@dataclass(frozen=True)
class Ran:
    """What running a script took: how many statements, and seconds on the client's clock."""

    statements: int
    seconds: float


class Runner:
    """Runs scripts on one connection, which must be in autocommit mode.

    Each script starts in a clean session, whatever the one before it left behind. ``timeout`` is the longest that a
    script may take, in seconds; None means for ever. ``guard`` looks before each commit, and what it raises undoes the
    transaction: with it, statements that would commit by themselves get a transaction each. Only behind what no
    transaction can hold does it look too late. ``clean`` makes the session so in a transaction that what it is given
    ends: it sends all that in one message.
    ``before_statement`` is told of every statement that is about to be sent, ``after_statement`` of every one that
    succeeded: they may use the session.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        *,
        timeout: float | None = None,
        guard: Callable[[], None] | None = None,
        clean: Callable[[bytes], object] | None = None,
        before_statement: Callable[[Statement], None] = lambda _: None,
        after_statement: Callable[[Statement], None] = lambda _: None,
    ) -> None:
        self.connection = connection
        self._timeout = timeout
        self._guard = guard
        # The walk replaces the connection where a migration has changed what sessions begin with.
        self._clean = clean or (lambda end: self.connection.execute(b"BEGIN; " + CLEAN_SESSION + end))
        self._before_statement = before_statement
        self._after_statement = after_statement

    def apply(self, migration: Migration, *, look: Callable[[], None] = lambda: None, done: int = 0) -> Ran:
        """Apply a migration for good, in one transaction where its format and its statements allow it.

        ``look`` runs once, inside that transaction before its commit, or behind the last statement where there is none.
        The first statements, as many as were ``done`` before, are left out.

        :raises MigrationError: when a statement fails; it says what was kept.
        """
        return self._run_for_good(migration, migration.up, look, done)

    def rollback(self, migration: Migration, *, look: Callable[[], None] = lambda: None, done: int = 0) -> Ran:
        """Roll a migration back for good, as ``apply`` does it.

        :raises MigrationError: when a statement fails; it says what was kept.
        """
        return self._run_for_good(migration, _down_of(migration), look, done)

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

    def _run_for_good(self, migration: Migration, script: Script, look: Callable[[], None], done: int) -> Ran:
        rest = supported_statements(migration, script)[done:]
        as_one = script.transactional and fit_in_transaction(rest)
        sending = self._sending(migration, script)
        try:
            self._clean(_deallocation(script) + (b"; COMMIT; BEGIN" if as_one else b"; COMMIT"))
            with sending.in_time():
                if not (as_one and self._ran_in_the_transaction(sending, look, rest)):
                    self._run_with_commits(sending, look, done)
        finally:
            leave_transaction(self.connection)
        return Ran(sending.sent, sending.seconds)

    def _ran_in_the_transaction(
        self, sending: Sending, look: Callable[[], None], commands: Sequence[Statement]
    ) -> bool:
        """Run what is to run of a script, and commit it, in the transaction that was begun behind the cleaning.

        False, and nothing of it was kept, where it turns out to need commits of its own.
        """
        try:
            last = self._send_all(sending, commands)
        except NeedsCommitsError:
            return False
        except MigrationError as error:
            if error.sqlstate in NOT_IN_A_TRANSACTION:
                return False
            raise
        with sending.aside():
            if self._guard is not None:
                self._guard()
            look()
        if last is not None:
            sending.finish(b"COMMIT", last)
        return True

    def _run_with_commits(self, sending: Sending, look: Callable[[], None], done: int) -> None:
        leave_transaction(self.connection)  # in which it was tried in vain
        sending.sent = 0
        try:
            if sending.script.program is None:
                self._send_one_by_one(sending, done)
            else:
                sending.call(inside=False, guard=self._guard and (lambda: self._check(sending)))
        finally:
            leave_transaction(self.connection)
        self._check(sending)
        with sending.aside():
            look()

    def _send_one_by_one(self, sending: Sending, done: int) -> None:
        commands = statements(sending.script)
        # Such a script ends the transaction that its tool has begun, and begins the one that its tool ends.
        is_tools = sending.script.transactional and end_first(commands)
        kept, rest = Kept.NOTHING, commands[done:]
        behind = rest[0] if done and rest and ends_transaction(rest[0]) else None  # by it was kept what was done
        if (is_tools and not done) or (behind is not None and chains(behind)):
            self.connection.execute(b"BEGIN")
        for statement in rest if behind is None else rest[1:]:
            if may_commit(statement):
                self._check(sending)
            send = partial(sending.send, statement, kept)
            if self._guard and self._status == TransactionStatus.IDLE and means_the_same_alone(statement):
                alone(self.connection, send, partial(self._commit, sending, statement, kept))
            else:
                send()
            if self._status == TransactionStatus.IDLE:
                kept = Kept.BEFORE
        if is_tools and self._status == TransactionStatus.INTRANS:
            self._commit(sending, commands[-1], Kept.NOTHING)
        if self._status != TransactionStatus.IDLE:
            raise sending.unfinished(commands[-1])

    def _commit(self, sending: Sending, last: Statement, kept: Kept) -> None:
        self._check(sending)
        sending.finish(b"COMMIT", last, kept)

    def _run_inside(self, migration: Migration, script: Script) -> Ran:
        commands = supported_statements(migration, script)
        if not can_run_inside(commands):
            raise NeedsCommitsError
        return self._run_as_part(migration, script, left_out=Trait.TRANSACTION_FRAME)

    def _run_as_part(self, migration: Migration, script: Script, *, left_out: Trait) -> Ran:
        sending = self._sending(migration, script)
        with sending.in_time():
            self.connection.execute(_CLEAN_SESSION_INSIDE + _deallocation(script))
            last = self._send_all(sending, statements(script), left_out)
            if last is not None:  # stands in for the commit: what is deferred is checked now
                sending.finish(b"SET CONSTRAINTS ALL IMMEDIATE", last)
        return Ran(sending.sent, sending.seconds)

    def _send_all(
        self, sending: Sending, commands: Sequence[Statement], left_out: Trait = Trait.TRANSACTION_FRAME
    ) -> Statement | None:
        """Run a script inside the transaction that the connection is in, without statements that are ``left_out``.

        Gives the last statement; None where there is none.
        """
        if sending.script.program is not None:
            return sending.call(inside=True)
        for statement in commands:
            if not statement.traits & left_out:
                sending.send(statement, Kept.NOTHING)
        return commands[-1] if commands else None

    def _check(self, sending: Sending) -> None:
        if self._guard is not None:
            with sending.aside():
                self._guard()

    def _sending(self, migration: Migration, script: Script) -> Sending:
        return Sending(
            self.connection,
            migration,
            script,
            timeout=self._timeout,
            before_statement=self._before_statement,
            after_statement=self._after_statement,
        )

    @property
    def _status(self) -> TransactionStatus:
        return self.connection.info.transaction_status


def _deallocation(script: Script) -> bytes:
    """Forget statements that an earlier script has prepared, where this one may want their names."""
    return b"; DEALLOCATE ALL" if _PREPARES.search(script.text) else b""


def _down_of(migration: Migration) -> Script:
    if migration.down is None:
        raise ValueError(f"{migration.name} has no rollback")
    return migration.down
