"""Applies migrations one after another on a database, without proving anything of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_migrations.runner import Runner
from pytest_migrations.timeline.renewal import renewed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import psycopg

    from pytest_migrations.migration import Migration
    from pytest_migrations.server.server import Database, Server


def replay(
    server: Server,
    database: Database,
    migrations: Iterable[Migration],
    *,
    timeout: float | None,
    connection: psycopg.Connection | None = None,
    guard: Callable[[psycopg.Connection], None] | None = None,
) -> psycopg.Connection:
    """Apply them for good, over ``connection`` where there is one already; the connection that is then open.

    ``guard`` looks before each commit; what it raises undoes the transaction. Raises MigrationError, and closes the
    connection, where one fails.
    """
    connection = connection or server.connect(database)
    try:
        for migration in migrations:
            Runner(connection, timeout=timeout, guard=guard and partial(guard, connection)).apply(migration)
            connection = renewed(connection, migration, partial(server.connect, database))
    except BaseException:
        connection.close()
        raise
    return connection
