"""What the straight way through a history gives at each version, and databases that have gone it up to one."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from pytest_migrations.rows.scripts.archives import archives
from pytest_migrations.rows.scripts.backfills import Backfills
from pytest_migrations.runner import Runner
from pytest_migrations.timeline.isolation import refuse_cluster_changes
from pytest_migrations.timeline.renewal import renewed
from pytest_migrations.timeline.replay import replay

if TYPE_CHECKING:
    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.terms import Terms
    from pytest_migrations.timeline.timeline import Servers

#: Databases that are kept to begin from, where getting there takes so many migrations.
_MOST_KEPT = 8
_FAR = 3


class CannotGoError(Exception):
    """Nothing can be said of the paths, for a reason that is not theirs; its text is why."""


class Site(NamedTuple):
    """A database, and the server that it is on."""

    server: Server
    database: Database


class StraightWay:
    """Applies each migration once. Everything that is made here ends with ``close``, at the latest.

    ``isolated`` says that the history changes what all databases of a server share: then each database gets a server of
    its own, and goes the whole way.
    """

    def __init__(self, history: History, servers: Servers, terms: Terms, *, isolated: bool) -> None:
        backfills = Backfills(history)
        self.history = history
        self.terms = terms
        self.isolated = isolated
        #: The tables that migrations move rows into, and their rollbacks out of again.
        self.archives = archives(history)
        #: The columns that the first n migrations have filled, for each n.
        self.backfilled = [backfills.before(version) for version in range(len(history) + 1)]
        #: The schema with the first n migrations applied, for each n.
        self.expected: list[Snapshot] = []
        self._servers = servers
        #: Databases of the straight way, by their versions.
        self._kept: dict[int, Site] = {}
        self._made: list[Site] = []

    def go(self) -> None:
        """Go it, once.

        :raises CannotGoError: where that is not possible, though each migration was applied before.
        :raises TouchesClusterError: where one changes what all databases of the server share.
        """
        site = self._fresh()
        connection = site.server.connect(site.database)
        try:
            self.expected = [self.snapshot(connection)]
            for migration in self.history.migrations:
                taken: list[Snapshot] = []
                look = partial(self._look, connection, migration, self.expected[-1], taken)
                self.runner(connection).apply(migration, look=look)
                self.expected += taken
                connection = renewed(connection, migration, partial(site.server.connect, site.database))
        finally:
            connection.close()
        if self.isolated:
            self.end(site)
        else:
            self._kept[len(self.history)] = site

    def at(self, version: int) -> tuple[Site, psycopg.Connection]:
        """A database that has gone the straight way up to a version, for one who ends it, and a connection to it.

        :raises MigrationError: where what was applied once does not apply again.
        """
        below = max((kept for kept in self._kept if kept <= version), default=0)
        site = self._clone(self._kept[below]) if below in self._kept else self._fresh()
        migrations = self.history.migrations[below:version]
        guard = None if self.isolated else refuse_cluster_changes
        connection = replay(site.server, site.database, migrations, timeout=self.terms.timeout, guard=guard)
        if not self.isolated and len(migrations) >= _FAR:
            connection.close()
            if len(self._kept) >= _MOST_KEPT:
                self.end(self._kept.pop(self._least_missed()))
            self._kept[version], site = site, self._clone(site)
            connection = site.server.connect(site.database)
        return site, connection

    @property
    def has_tables(self) -> bool:
        """Whether there are any at some version."""
        return any(key.kind == "table" for snapshot in self.expected for key in snapshot)

    def end(self, site: Site) -> None:
        """Drop a database, with its server where that was started for it alone."""
        if site in self._made:
            self._made.remove(site)
            if self.isolated:
                site.server.stop()
            else:
                with suppress(psycopg.Error):  # of a server that was lost: it ends with the run
                    site.server.drop(site.database)

    def close(self) -> None:
        for site in [*self._made]:
            self.end(site)

    def runner(self, connection: psycopg.Connection) -> Runner:
        guard = None if self.isolated else partial(refuse_cluster_changes, connection)
        return Runner(connection, timeout=self.terms.timeout, guard=guard)

    def snapshot(self, connection: psycopg.Connection, since: Snapshot | None = None) -> Snapshot:
        return take_snapshot(connection, cluster=self.isolated, since=since, leave_out=self.terms.leave_out)

    def _look(
        self, connection: psycopg.Connection, migration: Migration, since: Snapshot, taken: list[Snapshot]
    ) -> None:
        taken.append(self.snapshot(connection, since if is_counted(migration) else None))

    def _least_missed(self) -> int:
        """The version of the kept database that is the nearest to the one before it: nobody goes far for want of it."""
        kept = [0, *sorted(self._kept)]
        return min(pairwise(kept), key=lambda pair: pair[1] - pair[0])[1]

    def _fresh(self) -> Site:
        server = self._servers.own() if self.isolated else self._servers.shared()
        if server is None:
            raise CannotGoError(
                "the migrations change what all databases of a server share, so each path needs a server of its own: "
                "--migrations-server=embedded or docker"
            )
        try:
            site = Site(server, server.create_database())
        except BaseException:
            if self.isolated:
                server.stop()
            raise
        self._made.append(site)
        self._servers.prepare(*site, self.history)
        return site

    def _clone(self, site: Site) -> Site:
        clone = Site(site.server, site.server.clone(site.database))
        self._made.append(clone)
        return clone


def is_counted(migration: Migration) -> bool:
    """Whether the server's counters may tell what the migration writes."""
    return not any("track_counts" in script.written.lower() for script in migration.scripts)
