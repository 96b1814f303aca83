"""What we see and pg_dump does not, and what we forgive: the exceptions that the design names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.catalog.difference import compare
from pytest_migrations.catalog.snapshot import take_snapshot
from tests.catalog.dumps import entries

if TYPE_CHECKING:
    import psycopg

    from tests.catalog.conftest import Server

_STAGE = """
create table t (id int primary key, a int, b int);
create table r (t_id int constraint fk references t);
create index i on t (a);
create materialized view m as select 1 as one;
"""

_SEEN = {
    "an invalid index": (
        "update pg_index set indisvalid = false where indexrelid = 'i'::regclass",
        "index public.i",
        "invalid: none -> true",
    ),
    "an unpopulated materialized view": (
        "refresh materialized view m with no data",
        "materialized view public.m",
        "populated: true -> false",
    ),
    "disabled triggers of a foreign key": (
        "alter table r disable trigger all",
        "constraint fk on public.r",
        "triggers disabled: none -> true",
    ),
    "a setting of the database": (
        "do $$ begin execute format('alter database %I set work_mem = 999', current_database()); end $$",
        "database setting work_mem",
        "999",
    ),
    "a setting of a role in the database": (
        "do $$ begin execute format('alter role app in database %I set work_mem = 999', current_database()); end $$",
        "database setting work_mem for app",
        "999",
    ),
    "a privilege on the database": (
        "do $$ begin execute format('revoke connect on database %I from public', current_database()); end $$",
        "database this database",
        None,
    ),
}


@pytest.mark.parametrize("case", _SEEN)
def test_seen_by_us_alone(server: Server, connection: psycopg.Connection[Any], case: str) -> None:
    change, key, text = _SEEN[case]
    connection.execute(_STAGE.encode())
    before, dump = take_snapshot(connection), entries(server.dump(connection))
    connection.execute(change.encode())
    after = take_snapshot(connection)
    (found,) = compare(before, after).differences
    assert str(found.key) == key
    assert text in {None, found.text}
    if case != "an invalid index":
        assert entries(server.dump(connection)) == dump


_FORGIVEN = {
    "the order of storage options": (
        "alter table t set (fillfactor = 70, autovacuum_enabled = off)",
        "alter table t reset (fillfactor); alter table t set (fillfactor = 70)",
    ),
    "the order of grants": (
        "grant select on t to app; grant select on t to reader",
        "revoke all on t from app; grant select on t to app",
    ),
    "the automatic name of a not null": (
        "alter table t alter a set not null; alter table t rename a to aa",
        "alter table t alter aa drop not null; alter table t alter aa set not null",
    ),
    "the order of columns": (
        "select",
        "alter table t drop a cascade; alter table t add a int; create index i on t (a)",
    ),
}


@pytest.mark.parametrize("case", _FORGIVEN)
def test_forgiven(connection: psycopg.Connection[Any], case: str) -> None:
    first, second = _FORGIVEN[case]
    connection.execute(_STAGE.encode())
    connection.execute(first.encode())
    before = take_snapshot(connection)
    connection.execute(second.encode())
    comparison = compare(before, take_snapshot(connection))
    assert comparison.differences == ()
    assert bool(comparison.column_order) is (case == "the order of columns")


def test_roles_only_where_the_cluster_is_asked_for(connection: psycopg.Connection[Any]) -> None:
    before, with_cluster = take_snapshot(connection), take_snapshot(connection, cluster=True)
    connection.execute("begin; create role newcomer in role app; alter role newcomer set work_mem = 999")
    assert take_snapshot(connection) == before
    found = compare(with_cluster, take_snapshot(connection, cluster=True)).differences
    assert [(difference.change, str(difference.key)) for difference in found] == [("left behind", "role newcomer")]
    connection.execute("rollback")
