"""Asks the server for pages of the catalog in one round trip, and leaves the session as it was.

A page is one kind's rows (``records.py``). All kinds of a group are one prepared statement, since planning them takes
longer than running them. It lives in the session, so that DISCARD ALL or DEALLOCATE ALL takes it away: it is then
prepared again.

The groups are the common kinds, the seldom ones, and those of the whole cluster. Half the time of a small database
goes into kinds of which it has no object, or whose objects take long to find and hardly ever change. That they are what
they were is told by the server's counters of the rows that the open transaction has written to their catalogs, if it is
known what they were when the transaction began.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psycopg import errors
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog import records
from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.kinds.kind import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    import psycopg
    from psycopg.pq.abc import PGresult

    from pytest_migrations.catalog.kinds.kind import Kind

#: Text of expressions depends on these (PostgreSQL docs, "Client Connection Defaults"). The session's own user reads,
#: whoever a script has become. Without statistics, as in a database that was just filled, the planner takes catalogs
#: for small and would loop over them.
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
set local standard_conforming_strings = on;
set local lc_monetary = 'C';
set local jit = off;
set local plan_cache_mode = auto;
set local max_parallel_workers_per_gather = 0;
set local enable_nestloop = off;
"""
_OUTSIDE = ("begin isolation level read committed read only;", "commit;")
_INSIDE = (
    "savepoint pytest_migrations_catalog;",
    "rollback to savepoint pytest_migrations_catalog; release savepoint pytest_migrations_catalog;",
)
_COMMON, _SELDOM, _SHARED = "pytest_migrations_common", "pytest_migrations_seldom", "pytest_migrations_cluster"
#: The page that tells what the seldom kinds depend on.
SIGNS = "signs of seldom kinds"

#: The sessions that have been asked before, with who they are.
_readers: WeakKeyDictionary[psycopg.Connection[Any], Reader] = WeakKeyDictionary()

#: The first line of every kind's page, for each reader.
_headings: dict[Reader, dict[str, bytes]] = {}

Pages = dict[str, bytes]


def read_pages(connection: psycopg.Connection[Any], *, cluster: bool, since: Mapping[str, bytes] | None) -> Pages:
    """The page of every kind by the kind's name, read in autocommit or inside the open transaction.

    ``since`` are the pages of the state in which the open transaction began, where they are known.
    Raises psycopg.Error where the server does, as in a transaction that has failed already.
    """
    groups = [_COMMON, _SHARED] if cluster else [_COMMON]
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    if since is None or idle or any(since.get(kind.name) for kind in KINDS if kind.rare_in):
        return _ask(connection, [*groups, _SELDOM])
    pages = {kind.name: since[kind.name] for kind in _GROUPS[_SELDOM]} | _ask(connection, groups)
    if not _same_signs(since.get(SIGNS), pages[SIGNS]):
        pages |= _ask(connection, [_SELDOM])
    return pages


def _same_signs(before: bytes | None, after: bytes) -> bool:
    """Whether no catalog of a rare kind was touched, and the members of extensions are the same."""
    signs = json.loads(after)
    return before is not None and not signs["touched"] and signs["members"] == json.loads(before)["members"]


def _ask(connection: psycopg.Connection[Any], groups: Sequence[str]) -> Pages:
    asking = "; ".join(f"execute {group}" for group in groups)
    if connection not in _readers:
        _readers[connection] = _who(connection)
        results = pinned(connection, _prepare_missing(connection, groups) + asking)
    else:
        try:
            results = pinned(connection, asking)
        except errors.InvalidSqlStatementName:
            results = pinned(connection, _prepare_missing(connection, groups) + asking)
        except errors.InsufficientPrivilege:  # a migration took the rights of its own superuser away
            _readers[connection] = _who(connection)
            for group in groups:
                pinned(connection, f"deallocate {group}")
            results = pinned(connection, _prepare_missing(connection, groups) + asking)
    headings = _headings[_readers[connection]]
    pages = {}
    for result in results:
        for row in range(result.ntuples):
            name, rows = (result.get_value(row, 0) or b"").decode(), result.get_value(row, 1)
            pages[name] = headings.get(name, b"") + rows if rows else b""
    return pages


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


def _prepare_missing(connection: psycopg.Connection[Any], groups: Sequence[str]) -> str:
    (result,) = pinned(connection, "select name from pg_prepared_statements")
    present = {result.get_value(row, 0) for row in range(result.ntuples)}
    reader = _readers[connection]
    if reader not in _headings:
        _headings[reader] = {kind.name: records.heading(connection, kind.sql(reader)) for kind in KINDS}
    return "".join(f"prepare {group} as {_union(group, reader)};" for group in groups if group.encode() not in present)


def _union(group: str, reader: Reader) -> str:
    pages = [f"select '{kind.name}', ({_page(kind, reader)})" for kind in _GROUPS[group]]
    if group == _COMMON:
        pages += [
            f"select '{kind.name}', ({_page(kind, reader)}) where {_written('updated', 'deleted', catalogs=kind.changes_with)}"
            for kind in KINDS
            if kind.changes_with
        ]
        pages.append(_SIGNS_QUERY)
    return " union all ".join(pages)


def _page(kind: Kind, reader: Reader) -> str:
    return f"select string_agg(r::text, '' order by r.kind, r.name::text collate \"C\") from ({kind.sql(reader)}) r"  # noqa: S608


def _written(*how: str, catalogs: Iterable[str]) -> str:
    """Whether this transaction has written to a catalog. The counters may hold more (PostgreSQL docs 27.2.2)."""
    counted = " + ".join(f"pg_stat_get_xact_tuples_{manner}(id)" for manner in how)
    names = ", ".join(f"('pg_catalog.{catalog}')" for catalog in catalogs)
    return f"exists (select from (values {names}) c(name), to_regclass(c.name) id where id is not null and {counted} > 0)"  # noqa: S608


_GROUPS = {
    _COMMON: [kind for kind in KINDS if not (kind.shared or kind.rare_in or kind.changes_with)],
    _SELDOM: [kind for kind in KINDS if kind.rare_in or kind.changes_with],
    _SHARED: [kind for kind in KINDS if kind.shared],
}
_RARE_IN = ["pg_extension", *(catalog for kind in KINDS for catalog in kind.rare_in)]
#: An object also turns up when it leaves an extension, which changes no row of its own. With the counters off, nothing
#: is known.
_SIGNS_QUERY = f"""
select '{SIGNS}', json_build_object(
    'touched', current_setting('track_counts') = 'off'
        or {_written("inserted", "updated", "deleted", catalogs=_RARE_IN)},
    'members', (select count(*) || ' ' || coalesce(sum(objid::int8 * (classid::int8 % 997 + 1)), 0)
        from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'e'))::text
"""  # noqa: S608 (of this package's own words)
