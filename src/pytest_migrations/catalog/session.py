"""Asks the server for pages of the catalog in one round trip, and leaves the session as it was.

A page is one kind's rows (``records.py``). Questions (``questions.py``) are prepared statements, since planning them
takes longer than running them. They live in the session, so that DISCARD ALL or DEALLOCATE ALL takes them away: they
are then prepared again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psycopg import errors
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.kinds import KINDS
from pytest_migrations.catalog.kinds.kind import Reader
from pytest_migrations.catalog.names import NAMES
from pytest_migrations.catalog.records import Heading, Page, heading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    import psycopg
    from psycopg.pq.abc import PGresult

    from pytest_migrations.catalog.kinds.kind import Kind
    from pytest_migrations.catalog.questions import Question

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
#: Temporary objects come first where they are not named, and would hide catalogs from our queries.
NOT_TEMPORARY = "set local search_path = pg_catalog, pg_temp;"
#: For what is asked of a few relations, by their OIDs: the planner would read whole catalogs.
BY_INDEX = "set local enable_nestloop = on; set local enable_hashjoin = off; set local enable_mergejoin = off;"
#: The sessions that have been asked before, with who they are.
_readers: WeakKeyDictionary[psycopg.Connection[Any], Reader] = WeakKeyDictionary()

#: What the rows of every kind's page are, for each reader.
_headings: dict[Reader, dict[str, Heading]] = {}
_NO_HEADING = Heading((), ())


def ask(connection: psycopg.Connection[Any], questions: Iterable[Question]) -> dict[str, Page]:
    """The pages that answer some questions, by their names.

    Raises psycopg.Error where the server does, as in a transaction that has failed already.
    """
    asked = list(questions)
    if not asked:
        return {}
    others = "".join(question.execute for question in asked if not question.of_few)
    by_index = "".join(question.execute for question in asked if question.of_few)
    asking = others + (by_index and BY_INDEX + by_index)
    if connection not in _readers:
        _readers[connection] = _who(connection)
        results = pinned(connection, NOT_TEMPORARY + _prepare_missing(connection, asked) + asking)
    else:
        try:
            results = pinned(connection, NOT_TEMPORARY + asking)
        except errors.InvalidSqlStatementName:
            results = pinned(connection, NOT_TEMPORARY + _prepare_missing(connection, asked) + asking)
        except errors.InsufficientPrivilege:  # a migration took the rights of its own superuser away
            _readers[connection] = _who(connection)
            pinned(connection, "".join(f"deallocate {statement};" for statement in _prepared(connection)))
            results = pinned(connection, NOT_TEMPORARY + _prepare_missing(connection, asked) + asking)
    texts: dict[str, dict[int, bytes]] = {page: {} for question in asked for page in question.pages}
    for result in results:
        for row in range(result.ntuples):
            name, relation, text = (result.get_value(row, column) for column in range(3))
            if text:
                texts[(name or b"").decode()][int(relation or 0)] = text
    headings = _headings[_readers[connection]]
    return {name: Page(headings.get(name, _NO_HEADING), rows) for name, rows in texts.items()}


def pinned(connection: psycopg.Connection[Any], sql: str, *, first: str = "") -> list[PGresult]:
    """Run statements under the pinned settings, as ``aside`` does it; ``first`` run before, under the session's own."""
    return aside(connection, f"{first} {_PINNED} {sql}")


def aside(connection: psycopg.Connection[Any], sql: str) -> list[PGresult]:
    """Run statements with nothing of it kept, settings included; the results that have columns.

    Raises psycopg.Error where the server does; the transaction is then as it was before.
    """
    status = connection.info.transaction_status
    begin, end = _INSIDE if status != TransactionStatus.IDLE else _OUTSIDE
    cursor = connection.cursor()
    try:
        cursor.execute(f"{begin} {sql}; {end}".encode(), prepare=False)
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


def _prepare_missing(connection: psycopg.Connection[Any], questions: Iterable[Question]) -> str:
    present = _prepared(connection)
    reader = _readers[connection]
    if reader not in _headings:
        _headings[reader] = {kind.name: _heading(connection, kind, reader) for kind in (*KINDS, NAMES)}
    return "".join(question.prepare(reader) for question in questions if question.statement not in present)


def _heading(connection: psycopg.Connection[Any], kind: Kind, reader: Reader) -> Heading:
    of = heading(connection, kind.sql(reader))
    return Heading(of.names[1:], of.types[1:]) if kind.parts else of


def _prepared(connection: psycopg.Connection[Any]) -> set[str]:
    """The names, as SQL needs them, of the statements that we have prepared in the session."""
    (result,) = pinned(
        connection, "select quote_ident(name) from pg_prepared_statements where name like 'pytest\\_migrations %'"
    )
    return {(result.get_value(row, 0) or b"").decode() for row in range(result.ntuples)}
