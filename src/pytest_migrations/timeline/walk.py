"""A database on its way through a history: it knows where it stands and what the schema is there."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from pytest_migrations.failure import MigrationError
from pytest_migrations.runner import CLEAN_SESSION, Ran, Runner
from pytest_migrations.server import connections
from pytest_migrations.server.databases import DatabaseInUse
from pytest_migrations.sql.grammar import does_nothing
from pytest_migrations.timeline.elsewhere import UnavailableError, clone_of, made_anew
from pytest_migrations.timeline.given import GivenServer, refuse_on_given_server
from pytest_migrations.timeline.inspecting import ended, inspect_alone
from pytest_migrations.timeline.isolation import refuse_cluster_changes
from pytest_migrations.timeline.on_rows.on_rows import OnRows
from pytest_migrations.timeline.positions import positions_before, restore_positions
from pytest_migrations.timeline.proof import VERIFY, Proof
from pytest_migrations.timeline.renewal import renewed
from pytest_migrations.timeline.shadow import Shadow
from pytest_migrations.timeline.transaction import EndedError, SpoiledError
from pytest_migrations.timeline.trial import States, Trial, try_for_good, try_inside, try_on_clone
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.server import Server
    from pytest_migrations.timeline.on_rows.grounds import Guarded
    from pytest_migrations.timeline.proof import Untried, WithRows
    from pytest_migrations.timeline.terms import Inspection, Terms
    from pytest_migrations.timeline.timeline import Servers


class Walk:
    """Stands on ``server`` with the first ``position`` migrations of the history applied for good.

    ``is_ours`` says that the server was started for this walk alone, ``isolated`` that it holds no other database, so
    that what the whole cluster shares may change.
    """

    def __init__(
        self,
        history: History,
        server: Server,
        servers: Servers,
        *,
        is_ours: bool,
        isolated: bool,
        terms: Terms,
    ) -> None:
        self.server = server
        self.position = 0
        #: A connection was lost on the way: if that was a crash, the server may have forgotten its last commits. Or
        #: something was kept that was not to be.
        self.is_shaken = False
        self._history = history
        self._servers = servers
        self._is_ours = is_ours
        self._isolated = isolated
        self._terms = terms
        self._snapshot: Snapshot | None = None
        self._on_rows = OnRows(history, servers, terms, server=None if isolated else server)
        self._database = server.create_database()
        servers.prepare(server, self._database, history)
        self._runner = self._connect()
        self._shadow = Shadow(history, servers, server=None if isolated else server, timeout=terms.timeout)
        self._given = GivenServer(self._runner.connection) if isolated and not is_ours else None

    def close(self) -> None:
        """Drop the database, or end the server that was started for this walk alone.

        What a server that was lost does not let us drop ends with the run.
        """
        self._runner.connection.close()
        self._shadow.close()
        self._on_rows.close()
        if self._is_ours:
            self.server.stop()
        else:
            with suppress(psycopg.Error):
                self.server.drop(self._database)

    def is_lost(self) -> bool:
        """Whether the server no longer takes connections."""
        if not self._runner.connection.closed:
            return False
        try:
            self._runner = self._reconnect()
        except psycopg.OperationalError:
            return True
        return False

    def step(self) -> Ran:
        """Apply the next migration for good and prove nothing of it.

        :raises MigrationError: when it fails.
        """
        return self._apply()

    def prove(self) -> Proof:
        """Apply the next migration for good, then try its rollback; nothing of the trial is kept.

        :raises MigrationError: when it does not apply.
        """
        migration = self._next
        proof = self._prove(migration)
        return replace(proof, inspected=self._inspect(migration))

    def try_with_rows(self) -> WithRows | Untried | None:
        """Try the next migration on tables with rows, where the run asks for that; nothing of it is kept."""
        return self._on_rows.of(self, self.position)

    @property
    def connection(self) -> psycopg.Connection:
        return self._runner.connection

    def _prove(self, migration: Migration) -> Proof:
        following = self._history.migrations[self.position + 1 : self.position + 2]
        needed_behind = self._snapshot is not None and any(later.down is not None for later in following)
        if migration.down is None and not needed_behind:
            return Proof(migration, self.step())
        before = self._take_snapshot() if self._snapshot is None else self._snapshot
        counted = not any("track_counts" in script.written.lower() for script in migration.scripts)
        after: list[Snapshot] = []

        ran = self._apply(lambda: after.append(self._take_snapshot(since=before if counted else None)))
        self._snapshot = after[-1]
        states = States(before, self._snapshot, self._isolated, counted)
        if migration.down is None or (does_nothing(migration.down) and before != self._snapshot):
            return Proof(migration, ran)
        trial = self._try_inside(migration, states)
        if trial is not None and trial.is_clean:
            return Proof(migration, ran, trial)
        confirmed, why_not = self._confirm(migration, states, trial)
        trial = confirmed or trial
        differences = trial.roundtrip.differences if trial and trial.roundtrip else ()
        culprits = self._shadow.culprits(self.position - 1, differences)
        return Proof(migration, ran, trial, unconfirmed=why_not, culprits=culprits)

    def _apply(self, look: Callable[[], None] = lambda: None) -> Ran:
        migration = self._next
        self._snapshot = None
        if self._given is not None:
            refuse_on_given_server(migration)
        ran = self._runner.apply(migration, look=look)
        self.position += 1
        self._runner.connection = renewed(self._runner.connection, migration, self._open)
        return ran

    @property
    def _next(self) -> Migration:
        return self._history.migrations[self.position]

    def _take_snapshot(self, since: Snapshot | None = None) -> Snapshot:
        connection, leave_out = self._runner.connection, self._terms.leave_out
        return take_snapshot(connection, cluster=self._isolated, since=since, leave_out=leave_out)

    def _guard(self) -> None:
        if not self._isolated:
            refuse_cluster_changes(self._runner.connection)
        elif self._given is not None:
            self._given.refuse_changes(self._next, self._runner.connection)

    def _open(self) -> psycopg.Connection:
        return self.server.connect(self._database)

    def _connect(self) -> Runner:
        guarded = not self._isolated or not self._is_ours
        return Runner(self._open(), timeout=self._terms.timeout, guard=self._guard if guarded else None)

    def _reconnect(self) -> Runner:
        self.is_shaken = True
        return connections.again(self._connect)

    def _try_inside(self, migration: Migration, states: States) -> Trial | None:
        with self.nothing_kept(migration):
            return try_inside(self._runner, migration, states)

    def _inspect(self, migration: Migration) -> dict[str, Ran | BaseException]:
        """Run the verify script and the inspections that are wanted; nothing of what they write is kept."""
        inspected: dict[str, Ran | BaseException] = {}
        if migration.verify is not None and self._terms.wanted(migration, VERIFY):
            with self.nothing_kept(), self._in_transaction():
                try:
                    inspected[VERIFY] = self._runner.verify_inside(migration)
                except MigrationError as error:
                    inspected[VERIFY] = error
        for name, inspect in self._terms.inspections.items():
            if not self._terms.wanted(migration, name):
                continue
            started = time.perf_counter()
            raised = self._inspected(migration, inspect)
            inspected[name] = raised or Ran(0, time.perf_counter() - started)
        return inspected

    def _inspected(self, migration: Migration, inspect: Inspection) -> BaseException | None:
        with self.nothing_kept():
            try:
                return inspect_alone(self.server, self._database, migration, inspect, timeout=self._terms.timeout)
            except EndedError:
                self.is_shaken = True  # something may have been kept: the next migration starts a new walk
                return ended()
            except SpoiledError:  # it was closed: sequences are put back all the same
                return None

    @contextmanager
    def _in_transaction(self) -> Iterator[None]:
        self._runner.connection.execute(b"BEGIN")
        try:
            yield
        finally:
            leave_transaction(self._runner.connection)

    @contextmanager
    def nothing_kept(self, migration: Migration | None = None, *, with_rows: bool = False) -> Iterator[None]:
        """Begin in a clean session (the migration may have left it as another role), and put the sequences back.

        ``migration`` is what will run, ``with_rows`` that rows will be put in; without one it can be anything.
        """
        connection = self._runner.connection
        connection.execute(CLEAN_SESSION)
        positions = positions_before(connection, migration, with_rows=with_rows)
        yield
        if self._runner.connection.closed:
            self._runner = self._reconnect()
        restore_positions(self._runner.connection, positions)

    def _confirm(self, migration: Migration, states: States, inside: Trial | None) -> tuple[Trial | None, str]:
        """Try it again with real commits."""
        try:
            with self.elsewhere() as (connection, guard):
                runner = Runner(connection, timeout=self._terms.timeout, guard=guard)
                if self._isolated:
                    return try_for_good(runner, migration, states), ""
                return try_on_clone(runner, migration, states, inside), ""
        except UnavailableError as error:
            return None, f"not confirmed with real commits: {error}"

    @contextmanager
    def elsewhere(self) -> Iterator[Guarded]:
        """A database in the state of this one, where things are kept and thrown away.

        A clone or, where clones are no way, one on a server of its own.

        :raises UnavailableError: where there is none to be had.
        """
        if self._isolated:
            migrations, timeout = self._history.migrations[: self.position], self._terms.timeout
            with made_anew(self._servers, self._history, migrations, timeout=timeout) as connection:
                yield connection, None
            return
        self._runner.connection.close()  # a template may have no sessions
        connect = self._connect
        try:
            with clone_of(self.server, self._database) as connection:
                yield connection, partial(refuse_cluster_changes, connection)
                if connection.closed:
                    connect = self._reconnect
        except DatabaseInUse as error:  # by somebody who watches a given server
            raise UnavailableError(str(error)) from error
        finally:
            self._runner = connect()
