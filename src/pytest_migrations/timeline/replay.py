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
    before_commit: Callable[[psycopg.Connection], None] = lambda _: None,
) -> psycopg.Connection:
    """Apply them for good, over ``connection`` where there is one already; the connection that is then open.

    ``before_commit`` runs in the transaction of each; what it raises undoes that. Raises MigrationError, and closes the
    connection, where one fails.
    """
    connection = connection or server.connect(database)
    try:
        for migration in migrations:
            Runner(connection, timeout=timeout).apply(migration, before_commit=partial(before_commit, connection))
            connection = renewed(connection, migration, partial(server.connect, database))
    except BaseException:
        connection.close()
        raise
    return connection
