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

from pytest_migrations.operations.entry import UNDER_WAY, Entry, State, checksum_of
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.derive.derivation import Derivation, Derived
    from pytest_migrations.migration import Script, Statement
    from pytest_migrations.operations.ledger import Ledger


class Progress:
    """One run of ``script``, whose ``entry`` is to be in the state ``end`` once it is through.

    ``entry`` says how many statements were done before. ``way_back`` follows the script, where it has to find one.
    """

    def __init__(
        self,
        ledger: Ledger,
        connection: psycopg.Connection,
        script: Script,
        entry: Entry,
        end: State,
        *,
        way_back: Derivation | None = None,
    ) -> None:
        self._ledger = ledger
        self._connection = connection
        #: As it was last written.
        self.entry = entry
        self._end = end
        self._way_back = way_back
        #: Of what was done before, where the script is gone on with.
        self._way_back_before = entry.rollback_sql if entry.is_unfinished else ""
        self._commands = statements(script)
        self._numbers = {statement.offset: number for number, statement in enumerate(self._commands, 1)}
        self._is_program = script.program is not None
        self._done = entry.statements
        self._since = time.perf_counter()
        self.is_written = False

    def before(self, statement: Statement) -> None:
        """Called before a statement is sent."""
        self._done = self._number(statement) - 1
        if self._way_back is not None:
            self._way_back.before(statement)
        # BEGIN and COMMIT do nothing that could be in doubt.
        if self._is_alone and statement.kind != "transaction_stmt":
            self._write()

    def after(self, statement: Statement) -> None:
        """Called behind a statement that succeeded."""
        self._done = self._number(statement)
        if self._way_back is not None:
            self._way_back.after(statement)
        if self._is_alone:
            self._write()

    def before_commit(self) -> None:
        """Called inside a transaction that is about to be committed, or where a script begins one."""
        if not self._is_alone:
            self._write()

    def finish(self) -> None:
        """Called behind the last statement."""
        if not self.is_written:
            self._write(through=True)

    @property
    def _is_alone(self) -> bool:
        """Whether no transaction is open: what is sent now commits by itself."""
        return self._connection.info.transaction_status == TransactionStatus.IDLE

    def _number(self, statement: Statement) -> int:
        """Which statement of its script it is, from 1."""
        return self._done + 1 if self._is_program else self._numbers[statement.offset]

    def _write(self, *, through: bool = False) -> None:
        self.is_written = through or (not self._is_program and self._done == len(self._numbers))
        self.entry = replace(
            self.entry,
            state=self._end if self.is_written else UNDER_WAY[self._end],
            statements=self._done,
            kept_checksum=None if self.is_written else checksum_of(self._commands[: self._done]),
            total_statements=self._done if self._is_program else len(self._numbers),
            applied_at=datetime.now(timezone.utc),
            seconds=time.perf_counter() - self._since,
        )
        if self._way_back is not None:
            self.entry = with_way_back(self.entry, self._way_back.result(), self._way_back_before)
        self._ledger.write(self.entry)


def with_way_back(entry: Entry, derived: Derived, before: str | None = "") -> Entry:
    """The entry with the rollback that was derived, if that is whole, and what is to be said of it.

    ``before`` takes back what had been done before; None where that is not known.
    """
    if derived.missing:
        first, more = derived.missing[0], len(derived.missing) - 1
        others = f" (and {more} more)" if more else ""
        note = f"no way back: {first.place}: {first.reason}{others}"
        return replace(entry, rollback_sql=None, rollback_note=note)
    if before is None:
        note = "no way back: it had stopped half-way, and of what was done until then none is known"
        return replace(entry, rollback_sql=None, rollback_note=note)
    whole = f"{derived.sql.rstrip()}\n{before}".strip()
    note = "its rollback is derived from its statements" if whole else "there is nothing to be undone"
    return replace(entry, rollback_sql=whole, rollback_note=note)
