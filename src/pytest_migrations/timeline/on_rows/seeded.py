"""A database that follows the walk with the user's own rows in it: each seed is kept once its version is reached.

Each migration is applied there once more, so that this is made only for a history that has seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError, display_path
from pytest_migrations.failure import MigrationError
from pytest_migrations.formats.reading.order import some
from pytest_migrations.runner import CLEAN_SESSION
from pytest_migrations.timeline.follower import Follower
from pytest_migrations.timeline.isolation import TouchesClusterError, refuse_cluster_changes
from pytest_migrations.timeline.on_rows.seeding import SHARED, run_seed
from pytest_migrations.timeline.replay import replay
from pytest_migrations.transactions import leave_transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.migration import History, Migration, Script
    from pytest_migrations.rows.seeds.files import Seeds
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.timeline import Servers

_NO_SERVER = (
    "where migrations change what all databases of a server share (roles, say), seeds need a server of their own: "
    "--migrations-server=embedded or docker"
)


@dataclass(frozen=True)
class Stand:
    """The database before a migration, or why there is none (``why_not``)."""

    #: In autocommit mode, in a clean session. Whoever closes it (a template may have no sessions) gets a new one next.
    connection: psycopg.Connection | None = None
    server: Server | None = None
    database: Database | None = None
    #: The seeds that failed on the way, each told once.
    failed: tuple[UserError, ...] = ()
    #: Those whose rows are there, by the names of their files.
    seeds: tuple[str, ...] = ()
    #: What the user is to know of the rows that are there.
    notes: tuple[str, ...] = ()
    why_not: str = ""


class Seeded:
    """Made when it is first needed: on ``server``, or without one on a server that is started for it alone."""

    def __init__(
        self, history: History, servers: Servers, seeds: Seeds, *, server: Server | None, timeout: float | None
    ) -> None:
        self._history = history
        self._servers = servers
        self._seeds = seeds
        self._server = server
        self._timeout = timeout
        self._follower: Follower | None = None
        self._position = 0
        #: The indices of migrations that do not apply to the rows of the seeds before them, as their own tests say.
        self._rejecting: set[int] = set()
        #: Up to which position the seeds are left out of this database, and up to which they are in.
        self._without = 0
        self._seeded = 0
        #: Where seeds were left out last, and the database that stands there without any.
        self._bare: tuple[int, Follower] | None = None
        #: The seeds that failed, by their positions and which of those there, and what is still to be told of them.
        self._failed: set[tuple[int, int]] = set()
        self._untold: list[UserError] = []

    def has_rows(self, index: int) -> bool:
        """Whether a seed is put in before the migration at ``index``: else the database is what the walk's is.

        Those behind the last migration are tried with it: no other would tell that they fail.
        """
        return any(self._seeds.until(index)) or self._ends_with_seeds(index)

    def failed_behind(self, index: int) -> tuple[UserError, ...]:
        """The seeds that fail behind the migration at ``index``, where that is the last."""
        return self.stand_before(index + 1).failed if self._ends_with_seeds(index) else ()

    def _ends_with_seeds(self, index: int) -> bool:
        return index + 1 == len(self._history) and bool(self._seeds.at(index + 1))

    def stand_before(self, index: int) -> Stand:
        """Stand before the migration at ``index``, or behind the last, with all seeds until then committed.

        A seed that fails is left out, and so are, behind a migration that does not apply to their rows, all before it.
        """
        try:
            if not self._reach(index):
                return Stand(why_not=_NO_SERVER)
        except (UserError, psycopg.Error) as error:
            self.close()
            return Stand(why_not=f"the database with the seeds could not be made ready: {error}")
        except BaseException:
            self.close()
            raise
        assert self._follower is not None
        server, database, connection, _ = self._follower
        failed, self._untold = tuple(self._untold), []
        there = _names(self._working(range(self._without + 1, index + 1)))
        return Stand(connection, server, database, failed, there, self._notes())

    def close(self) -> None:
        """Drop the databases, or end the server; what one that was lost does not let us drop ends with the run."""
        self._leave()
        self._forget_bare()

    def _leave(self) -> None:
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.close()

    def _forget_bare(self) -> None:
        bare, self._bare = self._bare, None
        if bare is not None:
            bare[1].close()

    def _reach(self, index: int) -> bool:
        """Stand there; False where no server can be had."""
        while True:
            without = max((rejecting for rejecting in self._rejecting if rejecting < index), default=0)
            if self._follower is None or self._position > index or self._without != without:
                self._leave()
                if not self._begin(without):
                    return False
            self._refresh()
            if self._advance(index):
                self._connection.execute(CLEAN_SESSION)
                return True

    def _begin(self, without: int) -> bool:
        """Begin where no seed is in, as far on as there is such a database; False where no server can be had."""
        if self._bare is not None and self._bare[0] <= without:
            self._position, bare = self._bare
            self._follower, self._bare = bare.connected(), None
        else:
            self._forget_bare()
            self._position, self._follower = 0, Follower.open(self._history, self._servers, self._server)
        self._without, self._seeded = without, 0
        return self._follower is not None

    def _keep_bare(self) -> None:
        """Go on in a copy, as seeds come next; not on a server of its own, which knows what a copy changes."""
        if self._server and self._without:
            assert self._follower is not None
            self._connection.close()  # a template may have no sessions
            server, database, *_ = self._follower
            copy = self._follower._replace(database=server.clone(database))
            self._bare, self._follower = (self._without, self._follower), copy
            self._follower = copy.connected()

    def _refresh(self) -> None:
        """A session of which nothing is left open."""
        assert self._follower is not None
        leave_transaction(self._connection)
        if self._connection.closed:
            self._follower = self._follower.connected()

    def _advance(self, index: int) -> bool:
        """Go on to ``index``; False where a migration turned out not to apply to the rows that are there."""
        while True:
            if self._position == self._without:
                self._keep_bare()
            self._put_in()
            if self._position == index:
                return True
            try:
                self._apply()
            except (MigrationError, TouchesClusterError) as error:
                if not self._working(range(self._without + 1, self._position + 1)):
                    raise _unexpected(self._history.migrations[self._position], error) from error
                self._rejecting.add(self._position)
                return False

    def _apply(self) -> None:
        assert self._follower is not None
        server, database, connection, _ = self._follower
        migration = self._history.migrations[self._position]
        guard = refuse_cluster_changes if self._server else None
        connection = replay(server, database, [migration], timeout=self._timeout, connection=connection, guard=guard)
        self._follower, self._position = self._follower._replace(connection=connection), self._position + 1

    def _put_in(self) -> None:
        """Put in the seeds of where it stands, each in one transaction."""
        if self._seeded == self._position or self._position <= self._without:
            return
        reached, is_shared = self._history.migrations[self._position - 1], self._server is not None
        for number, script in enumerate(self._seeds.at(self._position)):
            if (self._position, number) not in self._failed:
                try:
                    run_seed(script, reached, self._connection, timeout=self._timeout, is_shared=is_shared)
                except UserError as error:
                    self._failed.add((self._position, number))
                    self._untold.append(error)
                    self._refresh()
        self._seeded = self._position

    @property
    def _connection(self) -> psycopg.Connection:
        assert self._follower is not None
        return self._follower.connection

    def _working(self, positions: Iterable[int]) -> list[Script]:
        """The seeds for these positions, without those that failed."""
        return [
            script
            for position in positions
            for number, script in enumerate(self._seeds.at(position))
            if (position, number) not in self._failed
        ]

    def _notes(self) -> tuple[str, ...]:
        out = _names(self._working(range(self._without + 1)))
        if not out:
            return ()
        rejecting = self._history.migrations[self._without].name
        return (f"without {some(out)}, to whose rows {rejecting} does not apply",)


def _names(seeds: Iterable[Script]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(display_path(script.path) for script in seeds))


def _unexpected(migration: Migration, error: Exception) -> UserError:
    """It was applied on the walk before: the server, or time, is short of something."""
    return UserError(f"{migration.name} does not apply once more, without any seed: {error or SHARED}")
