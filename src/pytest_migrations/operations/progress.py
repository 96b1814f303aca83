"""Writes into the ledger how far a script has come, in the very transactions of its statements.

A script that is one transaction is in the ledger if and only if it was committed. One that commits in between has an
entry for each step: those of its statements that a transaction can hold are kept together with what the ledger says of
them; before one that none can hold (CREATE INDEX CONCURRENTLY) the ledger says that it is about to run, and behind it
that it did. Wherever the process dies, at most that one statement is in doubt.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from pytest_migrations.operations.doubt import is_about, sight
from pytest_migrations.operations.entry import UNDER_WAY, Entry, State, checksum_of
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Script, Statement
    from pytest_migrations.operations.deriving import Deriving
    from pytest_migrations.operations.session import Session


class Progress:
    """One run of ``script``, whose ``entry`` is to be in the state ``end`` once it is through.

    ``entry`` says how many statements were done before. ``deriving`` finds its rollback, where it is to be applied.
    """

    def __init__(
        self, session: Session, script: Script, entry: Entry, end: State, *, deriving: Deriving | None = None
    ) -> None:
        self._session = session
        self._connection = session.connection
        #: As it was last written.
        self.entry = entry
        self._end = end
        self._deriving = deriving
        self._commands = statements(script)
        self._numbers = {statement.offset: number for number, statement in enumerate(self._commands, 1)}
        self._is_program = script.program is not None
        self._done = entry.statements
        self._since = time.perf_counter()
        self.is_written = False

    def before(self, statement: Statement) -> None:
        """Called before a statement is sent."""
        self._done = self._number(statement) - 1
        if self._deriving is not None:
            self._deriving.before(statement)
        # BEGIN and COMMIT do nothing that could be in doubt.
        if self._is_alone and statement.kind != "transaction_stmt":
            self._session.lock.check()
            self._write(in_doubt=self._sight(statement))

    def _sight(self, statement: Statement) -> str | None:
        """What there was before the statement was sent for the first time."""
        if self._is_program:
            return None
        known = self.entry.in_doubt
        return known if known is not None and is_about(known, statement) else sight(self._connection, statement)

    def after(self, statement: Statement) -> None:
        """Called behind a statement that succeeded."""
        self._done = self._number(statement)
        if self._deriving is not None:
            self._deriving.after(statement)
        if self._is_alone:
            self._write()

    def before_commit(self) -> None:
        """Called inside a transaction that is about to be committed, or where a script begins one."""
        if not self._is_alone:
            if self.entry.state is UNDER_WAY[self._end]:  # else that was looked up a moment ago
                self._session.lock.check()
            self._write()

    def finish(self) -> None:
        """Called behind the last statement."""
        if not self.is_written:
            if not self._is_program:  # also where the last statement was found to have run already
                self._done = len(self._numbers)
            self._write(through=True)

    @property
    def _is_alone(self) -> bool:
        """Whether no transaction is open: what is sent now commits by itself."""
        return self._connection.info.transaction_status == TransactionStatus.IDLE

    def _number(self, statement: Statement) -> int:
        """Which statement of its script it is, from 1."""
        return self._done + 1 if self._is_program else self._numbers[statement.offset]

    def _write(self, *, through: bool = False, in_doubt: str | None = None) -> None:
        self.is_written = through or (not self._is_program and self._done == len(self._numbers))
        self.entry = replace(
            self.entry,
            state=self._end if self.is_written else UNDER_WAY[self._end],
            statements=self._done,
            kept_checksum=None if self.is_written else checksum_of(self._commands[: self._done]),
            in_doubt=in_doubt,
            total_statements=self._done if self._is_program else len(self._numbers),
            applied_at=datetime.now(timezone.utc),
            seconds=time.perf_counter() - self._since,
        )
        if self._deriving is not None:
            self.entry = self._deriving.onto(self.entry, is_through=self.is_written)
        self._session.ledger.write(self.entry)
