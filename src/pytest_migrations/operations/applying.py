"""Applies one migration to a target, or rolls it back, with its entry in the ledger."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.derive.derivation import Derivation
from pytest_migrations.errors import UserError
from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.operations.blockers import watched
from pytest_migrations.operations.doubt import Outcome, doubt_about, in_doubt, put_right
from pytest_migrations.operations.entry import UNDER_WAY, Entry, State, beginning, whoever_runs
from pytest_migrations.operations.kept_rollback import is_of_ledger
from pytest_migrations.operations.patience import Patience
from pytest_migrations.operations.progress import Progress, with_way_back
from pytest_migrations.operations.resuming import Resumption, resume
from pytest_migrations.operations.touching import untouched
from pytest_migrations.runner import CLEAN_BUT_FOR_LOCKS, Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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

    def apply(self, migration: Migration, unfinished: Entry | None = None) -> Entry:
        """Apply a migration, or the rest of one that is ``unfinished``; its entry as it is then.

        :raises MigrationError: where it fails.
        :raises UserError: where it could not be tried: somebody holds a lock, the server is gone.
        """
        begun = beginning(migration)
        if unfinished is not None:
            begun = replace(
                begun,
                state=unfinished.state,
                statements=unfinished.statements,
                kept_checksum=unfinished.kept_checksum,
                rollback_sql=begun.rollback_sql if migration.down else unfinished.rollback_sql,
            )
        attempt = partial(self._try, migration, migration.up, State.APPLIED, self._way_back(migration))
        return self._patience.insist(attempt, begun, State.APPLIED)

    def roll_back(self, migration: Migration, entry: Entry) -> Entry:
        """Roll a migration back, as ``apply`` applies it; its entry as it is then."""
        script = migration.down
        assert script is not None
        begun = replace(entry, error=None, applied_by=whoever_runs())
        if entry.state is not State.ROLLING_BACK:  # how far it was applied says nothing of its way back
            begun = replace(begun, state=State.APPLIED, statements=0, kept_checksum=None)
        if entry.state is State.APPLYING and is_of_ledger(script):
            self._clear(migration, entry)
        attempt = partial(self._try, migration, script, State.ROLLED_BACK, None)
        return self._patience.insist(attempt, begun, State.ROLLED_BACK)

    def _clear(self, migration: Migration, entry: Entry) -> None:
        """Remove what the statement in doubt has left: the rollback that was derived knows nothing of it."""
        if statement := in_doubt(migration, entry):
            doubt = doubt_about(self._session.connection, statement)
            if doubt.outcome is not Outcome.RUN:
                raise UserError.at(
                    statement.place,
                    f"{doubt.text}, and the rollback that was derived does not take that back",
                    "Go on first: pytest-migrations run --continue. Or undo it by hand.",
                )
            put_right(self._session.connection, doubt)

    def apply_as_one(self, migrations: Sequence[Migration]) -> list[Entry]:
        """Apply some in one transaction; their entries.

        :raises MigrationError: where one fails; nothing of any was kept.
        """
        entries: list[Entry] = []

        def attempt(_: Entry) -> Entry:
            entries.clear()
            self._session.connection.execute("BEGIN")
            try:
                entries.extend(map(self._apply_inside, migrations))
                self._session.lock.check()
                self._commit(migrations)
            finally:
                leave_transaction(self._session.connection)
            return entries[-1]

        self._patience.insist(attempt, beginning(migrations[-1]), State.APPLIED)
        return entries

    def _apply_inside(self, migration: Migration) -> Entry:
        with untouched(self._session.ledger, migration, migration.up):
            try:
                way_back = self._way_back(migration)
                ran = self._runner_followed_by(way_back).apply_inside(migration)
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
            entry = with_way_back(entry, way_back.result()) if way_back else entry
            self._session.ledger.write(entry)
        return entry

    def _runner_followed_by(self, way_back: Derivation | None) -> Runner:
        if way_back is None:
            return Runner(self._session.connection)
        return Runner(self._session.connection, before_statement=way_back.before, after_statement=way_back.after)

    def _way_back(self, migration: Migration) -> Derivation | None:
        """What finds a rollback for a migration that has none."""
        return Derivation(self._session.connection) if migration.down is None else None

    def _commit(self, migrations: Sequence[Migration]) -> None:
        try:
            self._session.connection.execute("COMMIT")
        except psycopg.Error as error:
            last = [(migration, statement) for migration in migrations for statement in statements(migration.up)][-1]
            raise MigrationError.from_server(*last, error, Kept.NOTHING, at_commit=True) from error

    def _try(
        self, migration: Migration, script: Script, end: State, way_back: Derivation | None, entry: Entry
    ) -> Entry:
        session = self._session
        progress = Progress(session.ledger, session.connection, script, entry, end, way_back=way_back)
        _refuse_prepared(script)
        with untouched(session.ledger, migration, script):
            resumption = Resumption(script, b"")
            if entry.state is UNDER_WAY[end]:
                resumption = self._resume(migration, script, entry)
            rest = resumption.rest
            if not statements(rest) and script.program is None:
                progress.finish()
                return progress.entry

            def clean(end: bytes) -> None:
                session.lock.check(b"BEGIN; " + CLEAN_BUT_FOR_LOCKS + end)
                if resumption.settings:
                    session.connection.execute(resumption.settings)

            runner = Runner(
                session.connection,
                guard=progress.before_commit,
                clean=clean,
                before_statement=progress.before,
                after_statement=progress.after,
            )
            try:
                if end is State.APPLIED:
                    runner.apply(replace(migration, up=rest), look=progress.finish)
                else:
                    runner.rollback(replace(migration, down=rest), look=progress.finish)
            except MigrationError as error:
                error.migration = migration  # not what was left of it: statements are counted in the whole
                raise
        return progress.entry

    def _resume(self, migration: Migration, script: Script, entry: Entry) -> Resumption:
        try:
            return resume(self._session.connection, self._session.lock, script, entry)
        except psycopg.Error as error:
            statement = statements(script)[entry.statements]
            raise MigrationError.from_server(migration, statement, error, Kept.BEFORE) from error


def _refuse_prepared(script: Script) -> None:
    for statement in statements(script):
        if statement.kind == "transaction_stmt" and statement.text.upper().startswith("PREPARE"):
            raise UserError.at(
                statement.place,
                "a prepared transaction outlives its session: nobody could tell whether this migration is applied",
                "Nothing of it was kept. Leave the transaction to the runner.",
            )
