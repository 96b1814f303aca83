"""A session that begins as one of a new connection would, also behind a migration that changes how sessions begin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import Migration

#: What may change with which settings a session begins.
_SETS_DEFAULTS = re.compile(r"\bALTER\s+(?:DATABASE|ROLE|USER)\b[^;]*\b(?:RE)?SET\b", re.IGNORECASE)


def changes_beginnings(migration: Migration) -> bool:
    """Whether sessions may begin with other settings behind it."""
    return _SETS_DEFAULTS.search(migration.up.written) is not None


def renewed(
    connection: psycopg.Connection, migration: Migration, connect: Callable[[], psycopg.Connection]
) -> psycopg.Connection:
    """The connection on which ``migration`` was just applied, or where that may matter a new one in its place."""
    if not changes_beginnings(migration):
        return connection
    connection.close()
    return connect()
