"""Asks the server for pages of the catalog in one round trip, and leaves the session as it was.

A page is one kind's rows (``records.py``). All kinds of a group (``groups.py``) are one prepared statement, since
planning them takes longer than running them. It lives in the session, so that DISCARD ALL or DEALLOCATE ALL takes it
away: it is then prepared again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psycopg import errors
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.groups import KINDS_OF, Group, names_of, statement
from pytest_migrations.catalog.kinds.kind import Reader
from pytest_migrations.catalog.records import Heading, Page, heading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
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
set local plan_cache_mode = force_generic_plan;
set local max_parallel_workers_per_gather = 0;
set local enable_nestloop = off;
"""
_OUTSIDE = ("begin isolation level read committed read only;", "commit;")
_INSIDE = (
    "savepoint pytest_migrations_catalog;",
    "rollback to savepoint pytest_migrations_catalog; release savepoint pytest_migrations_catalog;",
)
#: The sessions that have been asked before, with who they are.
_readers: WeakKeyDictionary[psycopg.Connection[Any], Reader] = WeakKeyDictionary()

#: What the rows of every kind's page are, for each reader.
_headings: dict[Reader, dict[str, Heading]] = {}
_NO_HEADING = Heading((), ())


def ask(connection: psycopg.Connection[Any], groups: Sequence[Group], relations: Iterable[int] = ()) -> dict[str, Page]:
    """The pages of some groups by their names; ``relations`` are those that PARTS_OF_SOME is asked for.

    Raises psycopg.Error where the server does, as in a transaction that has failed already.
    """
    some = f"('{{{','.join(map(str, relations))}}}')"
    asking = "; ".join(f"execute {group.value}{some if group is Group.PARTS_OF_SOME else ''}" for group in groups)
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
            pinned(connection, _deallocate_all(connection))
            results = pinned(connection, _prepare_missing(connection, groups) + asking)
    texts: dict[str, dict[int, bytes]] = {name: {} for group in groups for name in names_of(group)}
    for result in results:
        for row in range(result.ntuples):
            name, relation, text = (result.get_value(row, column) for column in range(3))
            of = texts.setdefault((name or b"").decode(), {})
            if text:
                of[int(relation or 0)] = text
    headings = _headings[_readers[connection]]
    return {name: Page(headings.get(name, _NO_HEADING), rows) for name, rows in texts.items()}


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


def _prepare_missing(connection: psycopg.Connection[Any], groups: Sequence[Group]) -> str:
    present = _prepared(connection)
    reader = _readers[connection]
    if reader not in _headings:
        kinds = [kind for group in Group for kind in KINDS_OF[group]]
        _headings[reader] = {kind.name: _heading(connection, kind, reader) for kind in kinds}
    return "".join(_prepare(group, reader) for group in groups if group.value not in present)


def _heading(connection: psycopg.Connection[Any], kind: Kind, reader: Reader) -> Heading:
    of = heading(connection, kind.sql(reader))
    return Heading(of.names[1:], of.types[1:]) if kind.parts else of


def _prepare(group: Group, reader: Reader) -> str:
    parameter = "(oid[])" if group is Group.PARTS_OF_SOME else ""
    return f"prepare {group.value}{parameter} as {statement(group, reader)};"


def _deallocate_all(connection: psycopg.Connection[Any]) -> str:
    present = _prepared(connection)
    return "".join(f"deallocate {group.value};" for group in Group if group.value in present)


def _prepared(connection: psycopg.Connection[Any]) -> set[str]:
    (result,) = pinned(connection, "select name from pg_prepared_statements")
    return {(result.get_value(row, 0) or b"").decode() for row in range(result.ntuples)}
