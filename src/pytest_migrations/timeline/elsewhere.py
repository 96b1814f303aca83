"""Tries something with real commits, on a database that is thrown away afterwards: a clone, or one made anew."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from pytest_migrations.errors import UserError
from pytest_migrations.timeline.replay import replay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.migration import History, Migration
    from pytest_migrations.server.server import Database, Server
    from pytest_migrations.timeline.timeline import Servers


class UnavailableError(Exception):
    """There is no other database to try it on; its text is why."""


@contextmanager
def clone_of(server: Server, database: Database) -> Iterator[psycopg.Connection]:
    """Connect to a clone of a database that has no sessions.

    :raises DatabaseInUse: where it has.
    """
    clone = server.clone(database)
    try:
        with server.connect(clone) as connection:
            yield connection
    finally:
        server.drop(clone)


@contextmanager
def made_anew(
    servers: Servers, history: History, migrations: Sequence[Migration], *, timeout: float | None
) -> Iterator[psycopg.Connection]:
    """Connect to a database with these migrations applied, on a server that is started for that alone.

    :raises UnavailableError: where that cannot be.
    """
    server = servers.own()
    if server is None:
        raise UnavailableError("that needs a server of its own")
    try:
        try:
            database = server.create_database()
            servers.prepare(server, database, history)
            connection = replay(server, database, migrations, timeout=timeout)
        except (UserError, psycopg.Error) as error:
            raise UnavailableError(f"what was applied once cannot be applied again: {error}") from error
        with connection:
            yield connection
    finally:
        server.stop()
