"""A second database that follows the walk, one migration behind, to where a rollback that is wrong is looked into.

Each migration is applied there at most once, so that a history of which all rollbacks are wrong costs one walk more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.timeline.culprits import Culprit, find_culprits
from pytest_migrations.timeline.follower import Follower
from pytest_migrations.timeline.replay import replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.catalog.difference import Difference
    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Server
    from pytest_migrations.timeline.timeline import Servers


class Shadow:
    """Made when it is first needed: on ``server``, or without one on a server that is started for it alone."""

    def __init__(self, history: History, servers: Servers, *, server: Server | None, timeout: float | None) -> None:
        self._history = history
        self._servers = servers
        self._server = server
        self._timeout = timeout
        self._position = 0
        self._follower: Follower | None = None

    def culprits(self, index: int, differences: Sequence[Difference]) -> tuple[Culprit, ...]:
        """The statements of the migration at ``index`` that differences come from; none where it cannot be tried."""
        if not differences:
            return ()
        if self._position > index:
            self.close()
        try:
            connection = self._advance(index)
            if connection is None:
                return ()
            culprits, stands_behind = find_culprits(
                connection, self._history.migrations[index], differences, cluster=self._server is None
            )
        except (UserError, psycopg.Error):  # they were applied before: the server, or time, is short of something
            self.close()
            return ()
        self._position = index + 1
        if not stands_behind:
            self.close()
        return culprits

    def close(self) -> None:
        """Drop the database, or end the server; what one that was lost does not let us drop ends with the run."""
        follower, self._follower, self._position = self._follower, None, 0
        if follower is not None:
            follower.close()

    def _advance(self, index: int) -> psycopg.Connection | None:
        """Stand before the migration; None where no server can be had."""
        follower = self._follower or Follower.open(self._history, self._servers, self._server)
        if follower is None:
            return None
        self._follower = follower
        server, database, connection, _ = follower
        between = self._history.migrations[self._position : index]
        connection = replay(server, database, between, timeout=self._timeout, connection=connection)
        self._follower, self._position = follower._replace(connection=connection), index
        return connection
