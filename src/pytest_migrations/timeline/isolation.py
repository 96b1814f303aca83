"""Whether a history changes what all databases of a server share, so that it needs a server of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import CLUSTER_CODE, Trait

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import History


class TouchesClusterError(Exception):
    """A migration, not yet committed, changed roles or another shared catalog on a server that others use."""


def names_cluster_objects(history: History) -> bool:
    """Whether a statement of the history, as it is written, changes what the whole cluster shares."""
    return any(
        any(Trait.CLUSTER in statement.traits for statement in statements(script))
        if script.program is None
        else CLUSTER_CODE.search(script.source)
        for script in history.scripts
    )


_SHARED_CATALOGS = (
    *("pg_auth_members", "pg_authid", "pg_database", "pg_db_role_setting", "pg_parameter_acl", "pg_replication_origin"),
    *("pg_shdescription", "pg_shseclabel", "pg_subscription", "pg_tablespace"),
)
_VALUES = ", ".join(f"('pg_catalog.{name}')" for name in _SHARED_CATALOGS)
_OURS = "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())"
#: The server counts the rows that a transaction writes, however it does (by dynamic SQL, by a function); the catalogs
#: alone would show what others did as well. What our own database is, may and begins with lies in shared catalogs but
#: is shared with nobody: there it counts what rows the transaction has written, which have no age.
_CHANGED_SHARED_CATALOGS = f"""
SELECT pg_catalog.current_setting('track_counts') = 'off' OR EXISTS (
  SELECT FROM (VALUES {_VALUES}) c(name), pg_catalog.to_regclass(c.name) id
  WHERE pg_catalog.pg_stat_get_xact_tuples_inserted(id) + pg_catalog.pg_stat_get_xact_tuples_updated(id)
    + pg_catalog.pg_stat_get_xact_tuples_deleted(id) > 0 AND CASE name
      WHEN 'pg_catalog.pg_db_role_setting' THEN EXISTS (
        SELECT FROM pg_catalog.pg_db_role_setting s WHERE age(s.xmin) <= 0 AND s.setdatabase <> {_OURS})
      WHEN 'pg_catalog.pg_database' THEN EXISTS (
        SELECT FROM pg_catalog.pg_database d WHERE age(d.xmin) <= 0 AND d.oid <> {_OURS})
      WHEN 'pg_catalog.pg_shdescription' THEN EXISTS (
        SELECT FROM pg_catalog.pg_shdescription s WHERE age(s.xmin) <= 0 AND s.objoid <> {_OURS})
      ELSE true END)
""".encode()  # noqa: S608 (of this module's own words)


def refuse_cluster_changes(connection: psycopg.Connection) -> None:
    """Look at the open transaction before it commits.

    :raises TouchesClusterError: when it changed what the whole cluster shares.
    """
    if connection.execute(_CHANGED_SHARED_CATALOGS).fetchone() == (True,):
        raise TouchesClusterError
