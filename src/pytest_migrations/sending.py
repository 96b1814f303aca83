"""One run of a script: sends its statements, counts them and their seconds, and blames the one that fails."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.deadline import deadline, paused
from pytest_migrations.errors import UserError
from pytest_migrations.failure import AT_COMMIT, Kept, MigrationError
from pytest_migrations.lent import InsideConnection, LentConnection, failure_behind, offset_of
from pytest_migrations.sql.framing import NEVER_INSIDE
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import Migration, Script, Statement


class NeedsCommitsError(Exception):
    """The script cannot be run inside a transaction that somebody else began."""


class Sending:
    """``script`` of ``migration`` on its way to the server, over a connection in autocommit mode.

    It may take ``timeout`` seconds; None means for ever. ``before_statement`` is told of every statement that is about
    to be sent, ``after_statement`` of every one that succeeded.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        migration: Migration,
        script: Script,
        *,
        timeout: float | None,
        before_statement: Callable[[Statement], None],
        after_statement: Callable[[Statement], None],
    ) -> None:
        self.script = script
        #: How many statements have succeeded.
        self.sent = 0
        self._connection = connection
        self._migration = migration
        self._timeout = timeout
        self._before_statement = before_statement
        self._after_statement = after_statement
        self._expired = False
        self._started = 0.0
        self._aside = 0.0

    @contextmanager
    def in_time(self) -> Iterator[None]:
        """Cancel whatever runs on the connection once the time is up, until the script is given up."""
        self._started = time.perf_counter()
        with deadline(self._timeout, self._expire):
            yield

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Do what is not the script's, at the expense neither of its time limit nor of its seconds."""
        since = time.perf_counter()
        with paused(self._expire):
            yield
        self._aside += time.perf_counter() - since

    @property
    def seconds(self) -> float:
        """What the script has taken on the client's clock."""
        return time.perf_counter() - self._started - self._aside

    def send(self, statement: Statement, kept: Kept) -> None:
        """Send a statement. Raises MigrationError, which says what was ``kept``, where it fails."""
        if self._expired:
            raise MigrationError.timed_out(self._migration, statement, kept, self._timeout)
        self._before_statement(statement)
        with self._blaming(statement, kept):
            self._connection.execute(statement.text.encode())
        self._tell(statement)

    def finish(self, command: bytes, last: Statement, kept: Kept = Kept.NOTHING) -> None:
        """Send what ends the transaction behind its ``last`` statement."""
        with self._blaming(last, kept, remark=AT_COMMIT):
            self._connection.execute(command)

    def call(self, *, inside: bool, guard: Callable[[], None] | None = None) -> Statement:
        """Run the script's program, ``inside`` the transaction that the connection is in or with commits of its own.

        ``guard`` is called before each of these. Gives the last statement.

        :raises NeedsCommitsError: where it sends what cannot be inside.
        :raises MigrationError: where a statement, or the program itself, fails.
        """

        def permit(statement: Statement) -> None:
            if self._expired:
                raise MigrationError.timed_out(self._migration, statement, kept(), self._timeout)
            if inside and statement.traits & (NEVER_INSIDE | Trait.TRANSACTION_FRAME):
                raise NeedsCommitsError

        def kept() -> Kept:
            return Kept.BEFORE if lent.has_committed else Kept.NOTHING

        lent = self._lend(permit, guard, inside=inside)
        assert self.script.program is not None
        try:
            self.script.program.run(lent)
        except Exception as error:
            if lent.refusal is None and (failure := failure_behind(error, lent)):
                with self._blaming(failure.statement, kept(), remark=AT_COMMIT if failure.at_commit else ""):
                    raise failure.error from error
            if lent.refusal is None and not isinstance(error, UserError):
                place = self.script.place(offset_of(error, self.script))
                raise MigrationError.from_program(self._migration, place, error, kept()) from error
            if lent.refusal is None:
                raise
        if lent.refusal is not None:  # also where the program went on in spite of it
            raise lent.refusal
        return lent.last

    def _lend(
        self, permit: Callable[[Statement], None], guard: Callable[[], None] | None, *, inside: bool
    ) -> LentConnection:
        kind = InsideConnection if inside else LentConnection
        tell = {"before": self._before_statement, "after": self._tell}
        lent = kind(self._connection, self.script, permit=permit, guard=guard, **tell)
        if isinstance(lent, InsideConnection):
            lent.set_savepoint()
        return lent

    def unfinished(self, last: Statement) -> MigrationError:
        """The error of a script that ends inside a transaction which it began itself."""
        return MigrationError.unfinished_transaction(self._migration, last)

    def _tell(self, statement: Statement) -> None:
        self.sent += 1
        self._after_statement(statement)

    @contextmanager
    def _blaming(self, statement: Statement, kept: Kept, *, remark: str = "") -> Iterator[None]:
        """Make what the server says of a command, or of its cancellation by us, the error of a statement."""
        try:
            yield
        except psycopg.Error as error:
            if self._expired:
                raise MigrationError.timed_out(self._migration, statement, kept, self._timeout) from error
            raise MigrationError.from_server(self._migration, statement, error, kept, remark=remark) from error

    def _expire(self) -> None:
        self._expired = True
        with suppress(psycopg.Error):
            self._connection.cancel()
