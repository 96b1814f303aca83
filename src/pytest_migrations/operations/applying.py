"""Applies one migration to a target, or rolls it back, with its entry in the ledger, and tries again what waits."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.advice import ALREADY_THERE, advise, advise_on_rollback
from pytest_migrations.errors import UserError
from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.operations.blockers import watched
from pytest_migrations.operations.entry import Entry, State, checksum, whoever_runs
from pytest_migrations.operations.ledger import LedgerTouchedError
from pytest_migrations.operations.progress import Progress
from pytest_migrations.operations.resuming import rest_of
from pytest_migrations.runner import CLEAN_BUT_FOR_LOCKS, Runner
from pytest_migrations.sending import NeedsCommitsError
from pytest_migrations.server.connections import again
from pytest_migrations.server.server_error import UnreachableError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_migrations.migration import History, Migration, Script
    from pytest_migrations.operations.blockers import Blocker, Blockers
    from pytest_migrations.operations.session import Session

#: lock_not_available and deadlock_detected: whoever was in the way may be gone in a moment.
_RETRIED = {"55P03", "40P01"}
#: How long to wait before each of the three further tries, in seconds.
_BACK_OFF = (1.0, 2.0, 4.0)
#: A server that restarts takes no connection meanwhile.
_RESTART_SECONDS = 30.0
#: Statements beside DDL that write only to the tables that they name.
_TELLS = {
    "alter_table_stmt",
    "delete_stmt",
    "insert_stmt",
    "merge_stmt",
    "transaction_stmt",
    "update_stmt",
    "vacuum_stmt",
}


class LockedError(UserError):
    """A migration did not get a lock that others hold."""


@dataclass(frozen=True)
class Waiting:
    """Told when a migration could not get a lock, before it is tried again after ``seconds``."""

    migration: Migration
    blocker: Blocker | None
    seconds: float


@contextmanager
def applier(session: Session, history: History, tell: Callable[[Waiting], None]) -> Iterator[Applier]:
    """What works on the target of a session. ``tell`` is told of what takes time."""
    pid = session.connection.info.backend_pid
    with watched(session.onlooker, pid, session.limits.lock) as blockers:
        yield Applier(session, history, blockers, tell)


class Applier:
    """Works on the target of a session; ``blockers`` tells who is in the way of it."""

    def __init__(self, session: Session, history: History, blockers: Blockers, tell: Callable[[Waiting], None]) -> None:
        self._session = session
        self._history = history
        self._blockers = blockers
        self._tell = tell

    def apply(self, migration: Migration, unfinished: Entry | None = None) -> Entry:
        """Apply a migration, or the rest of one that is ``unfinished``; its entry as it is then.

        :raises MigrationError: where it fails.
        :raises UserError: where it could not be tried: somebody holds a lock, the server is gone.
        """
        begun = beginning(migration)
        if unfinished is not None:
            begun = replace(begun, state=unfinished.state, statements=unfinished.statements)
        return self._insist(partial(self._try, migration, migration.up, State.APPLIED), begun, State.APPLIED)

    def roll_back(self, migration: Migration, entry: Entry) -> Entry:
        """Roll a migration back, as ``apply`` applies it; its entry as it is then."""
        script = migration.down
        assert script is not None
        begun = replace(entry, error=None)
        if entry.state is not State.ROLLING_BACK:
            begun = replace(begun, state=State.APPLIED, statements=0)
        return self._insist(partial(self._try, migration, script, State.ROLLED_BACK), begun, State.ROLLED_BACK)

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
                self._session.connection.execute("COMMIT")
            finally:
                leave_transaction(self._session.connection)
            return entries[-1]

        self._insist(attempt, beginning(migrations[-1]), State.APPLIED)
        return entries

    def _apply_inside(self, migration: Migration) -> Entry:
        runner = Runner(self._session.connection)
        self._session.ledger.watch(wanted=may_touch_ledger(migration.up, self._session.ledger.name))
        try:
            ran = runner.apply_inside(migration)
        except NeedsCommitsError:
            raise UserError(
                f"{migration.name} cannot be in one transaction with others, as --single-transaction asks. Nothing was "
                "changed. Run without it, or up to the migration before: --to."
            ) from None
        entry = replace(
            beginning(migration),
            state=State.APPLIED,
            applied_at=datetime.now(timezone.utc),
            seconds=ran.seconds,
            statements=ran.statements,
            total_statements=ran.statements,
        )
        with _ledger_untouched(migration, migration.up):
            self._session.ledger.write(entry)
        return entry

    def _insist(self, attempt: Callable[[Entry], Entry], begun: Entry, end: State) -> Entry:
        """Try until it has succeeded, failed, or waited too often for a lock; the entry with which it has ended."""
        since, entry, tries = time.monotonic(), begun, 0
        while True:
            tries += 1
            self._blockers.last = None
            try:
                return attempt(entry)
            except MigrationError as error:
                failure = error
            was_lost = self._come_back(failure)
            kept = self._kept(begun)
            if kept.state is end and kept.checksum == begun.checksum:  # it was lost behind its very commit
                return kept
            if was_lost:
                raise self._lost(failure, kept)
            if failure.sqlstate not in _RETRIED:
                self._note(failure, kept, end)
                raise self._advised(failure, kept, end)
            blocker = self._blockers.last
            if tries > len(_BACK_OFF):
                raise self._locked(failure, kept, blocker, tries, time.monotonic() - since)
            self._tell(Waiting(failure.migration, blocker, _BACK_OFF[tries - 1]))
            time.sleep(_BACK_OFF[tries - 1])
            entry = replace(begun, state=kept.state, statements=kept.statements)

    def _try(self, migration: Migration, script: Script, end: State, entry: Entry) -> Entry:
        connection = self._session.connection
        self._session.ledger.watch(wanted=may_touch_ledger(script, self._session.ledger.name))
        progress = Progress(self._session.ledger, connection, script, entry, end)
        rest = self._rest(migration, script, entry) if entry.is_unfinished else script
        if not statements(rest) and script.program is None:
            progress.finish()
            return progress.entry
        runner = Runner(
            connection,
            guard=progress.before_commit,
            clean=lambda more: self._session.lock.check(CLEAN_BUT_FOR_LOCKS + more + b";"),
            before_statement=progress.before,
            after_statement=progress.after,
        )
        with _ledger_untouched(migration, script):
            if end is State.APPLIED:
                runner.apply(replace(migration, up=rest), look=progress.finish)
            else:
                runner.rollback(replace(migration, down=rest), look=progress.finish)
        return progress.entry

    def _rest(self, migration: Migration, script: Script, entry: Entry) -> Script:
        try:
            return rest_of(self._session.connection, script, entry.statements)
        except psycopg.Error as error:
            statement = statements(script)[entry.statements]
            raise MigrationError.from_server(migration, statement, error, Kept.BEFORE) from error

    def _come_back(self, failure: MigrationError) -> bool:
        """Connect again where the connection was lost; whether it was."""
        connection = self._session.connection
        if not connection.closed and not connection.broken:
            return False
        try:
            again(self._session.reconnect, _RESTART_SECONDS)
        except UnreachableError as error:
            raise UserError(
                f"{failure.headline}\n{failure.place.excerpt()}\n{error}\nWhat was kept, the ledger knows: see "
                "`pytest-migrations status` when the server is well, and run again."
            ) from error
        return True

    def _kept(self, begun: Entry) -> Entry:
        """What the ledger says after a failure: what it does not know was not kept."""
        self._session.ledger.watch(wanted=False)
        unknown = replace(begun, state=State.FAILED, statements=0)
        return self._session.ledger.entries().get(begun.name, unknown)

    def _note(self, failure: MigrationError, kept: Entry, end: State) -> None:
        """Let the ledger say what went wrong, where it has anything to say of the migration."""
        if end is State.APPLIED:
            failed = kept if kept.name == failure.migration.identity else beginning(failure.migration)
            self._session.ledger.write(replace(failed, error=failure.headline))
        elif kept.is_unfinished:
            self._session.ledger.write(replace(kept, error=failure.headline))

    def _advised(self, failure: MigrationError, kept: Entry, end: State) -> MigrationError:
        apply = end is State.APPLIED
        advice = failure.advice or (advise(failure, self._history, {}) if apply else advise_on_rollback(failure))
        baseline = ""
        if apply and failure.sqlstate in ALREADY_THERE and not self._has_applied():
            baseline = "If this database was migrated before, by hand or another tool: pytest-migrations baseline"
        failure.advice = "\n".join(filter(None, [advice, baseline, _way_out(failure.migration, kept)]))
        return failure

    def _has_applied(self) -> bool:
        return any(entry.is_in_database for entry in self._session.ledger.entries().values())

    def _locked(
        self, failure: MigrationError, kept: Entry, blocker: Blocker | None, tries: int, seconds: float
    ) -> LockedError:
        who = [str(blocker)] if blocker else []
        end_it = f", or end it: SELECT pg_terminate_backend({blocker.pid});" if blocker else "."
        left = "Nothing was changed." if not kept.is_unfinished else _way_out(failure.migration, kept)
        return LockedError(
            "\n".join(
                [
                    f"{failure.headline}\n{failure.place.excerpt()}",
                    *who,
                    f"Tried {tries} times in {seconds:.0f} s. {left} Try again when what is in the way is done{end_it}",
                ]
            )
        )

    def _lost(self, failure: MigrationError, kept: Entry) -> UserError:
        in_doubt = _way_out(failure.migration, kept) or "Nothing of it was kept. Run again when the server is well."
        return UserError(f"{failure.headline}\n{failure.place.excerpt(failure.remark)}\n{in_doubt}")


def may_touch_ledger(script: Script, name: tuple[str, str]) -> bool:
    """Whether it might write to the ledger: it names it, or runs what its statements do not tell."""
    return any(part in script.written for part in name) or any(
        Trait.PLAIN_DDL not in statement.traits and statement.kind not in _TELLS for statement in statements(script)
    )


@contextmanager
def _ledger_untouched(migration: Migration, script: Script) -> Iterator[None]:
    try:
        yield
    except LedgerTouchedError as error:
        raise UserError.at(
            script.start,
            f"{migration.name} was stopped before its commit: {error}",
            "The ledger is the runner's alone. Take what touches it out of the script; where the script drops the "
            "schema that the ledger is in, put the ledger elsewhere: --ledger SCHEMA.TABLE",
        ) from error


def beginning(migration: Migration) -> Entry:
    """The entry of a migration of which nothing has run."""
    return Entry(
        name=migration.identity,
        version=migration.version,
        checksum=checksum(migration),
        state=State.FAILED,
        applied_at=None,
        seconds=None,
        applied_by=whoever_runs(),
        statements=0,
        total_statements=len(statements(migration.up)),
        rollback_sql=_rollback_of(migration),
    )


def _rollback_of(migration: Migration) -> str | None:
    return None if migration.down is None or migration.down.program is not None else migration.down.text.strip()


def _way_out(migration: Migration, kept: Entry) -> str:
    """What to do about a migration that stopped half-way."""
    if not kept.is_unfinished:
        return ""
    done = f"{kept.statements} of its {kept.total_statements} statements were kept."
    if kept.state is State.ROLLING_BACK:
        return f"{done} Go on with `pytest-migrations rollback {migration.name}` once the cause is gone."
    return (
        f"{done} Mend what comes behind them and go on with `pytest-migrations run --continue`, or take them back with "
        f"`pytest-migrations rollback {migration.name}`."
    )
