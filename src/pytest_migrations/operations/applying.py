"""Applies one migration to a target, or rolls it back, with its entry in the ledger."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.failure import AT_COMMIT, Kept, MigrationError
from pytest_migrations.operations.blockers import watched
from pytest_migrations.operations.deriving import Deriving
from pytest_migrations.operations.doubt import doubt_of, undo
from pytest_migrations.operations.entry import UNDER_WAY, Entry, State, beginning, whoever_runs
from pytest_migrations.operations.kept_rollback import is_of_ledger
from pytest_migrations.operations.patience import Patience
from pytest_migrations.operations.progress import Progress
from pytest_migrations.operations.resuming import Resumption, resume, settings_behind
from pytest_migrations.operations.touching import untouched
from pytest_migrations.runner import CLEAN_BUT_FOR_LOCKS, Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.sql.grammar import nearest_statement, statements
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_migrations.migration import History, Migration, Script
    from pytest_migrations.operations.patience import Waiting
    from pytest_migrations.operations.session import Session


@contextmanager
def applier(session: Session, history: History, tell: Callable[[Waiting], None]) -> Iterator[Applier]:
    """What works on the target of a session. ``tell`` is told of what takes time."""
    with watched(lambda: (session.connection.info.backend_pid, session.onlooker), session.limits.lock) as blockers:
        yield Applier(session, Patience(session, history, blockers, tell))


class Applier:
    """Works on the target of a session."""

    def __init__(self, session: Session, patience: Patience) -> None:
        self._session = session
        self._patience = patience

    def apply(self, migration: Migration, known: Entry | None = None) -> Entry:
        """Apply a migration, or the rest of one; its entry as it is then.

        ``known`` is what the ledger has of one that is unfinished, or that was applied before with another content.

        :raises MigrationError: where it fails.
        :raises UserError: where it could not be tried: somebody holds a lock, the server is gone.
        """
        begun = beginning(migration)
        if known is not None and known.is_unfinished:
            begun = begun.gone_on_from(known)
        earlier = known.rollback_sql if known is not None else ""
        attempt = partial(self._try, migration, migration.up, State.APPLIED, earlier)
        return self._patience.insist(attempt, begun, State.APPLIED)

    def roll_back(self, migration: Migration, entry: Entry) -> Entry:
        """Roll a migration back, as ``apply`` applies it; its entry as it is then."""
        script = migration.down
        assert script is not None
        begun = replace(entry, error=None, applied_by=whoever_runs())
        if not is_of_ledger(script):  # it may have been mended, or written, since
            own = script.text.strip() if script.program is None else None
            begun = replace(begun, rollback_sql=own, rollback_note=None)
        if entry.state is not State.ROLLING_BACK:  # how far it was applied says nothing of its way back
            begun = replace(begun, statements=0, kept_checksum=None, in_doubt=None)

        def attempt(now: Entry) -> Entry:
            if entry.state is State.APPLYING and now.state is not State.ROLLING_BACK:
                self._clear(migration, script, entry)
            return self._try(migration, script, State.ROLLED_BACK, None, now)

        return self._patience.insist(attempt, begun, State.ROLLED_BACK)

    def _clear(self, migration: Migration, script: Script, entry: Entry) -> None:
        """Remove what the statement in doubt has left, in the settings of its script: no rollback knows of it."""
        try:
            self._session.lock.check(CLEAN_BUT_FOR_LOCKS + settings_behind(migration.up, entry.statements))
            if doubt := doubt_of(self._session.connection, migration, entry):
                undo(self._session.connection, doubt)
        except psycopg.Error as error:
            remark = "before it, where what the stopped statement has left is taken back"
            first = nearest_statement(script, 0)
            raise MigrationError.from_server(migration, first, error, Kept.NOTHING, remark=remark) from error

    def apply_as_one(self, migrations: Sequence[Migration], known: Mapping[str, Entry]) -> list[Entry]:
        """Apply some in one transaction; their entries. ``known`` are those that the ledger has of them, as above.

        :raises MigrationError: where one fails; nothing of any was kept.
        """
        entries: list[Entry] = []

        def attempt(_: Entry) -> Entry:
            entries.clear()
            self._session.connection.execute("BEGIN")
            try:
                entries.extend(self._apply_inside(each, known.get(each.identity)) for each in migrations)
                self._session.lock.check()
                self._commit(migrations)
            except MigrationError as error:
                error.kept = Kept.NOTHING_OF_ALL
                raise
            finally:
                leave_transaction(self._session.connection)
            return entries[-1]

        self._patience.insist(attempt, beginning(migrations[-1]), State.APPLIED)
        return entries

    def _apply_inside(self, migration: Migration, known: Entry | None) -> Entry:
        deriving = Deriving(self._session.connection, migration, known.rollback_sql if known else "")
        runner = Runner(self._session.connection, before_statement=deriving.before, after_statement=deriving.after)
        with untouched(self._session.ledger, migration, migration.up):
            try:
                ran = runner.apply_inside(migration)
            except NeedsCommitsError:
                raise UserError(
                    f"{migration.name} cannot be in one transaction with others, as --single-transaction asks. Nothing "
                    "was changed. Run without it, or up to the migration before: --to."
                ) from None
            entry = replace(
                beginning(migration),
                state=State.APPLIED,
                applied_at=datetime.now(timezone.utc),
                seconds=ran.seconds,
                statements=ran.statements,
                total_statements=ran.statements,
            )
            entry = deriving.onto(entry, is_through=True)
            self._session.ledger.write(entry)
        self._reset_constraints()
        return entry

    def _reset_constraints(self) -> None:
        """Check deferred constraints at the end of the next migration again, as if that had a transaction of its own.

        SET CONSTRAINTS ALL IMMEDIATE, by which the runner has checked them, would hold to the end of the transaction.
        """
        row = self._session.connection.execute(
            """
            SELECT string_agg(name, ', ') FROM (
                SELECT format('%I.%I', n.nspname, k.conname) FROM pg_catalog.pg_constraint k
                JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
                WHERE k.condeferrable AND has_schema_privilege(n.oid, 'USAGE')
                GROUP BY n.nspname, k.conname HAVING NOT bool_or(k.condeferred)
            ) found(name)
            """  # a name may be that of several tables' constraints
        ).fetchone()
        immediate = f"; SET CONSTRAINTS {row[0]} IMMEDIATE" if row and row[0] else ""
        self._session.connection.execute(f"SET CONSTRAINTS ALL DEFERRED{immediate}".encode())

    def _commit(self, migrations: Sequence[Migration]) -> None:
        try:
            self._session.connection.execute("COMMIT")
        except psycopg.Error as error:
            last = [(migration, statement) for migration in migrations for statement in statements(migration.up)][-1]
            raise MigrationError.from_server(*last, error, Kept.NOTHING, remark=AT_COMMIT) from error

    def _try(self, migration: Migration, script: Script, end: State, earlier: str | None, entry: Entry) -> Entry:
        session = self._session
        _refuse_prepared(script)
        with untouched(session.ledger, migration, script):
            resumption = Resumption(rollback_sql=earlier)
            if entry.state is UNDER_WAY[end]:
                resumption = self._resume(migration, script, entry)
            deriving = None
            if end is State.APPLIED:
                deriving = Deriving(session.connection, migration, resumption.rollback_sql)
            progress = Progress(session, script, entry, end, deriving=deriving)
            if resumption.done >= len(statements(script)) and script.program is None:
                progress.finish()
                return progress.entry

            def clean(end: bytes) -> None:
                try:
                    session.lock.check(b"BEGIN; " + CLEAN_BUT_FOR_LOCKS + resumption.settings + end)
                except psycopg.Error as error:
                    raise _not_begun(migration, script, resumption.done, error) from error

            runner = Runner(
                session.connection,
                guard=progress.before_commit,
                clean=clean,
                before_statement=progress.before,
                after_statement=progress.after,
            )
            run = runner.apply if end is State.APPLIED else runner.rollback
            run(migration, look=progress.finish, done=resumption.done)
        return progress.entry

    def _resume(self, migration: Migration, script: Script, entry: Entry) -> Resumption:
        try:
            return resume(self._session, migration, script, entry)
        except psycopg.Error as error:
            raise _not_begun(migration, script, entry.statements, error) from error


def _not_begun(migration: Migration, script: Script, done: int, error: psycopg.Error) -> MigrationError:
    """The error of what was sent before the first statement that was to run."""
    first, kept = nearest_statement(script, done), Kept.BEFORE if done else Kept.NOTHING
    return MigrationError.from_server(migration, first, error, kept, remark="before it, to prepare the session")


def _refuse_prepared(script: Script) -> None:
    for statement in statements(script):
        if statement.kind == "transaction_stmt" and statement.text.upper().startswith("PREPARE"):
            raise UserError.at(
                statement.place,
                "a prepared transaction outlives its session: nobody could tell whether this migration is applied",
                "Nothing of it was kept. Leave the transaction to the runner.",
            )
