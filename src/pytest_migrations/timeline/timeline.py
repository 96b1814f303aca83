"""One walk through a history feeds all checks, in whatever order they ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pytest_migrations.advice import advise, advise_on_reapply, advise_on_rollback
from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.timeline.isolation import TouchesClusterError, names_cluster_objects
from pytest_migrations.timeline.proof import Proof
from pytest_migrations.timeline.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from contextlib import AbstractContextManager

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.proof import Untried, WithRows
    from pytest_migrations.timeline.random_walk.wandering import Wandered
    from pytest_migrations.timeline.trial import Trial
    from pytest_migrations.timeline.walk import Walk


class Servers(Protocol):
    """Where a timeline gets its servers from."""

    def shared(self) -> Server:
        """The run's server, which other histories and processes use as well."""

    @property
    def can_start_more(self) -> bool:
        """False where the run was given a server."""

    def own(self) -> Server | None:
        """One more server for this purpose alone; None where the run was given a server."""

    @property
    def lacking(self) -> Mapping[str, str]:
        """The extensions that no server has, with what was looked at for each."""

    def prepare(self, server: Server, database: Database, history: History) -> None:
        """Make a fresh database ready for the migrations of a history."""

    def alone(self) -> AbstractContextManager[Server]:
        """The run's server while no other process of the run may use it so; roles made meanwhile are dropped."""


class BlockedError(Exception):
    """The migration cannot be tried, because ``culprit`` before it does not apply."""

    def __init__(self, culprit: Migration, error: UserError) -> None:
        super().__init__(f"{culprit.name} does not apply")
        self.culprit = culprit
        self.error = error


class Timeline:
    """Proves the migrations of one history, each at most once.

    ``asked`` are the indexes that the run will ask for. ``alone`` says that it will ask this process for all of them,
    which then proves each as the walk passes it.

    Cost: asked in ascending order, each migration is applied once. The first question behind the walk starts it
    again, and from then on every migration that it passes is proved, so that it never has to start a third time:
    any order costs at most twice the ascending one.
    """

    def __init__(
        self,
        history: History,
        servers: Servers,
        *,
        asked: Collection[int] = (),
        alone: bool = True,
        terms: Terms | None = None,
    ) -> None:
        self._history = history
        self._servers = servers
        self._asked = frozenset(asked)
        self._selected = self._asked if alone else frozenset[int]()
        self._terms = terms or Terms()
        self._isolated = names_cluster_objects(history)
        self._walk: Walk | None = None
        self._proves_all = False
        self._proofs: dict[int, Proof] = {}
        self._with_rows: dict[int, WithRows | Untried | None] = {}
        self._failure: tuple[int, UserError] | None = None

    def proof(self, index: int) -> Proof:
        """What is known of the migration at ``index`` of the history, after trying it where it was not tried yet.

        :raises BlockedError: when a migration before it does not apply.
        :raises UserError: when there is no server, or it was lost.
        """
        while index not in self._proofs:
            if self._failure and self._failure[0] < index:
                raise BlockedError(self._history.migrations[self._failure[0]], self._failure[1])
            try:
                if self._needs_given_server_alone:
                    self._prove_alone({index, *self._asked})
                else:
                    self._advance(self._walk_before(index), index)
            except TouchesClusterError:
                self._isolated = True
                self.close()
        return self._proofs[index]

    def server(self) -> Server:
        """The server that the walk is on, started where it was not."""
        if self._needs_given_server_alone:
            return self._servers.shared()
        return self._walk_before(0 if self._walk is None else self._walk.position).server

    def wander(self, barred: Collection[int], rows: int, *, strict_column_order: bool) -> Wandered:
        """Go up and down the history at random, which must apply; ``barred`` are indexes that are not to be crossed.

        :raises CannotGoError: where something else than the history is in the way.
        :raises UserError: when the server was lost.
        """
        from pytest_migrations.timeline.random_walk.wandering import wander  # noqa: PLC0415 (brings the driver)

        def go() -> Wandered:
            return wander(
                self._history,
                self._servers,
                self._terms,
                isolated=self._isolated,
                barred=barred,
                rows=rows,
                strict_column_order=strict_column_order,
            )

        try:
            return go()
        except TouchesClusterError:  # a rollback that was not tried before
            self._isolated = True
            self.close()
            return go()

    def close(self) -> None:
        """Drop the database of the walk, and end a server that was started for it."""
        if self._walk is not None:
            walk, self._walk = self._walk, None
            walk.close()

    @property
    def _needs_given_server_alone(self) -> bool:
        return self._isolated and not self._servers.can_start_more

    def _prove_alone(self, indexes: set[int]) -> None:
        """On a given server nobody else may walk this history meanwhile, and nothing of it may stay."""
        with self._servers.alone() as server:
            self._walk = self._new_walk(server, is_ours=False)
            try:
                self._advance(self._walk, max(indexes), indexes)
            finally:
                self.close()

    def _walk_before(self, index: int) -> Walk:
        """The walk, standing no further than before the migration at ``index``."""
        if self._walk is not None and index < self._walk.position:
            self._proves_all = True
            self.close()
        if self._walk is not None and self._walk.is_shaken:
            self.close()
        if self._walk is None:
            own = self._servers.own() if self._isolated else None
            self._walk = self._new_walk(own or self._servers.shared(), is_ours=own is not None)
        return self._walk

    def _new_walk(self, server: Server, *, is_ours: bool) -> Walk:
        # The driver loads while a server starts.
        import psycopg  # noqa: PLC0415

        from pytest_migrations.timeline.walk import Walk  # noqa: PLC0415

        try:
            return Walk(
                self._history, server, self._servers, is_ours=is_ours, isolated=self._isolated, terms=self._terms
            )
        except psycopg.Error as error:
            raise UserError(f"No database could be made ready for the migrations: {error}") from error

    def _advance(self, walk: Walk, index: int, wanted: Collection[int] = ()) -> None:
        """Walk on until ``index`` is proved, or until it has to be done again or cannot be done."""
        while (position := walk.position) <= index:
            prove = position == index or position in wanted or position in self._selected or self._proves_all
            self._attempt(walk, position, prove=prove and position not in self._proofs)
            if walk.is_shaken or (self._failure and self._failure[0] == position):
                return

    def _attempt(self, walk: Walk, position: int, *, prove: bool) -> None:
        """Apply, or prove, the next migration; when that goes wrong, no later one is tried on top of it."""
        import psycopg  # noqa: PLC0415 (as above)

        migration = self._history.migrations[position]
        try:
            if prove:
                self._prove(walk, position)
            else:
                walk.step()
        except MigrationError as error:
            if walk.is_lost():
                raise _lost(migration, error.message) from error
            error.advice = error.advice or advise(error, self._history, self._servers.lacking, is_server_chosen=True)
            self._fail(position, error)
        except psycopg.OperationalError as error:
            if walk.is_lost():
                raise _lost(migration, str(error)) from error
            self._fail(position, UserError(f"{migration.name} could not be tried: {error}"))
        except (TouchesClusterError, UserError):
            raise
        except psycopg.Error as error:
            self._fail(position, UserError(f"{migration.name} could not be judged: {error}"))
        except BaseException as error:
            self._fail(position, UserError(f"{migration.name} was interrupted: {error or type(error).__name__}"))
            raise

    def _prove(self, walk: Walk, position: int) -> None:
        if position not in self._with_rows:
            self._with_rows[position] = walk.try_with_rows()
        if walk.is_shaken:  # the next walk goes on with the rest
            return
        proof = self._proofs[position] = replace(walk.prove(), with_rows=self._with_rows[position])
        if proof.trial:
            _advise_on(proof.trial)

    def _fail(self, position: int, error: UserError) -> None:
        self._failure = (position, error)
        self._proofs[position] = Proof(self._history.migrations[position], error)


def _advise_on(trial: Trial) -> None:
    if isinstance(trial.rolled_back, MigrationError):
        trial.rolled_back.advice = trial.rolled_back.advice or advise_on_rollback(trial.rolled_back)
    if isinstance(trial.reapplied, MigrationError):
        trial.reapplied.advice = trial.reapplied.advice or advise_on_reapply(trial.reapplied)


def _lost(migration: Migration, reason: str) -> UserError:
    return UserError(
        f"The server was lost while {migration.name} was tried: {reason.splitlines()[0]}\n\n"
        "It no longer takes connections, so nothing can be said of this migration and those behind it.\n"
        "Run them again: if it is lost at the same migration once more, that one ends it."
    )
