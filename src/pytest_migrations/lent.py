"""A connection as it is lent to a script that is a program: its statements are seen, its commits may be none."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import psycopg
from psycopg.errors import InvalidSavepointSpecification, NoActiveSqlTransaction
from psycopg.pq import TransactionStatus

from pytest_migrations.errors import UserError
from pytest_migrations.migration import Script, Statement
from pytest_migrations.savepoint import SavepointConnection
from pytest_migrations.sql.framing import may_commit, means_the_same_alone
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait
from pytest_migrations.transactions import alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from psycopg.abc import PQGen

_Result = TypeVar("_Result")


class Failure(NamedTuple):
    """What the server said last of a statement, or of a commit behind it."""

    error: psycopg.Error
    statement: Statement
    at_commit: bool


class LentConnection(psycopg.Connection[Any]):
    """The session of another connection, which must be in autocommit mode, for the program of ``script``.

    ``permit`` is asked before each statement, also before those that its tool sends around the program; ``before`` and
    ``after`` are told of the program's own. ``guard`` is called before each commit, for which statements that would
    commit by themselves get a transaction each. What one of the four raises also is ``refusal``, since a program may
    catch it. To close it does nothing.
    """

    #: psycopg2 has them, and what expects a connection of its looks at them.
    notices: Sequence[str] = ()

    def __init__(
        self,
        lender: psycopg.Connection[Any],
        script: Script,
        *,
        permit: Callable[[Statement], None],
        before: Callable[[Statement], None],
        after: Callable[[Statement], None],
        guard: Callable[[], None] | None = None,
    ) -> None:
        assert script.program is not None
        super().__init__(lender.pgconn)
        self.cursor_factory = _Cursor
        self.prepare_threshold = None
        self.script = script
        self.last = Statement(script, script.program.offset, "", generated=True)
        self.failure: Failure | None = None
        self.refusal: BaseException | None = None
        self.has_committed = False
        #: As psycopg2 has it: behind a COMMIT in SQL no BEGIN is sent until ``commit`` or ``rollback`` is called.
        self.begins_once = False
        self._ended_by_sql = False
        self._lender = lender
        self._permit = permit
        self._before = before
        self._after = after
        self._guard = guard

    def sent(self, query: Any, send: Callable[[], _Result]) -> _Result:
        """Send a statement by ``send``, and tell of it."""
        statement, is_the_programs = self._statement(query)
        with self._heeding():
            self._permit(statement)
            if is_the_programs:
                self._before(statement)
            if may_commit(statement):
                self._check()
        with self._watching(statement):
            unseen = self._would_commit_unseen(statement)
            result = alone(self._lender, send, self._commit_alone) if unseen else send()
        if self.info.transaction_status == TransactionStatus.IDLE:
            self.has_committed = True
            self._ended_by_sql = Trait.TRANSACTION_FRAME in statement.traits or self._ended_by_sql
        if is_the_programs:
            self.last = statement
            with self._heeding():
                self._after(statement)
        return result

    def _would_commit_unseen(self, statement: Statement) -> bool:
        is_idle = self.info.transaction_status == TransactionStatus.IDLE
        return self._guard is not None and self.autocommit and is_idle and means_the_same_alone(statement)

    def _commit_alone(self) -> None:
        self._check()
        self._lender.execute(b"COMMIT")

    def _check(self) -> None:
        if self._guard is not None:
            with self._heeding():
                self._guard()

    def _start_query(self) -> PQGen[None]:
        """Begin a transaction where there is none."""
        if not (self.begins_once and self._ended_by_sql):
            yield from super()._start_query()

    def commit(self) -> None:
        self._ended_by_sql = False
        self._check()
        with self._watching(self.last, at_commit=True):
            super().commit()
        self.has_committed = True

    def rollback(self) -> None:
        self._ended_by_sql = False
        super().rollback()

    def close(self) -> None:
        """Leave the session to its owner."""

    def __del__(self, *_: Any) -> None:
        """Leave the session to its owner."""

    def _statement(self, query: Any) -> tuple[Statement, bool]:
        """The statement at its place, and whether the program's own file sends it."""
        text = (
            query if isinstance(query, str) else query.decode() if isinstance(query, bytes) else query.as_string(self)
        )
        parts = statements(Script(self.script.path, text, text))
        traits = reduce(or_, (part.traits for part in parts), Trait.NONE)
        kind = parts[0].kind if len(parts) == 1 else ""
        line = _line_in(self.script, sys._getframe())  # noqa: SLF001 (the frames of a program are those of its caller)
        if line is None:
            return Statement(self.script, self.last.offset, text, kind, traits, generated=True), False
        start = self.script.line_start(line)
        if (found := self.script.source.find(text, start)) < 0:
            found = self.script.source.find(text)
        if found < 0 or not text:
            return Statement(self.script, start, text, kind, traits, generated=True), True
        return Statement(self.script, found, text, kind, traits), True

    @contextmanager
    def _watching(self, statement: Statement, *, at_commit: bool = False) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            self.failure = Failure(error, statement, at_commit)
            raise

    @contextmanager
    def _heeding(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self.refusal = error
            raise


class InsideConnection(SavepointConnection, LentConnection):
    """Stays inside the transaction that the session is in, and so has nothing to guard."""


class EndedTransactionError(UserError):
    """What was lent inside a transaction has ended that: something of it may have been kept."""


class _Borrowed(SavepointConnection):
    """The session of another connection, to which it is left in the end."""

    def close(self) -> None:
        """Leave the session to its owner."""

    def __del__(self, *_: Any) -> None:
        """Leave the session to its owner."""


@contextmanager
def lend_inside(connection: psycopg.Connection[Any], whose: str) -> Iterator[psycopg.Connection[Any]]:
    """Lend a session, which is in a transaction, to code that is to stay in it; what the code does is kept in there.

    ``whose`` names the code in messages: "the hook pytest_migrations_rows".

    :raises EndedTransactionError: where SQL has ended the transaction.
    :raises UserError: where the code leaves the transaction behind as one that has failed.
    """
    lent = _Borrowed(connection.pgconn)
    lent.prepare_threshold = None
    lent.set_savepoint()
    try:
        yield lent
    except BaseException as error:
        if _has_ended(lent):
            raise _ended(whose) from error
        raise
    failed = lent.info.transaction_status == TransactionStatus.INERROR
    if _has_ended(lent):
        raise _ended(whose)
    if failed:
        raise UserError(
            f"{whose} has caught an error of the server and gone on: behind one PostgreSQL takes nothing more in the "
            "same transaction. Put what may fail into `with connection.transaction():`, or call connection.rollback()."
        )


def _has_ended(lent: _Borrowed) -> bool:
    """Whether the savepoint is gone; if not, what was done is part of the transaction, or where that failed undone."""
    try:
        lent.commit()
    except (NoActiveSqlTransaction, InvalidSavepointSpecification):
        return True
    except psycopg.Error:  # the session was lost, or is still busy
        return False
    return False


def _ended(whose: str) -> EndedTransactionError:
    return EndedTransactionError(
        f"SQL of {whose} has ended the transaction that it runs in, and nothing of a trial may be kept. "
        "Say connection.commit() and connection.rollback(), which stay in it."
    )


class _Cursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, *args: Any, **kwargs: Any) -> _Cursor:
        return _lent(self).sent(query, partial(super().execute, query, *args, **kwargs))

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> None:
        _lent(self).sent(query, partial(super().executemany, query, *args, **kwargs))


class ClientCursor(psycopg.ClientCursor[Any], _Cursor):
    """Writes parameters into the statement, as psycopg2 does, where psycopg leaves their types to the server."""


def _lent(cursor: psycopg.Cursor[Any]) -> LentConnection:
    assert isinstance(cursor.connection, LentConnection)
    return cursor.connection


def failure_behind(error: BaseException, lent: LentConnection) -> Failure | None:
    """What the server said, where that is why the program raised ``error``."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, psycopg.Error) and lent.failure is not None and lent.failure.error is cause:
            return lent.failure if cause.sqlstate or lent.closed else None
        cause = cause.__cause__
    return None


def offset_of(error: BaseException, script: Script) -> int:
    """Where in a program, as deep in its file as possible, it raised ``error``; where it begins if not in its file."""
    assert script.program is not None
    offset, traceback = script.program.offset, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == script.program.file:
            offset = script.line_start(traceback.tb_lineno)
        traceback = traceback.tb_next
    return offset


def _line_in(script: Script, frame: FrameType | None) -> int | None:
    assert script.program is not None
    while frame is not None:
        if frame.f_code.co_filename == script.program.file:
            return frame.f_lineno
        frame = frame.f_back
    return None
