"""Asks the server for pages of the catalog in one round trip, and leaves the session as it was.

A page is one kind's rows as a JSON array. All kinds of a scope are one prepared statement, since planning them takes
longer than running them. It lives in the session, so that DISCARD ALL or DEALLOCATE ALL takes it away: it is then
prepared again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psycopg import errors
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.kinds.kind import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import psycopg
    from psycopg.pq.abc import PGresult

    from pytest_migrations.catalog.kinds.kind import Kind

#: Text of expressions depends on these (PostgreSQL docs, "Client Connection Defaults"). The session's own user reads,
#: whoever a script has become.
_PINNED = """
set local session authorization default;
set local role none;
set local statement_timeout = 0;
set local client_encoding = 'UTF8';
set local search_path = '';
set local timezone = 'UTC';
set local datestyle = 'ISO, MDY';
set local intervalstyle = 'postgres';
set local quote_all_identifiers = off;
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local xmloption = 'content';
set local jit = off;
set local plan_cache_mode = auto;
set local max_parallel_workers_per_gather = 0;
"""
_OUTSIDE = ("begin isolation level read committed read only;", "commit;")
_INSIDE = (
    "savepoint pytest_migrations_catalog;",
    "rollback to savepoint pytest_migrations_catalog; release savepoint pytest_migrations_catalog;",
)
_STATEMENT = "pytest_migrations_catalog"
_SHARED_STATEMENT = "pytest_migrations_cluster"

#: The sessions that have been asked before, with who they are.
_readers: WeakKeyDictionary[psycopg.Connection[Any], Reader] = WeakKeyDictionary()


def read_pages(connection: psycopg.Connection[Any], *, cluster: bool) -> dict[str, bytes]:
    """The page of every kind by the kind's name, read in autocommit or inside the open transaction.

    Raises psycopg.Error where the server does, as in a transaction that has failed already.
    """
    names = [_STATEMENT, _SHARED_STATEMENT] if cluster else [_STATEMENT]
    asking = "; ".join(f"execute {name}" for name in names)
    if connection not in _readers:
        _readers[connection] = _who(connection)
        results = pinned(connection, _prepare_missing(connection, names) + asking)
    else:
        try:
            results = pinned(connection, asking)
        except errors.InvalidSqlStatementName:
            results = pinned(connection, _prepare_missing(connection, names) + asking)
        except errors.InsufficientPrivilege:  # a migration took the rights of its own superuser away
            _readers[connection] = _who(connection)
            pinned(connection, "deallocate all")
            results = pinned(connection, _prepare_missing(connection, names) + asking)
    return {
        (result.get_value(row, 0) or b"").decode(): result.get_value(row, 1) or b"[]"
        for result in results
        for row in range(result.ntuples)
    }


def pinned(connection: psycopg.Connection[Any], sql: str) -> list[PGresult]:
    """Run statements under the pinned settings, with nothing of it kept; the results that have columns.

    Raises psycopg.Error where the server does; the transaction is then as it was before.
    """
    status = connection.info.transaction_status
    begin, end = _INSIDE if status != TransactionStatus.IDLE else _OUTSIDE
    cursor = connection.cursor()
    try:
        cursor.execute(f"{begin} {_PINNED} {sql}; {end}".encode(), prepare=False)
    except BaseException:
        if connection.info.transaction_status == TransactionStatus.INERROR != status:
            connection.execute(b"rollback" if status == TransactionStatus.IDLE else end.encode(), prepare=False)
        raise
    results = []
    more: bool | None = True
    while more:
        if cursor.pgresult is not None and cursor.pgresult.nfields:
            results.append(cursor.pgresult)
        more = cursor.nextset()
    return results


def _who(connection: psycopg.Connection[Any]) -> Reader:
    (result,) = pinned(connection, "select rolsuper from pg_roles where rolname = session_user")
    return Reader(connection.info.server_version // 10000, superuser=result.get_value(0, 0) == b"t")


def _prepare_missing(connection: psycopg.Connection[Any], names: Sequence[str]) -> str:
    (result,) = pinned(connection, "select name from pg_prepared_statements")
    present = {result.get_value(row, 0) for row in range(result.ntuples)}
    reader = _readers[connection]
    return "".join(
        f"prepare {name} as {_union([kind for kind in KINDS if kind.shared == (name == _SHARED_STATEMENT)], reader)};"
        for name in names
        if name.encode() not in present
    )


def _union(kinds: Sequence[Kind], reader: Reader) -> str:
    return " union all ".join(
        f"select '{kind.name}', json_agg(r order by r.kind, r.name::text collate \"C\") from ({kind.sql(reader)}) r"  # noqa: S608
        for kind in kinds
    )
