"""A database beside the walk's, with a connection to it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import psycopg

if TYPE_CHECKING:
    from pytest_migrations.migration import History
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.timeline import Servers


class Follower(NamedTuple):
    """``is_alone``: the server was started for it, and ends with it."""

    server: Server
    database: Database
    connection: psycopg.Connection
    is_alone: bool

    @classmethod
    def open(cls, history: History, servers: Servers, server: Server | None) -> Follower | None:
        """An empty one on ``server``, or without one on a server of its own; None where no server can be had."""
        server, is_alone = (server, False) if server else (servers.own(), True)
        if server is None:
            return None
        database = server.create_database()
        try:
            servers.prepare(server, database, history)
            return cls(server, database, server.connect(database), is_alone)
        except BaseException:
            server.stop() if is_alone else server.drop(database)
            raise

    def connected(self) -> Follower:
        """The same with a new connection."""
        return self._replace(connection=self.server.connect(self.database))

    def close(self) -> None:
        """Drop the database, or end the server; what one that was lost does not let us drop ends with the run."""
        self.connection.close()
        if self.is_alone:
            self.server.stop()
        else:
            with suppress(psycopg.Error):
                self.server.drop(self.database)
