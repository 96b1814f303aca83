"""Whether a history changes what all databases of a server share, so that it needs a server of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History


class TouchesClusterError(Exception):
    """A migration, not yet committed, changed roles or another shared catalog on a server that others use."""


def names_cluster_objects(history: History) -> bool:
    """Whether a statement of the history, as it is written, changes what the whole cluster shares."""
    scripts = (script for m in history.migrations for script in (m.up, m.down) if script)
    return any(Trait.CLUSTER in statement.traits for script in scripts for statement in statements(script))


#: A change of a shared catalog keeps its lock until the transaction ends, however the change was made (by dynamic
#: SQL, by a function). Locks say it of this transaction alone, where the catalogs would show what others did as well.
_LOCKED_SHARED_CATALOGS = b"""
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_locks
  WHERE pid = pg_catalog.pg_backend_pid() AND database = 0 AND mode = 'RowExclusiveLock'
    AND relation IN ('pg_catalog.pg_authid'::regclass, 'pg_catalog.pg_auth_members'::regclass,
                     'pg_catalog.pg_db_role_setting'::regclass, 'pg_catalog.pg_tablespace'::regclass,
                     'pg_catalog.pg_subscription'::regclass, 'pg_catalog.pg_replication_origin'::regclass))
"""


def refuse_cluster_changes(connection: psycopg.Connection) -> None:
    """Look at the open transaction before it commits.

    :raises TouchesClusterError: when it changed a shared catalog.
    """
    row = connection.execute(_LOCKED_SHARED_CATALOGS).fetchone()
    if row and row[0]:
        raise TouchesClusterError
