"""Whether a history changes what all databases of a server share, so that it needs a server of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.errors import UserError
from pytest_migrations.failure import MigrationError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History, Migration, Statement


class TouchesClusterError(Exception):
    """A migration, not yet committed, changed roles or another shared catalog on a server that others use."""


def names_cluster_objects(history: History) -> bool:
    """Whether a statement of the history, as it is written, changes what the whole cluster shares."""
    return any(Trait.CLUSTER in statement.traits for script in history.scripts for statement in statements(script))


#: What no server of somebody else's is asked to do: it cannot be taken back, or reaches beyond our databases.
_NEVER_ON_GIVEN = {
    "alter_system_stmt",
    "alter_table_space_options_stmt",
    "create_table_space_stmt",
    "createdb_stmt",
    "drop_table_space_stmt",
    "dropdb_stmt",
}
#: The same told by its words: a setting for all roles, a slot made by a function. What grants to roles, but is no
#: membership, is on what they share: parameters and tablespaces.
_NEVER_WORDED = re.compile(
    r"\Aalter\s+(?:role|user)\s+all\b|pg_create_(?:logical|physical)_replication_slot|pg_replication_origin_create",
    re.IGNORECASE,
)
_ELSEWHERE = "Prove it with --migrations-server=embedded or docker."


def refuse_on_given_server(history: History) -> None:
    """Look through the scripts before any of them runs on a server that is not ours.

    :raises UserError: when one changes the server itself or another database.
    """
    for script in history.scripts:
        for statement in statements(script):
            if _is_never_done(statement):
                raise UserError(
                    f"{statement.place}: this is not done on a server that pytest-migrations did not start.\n\n"
                    f"{statement.place.excerpt()}\n\n{_ELSEWHERE}"
                )


def _is_never_done(statement: Statement) -> bool:
    if Trait.CLUSTER not in statement.traits:
        return False
    return (
        statement.kind in _NEVER_ON_GIVEN
        or statement.kind == "grant_stmt"
        or bool(_NEVER_WORDED.search(statement.text))
    )


def roles_of(connection: psycopg.Connection) -> dict[str, str]:
    """Every role of the server with its attributes, as text."""
    return dict(connection.execute(b"SELECT rolname::text, r::text FROM pg_catalog.pg_roles r").fetchall())


def refuse_changes_of(roles: dict[str, str], migration: Migration, connection: psycopg.Connection) -> None:
    """Look at the open transaction of ``migration`` before it commits.

    :raises MigrationError: when it changed or dropped one of ``roles``, which somebody else uses.
    """
    now = roles_of(connection)
    changed = sorted(name for name, row in roles.items() if now.get(name) != row)
    if changed:
        error = MigrationError(
            migration,
            statements(migration.up)[0].place,
            f"the migration changes roles that the server had before it: {', '.join(changed)}",
        )
        error.advice = _ELSEWHERE
        raise error


_SHARED_CATALOGS = ("authid", "auth_members", "db_role_setting", "tablespace", "subscription", "replication_origin")
#: The server counts the rows that a transaction writes, also those of which nothing was kept since. Five times as fast
#: as a look at the locks, which is therefore only taken where it could find something.
_WROTE_SHARED_CATALOGS = f"""
SELECT pg_catalog.current_setting('track_counts') = 'off' OR pg_catalog.bool_or(
    pg_catalog.pg_stat_get_xact_tuples_inserted(c.id) + pg_catalog.pg_stat_get_xact_tuples_updated(c.id)
    + pg_catalog.pg_stat_get_xact_tuples_deleted(c.id) > 0)
FROM (VALUES {", ".join(f"('pg_catalog.pg_{name}'::regclass)" for name in _SHARED_CATALOGS)}) c(id)
""".encode()  # noqa: S608 (of this module's own words)
#: A change of a shared catalog keeps its lock until the transaction ends, however the change was made (by dynamic
#: SQL, by a function). Locks say it of this transaction alone, where the catalogs would show what others did as well.
#: Settings of our own database (ALTER DATABASE ... SET) lie in a shared catalog but are shared with nobody.
_LOCKED_SHARED_CATALOGS = f"""
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_locks
  WHERE pid = pg_catalog.pg_backend_pid() AND database = 0 AND mode = 'RowExclusiveLock'
    AND relation IN ({", ".join(f"'pg_catalog.pg_{name}'::regclass" for name in _SHARED_CATALOGS)})
    AND (relation <> 'pg_catalog.pg_db_role_setting'::regclass OR EXISTS (
      SELECT FROM pg_catalog.pg_db_role_setting s
      WHERE age(s.xmin) <= 0 -- written by this transaction
        AND s.setdatabase <> (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))))
""".encode()  # noqa: S608 (of this module's own words)


def refuse_cluster_changes(connection: psycopg.Connection) -> None:
    """Look at the open transaction before it commits.

    :raises TouchesClusterError: when it changed a shared catalog.
    """
    if _says(connection, _WROTE_SHARED_CATALOGS) and _says(connection, _LOCKED_SHARED_CATALOGS):
        raise TouchesClusterError


def _says(connection: psycopg.Connection, question: bytes) -> bool:
    row = connection.execute(question).fetchone()
    return row is not None and bool(row[0])
