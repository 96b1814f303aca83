"""On which database a migration is tried on tables with rows: the walk's, or one that follows it with seeds."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from pytest_migrations.server.databases import DatabaseInUse
from pytest_migrations.timeline.elsewhere import UnavailableError, clone_of
from pytest_migrations.timeline.isolation import refuse_cluster_changes
from pytest_migrations.timeline.positions import positions_before, restore_positions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import psycopg

    from pytest_migrations.migration import Migration
    from pytest_migrations.server.server import Database, Server

#: A connection, and what guards its commits.
Guarded = tuple["psycopg.Connection", "Callable[[], None] | None"]


class Ground(Protocol):
    """A database that stands before a migration; where it ``is_shaken``, it may hold what nobody was to keep."""

    is_shaken: bool

    @property
    def connection(self) -> psycopg.Connection: ...

    def nothing_kept(self, migration: Migration | None, *, with_rows: bool) -> AbstractContextManager[None]:
        """Begin in a clean session, and put back what PostgreSQL does not roll back.

        ``migration`` is what will run, ``with_rows`` that rows will be put in; without one it can be anything.
        """

    def elsewhere(self) -> AbstractContextManager[Guarded]:
        """Another database in the same state, where things are kept and thrown away.

        :raises UnavailableError: where there is none to be had.
        """


class SeededGround:
    """A database with seeds; ``isolated`` says that no clone of it would do."""

    def __init__(self, server: Server, database: Database, connection: psycopg.Connection, *, isolated: bool) -> None:
        self.connection = connection
        self.is_shaken = False
        self._server = server
        self._database = database
        self._isolated = isolated

    @contextmanager
    def nothing_kept(self, migration: Migration | None, *, with_rows: bool) -> Iterator[None]:
        positions = positions_before(self.connection, migration, with_rows=with_rows)
        yield
        if self.connection.closed:
            with self._server.connect(self._database) as connection:
                restore_positions(connection, positions)
        else:
            restore_positions(self.connection, positions)

    @contextmanager
    def elsewhere(self) -> Iterator[Guarded]:
        if self._isolated:
            raise UnavailableError("the rows of the seeds are in one database only, which has no clone")
        self.connection.close()  # a template may have no sessions
        try:
            with clone_of(self._server, self._database) as connection:
                yield connection, partial(refuse_cluster_changes, connection)
        except DatabaseInUse as error:
            self.connection = self._server.connect(self._database)
            raise UnavailableError(str(error)) from error
