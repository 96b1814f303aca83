"""A snapshot that leaves out what the open transaction has not touched is the full one, whatever was done in it.

PYTEST_MIGRATIONS_EXAMPLES=2000 digs deeper than the default.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_migrations.catalog.difference import compare, describe
from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from tests.catalog.commands import CHAPTERS, chapter
from tests.catalog.stale import CASES
from tests.catalog.test_against_pg_dump import _STAGE, _statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.catalog.conftest import Server


def _difference(short: Snapshot, full: Snapshot) -> str:
    """What the two know differently, with everything that a snapshot knows of an object."""
    if (found := compare(full, short)) and not found.equal:
        return describe(found)
    if dict(short.column_order) != dict(full.column_order):
        return "column order"
    relatives = [(key, short.parents(key), short.follows(key)) for key in short]
    return "" if sorted(relatives) == sorted((k, full.parents(k), full.follows(k)) for k in full) else "relatives"


def _has_what_it_names(connection: psycopg.Connection[Any]) -> Callable[[str], bool]:
    """Tell statements that can run here: not every installation has the extension hstore."""
    found = connection.execute("select from pg_available_extensions where name = 'hstore'").fetchone()
    return lambda statement: found is not None or "hstore" not in statement


def _attempt(connection: psycopg.Connection[Any], statement: str) -> str:
    """Run a statement, and tell why that does not go; empty where it does."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return f"{statement}: {error}"
    return ""


def _try_each(
    connection: psycopg.Connection[Any], statements: Iterable[str], *, undone: Iterable[bool], all_run: bool = False
) -> list[str]:
    """Run the statements in one transaction; those that are ``undone`` are rolled back to a savepoint."""
    wrong: list[str] = []
    begun = _flushed(connection)
    connection.execute("begin")
    done: list[str] = []
    for statement, undo in zip(statements, undone, strict=False):
        connection.execute("savepoint here")
        if refused := _attempt(connection, statement):
            connection.execute("rollback to here")
            wrong += [refused] if all_run else []
            continue
        done.append(statement)
        if difference := _difference(take_snapshot(connection, since=begun), take_snapshot(connection)):
            wrong.append(f"{statement}\n  short against full: {difference}")
        if undo:
            connection.execute("rollback to here")
            if difference := _difference(take_snapshot(connection, since=begun), take_snapshot(connection)):
                wrong.append(f"{statement}, undone\n  short against full: {difference}")
    connection.execute("rollback")
    if difference := _difference(take_snapshot(connection), begun):
        wrong.append(f"after the transaction: {difference}")
    return [*done, *wrong] if wrong else []


_NEIGHBOURS = """
create schema s;
create sequence q;
create type mood as enum ('sad', 'glad');
create type pair as (x int, y text);
create domain positive as int check (value > 0);
create collation plain from "C";
create function f(int) returns bool immutable language sql as 'select $1 > 0';
create function t() returns trigger language plpgsql as 'begin return new; end';
create role someone;
create table a (id int primary key, b int unique, m mood default 'sad', c text collate plain, check (f(b)));
create table refers (
    a_id int references a, n int default nextval('q'), p positive, check (row(1, 'x')::pair is not null)
);
create table untracked (tables regclass[] default '{a}'::regclass[]);
create table p (id int, part int, primary key (id, part)) partition by list (part);
create table p1 partition of p for values in (1);
create index p_part on p (part);
create table kid () inherits (a);
create table wide (r pair, k kid, check ((r).x > 0));
create view v as select a.id, r.n from a join refers r on r.a_id = a.id;
create view vv as select v.* from v;
create materialized view mv as select * from a;
create index mv_id on mv (id);
create rule r as on delete to refers
    do also insert into untracked select array['a'::regclass] from a where a.id = old.a_id;
create policy pol on refers using (a_id in (select a.id from a where a.b > 0));
create trigger trg before update of b on a for each row when (new.b > 0) execute function t();
create statistics st on id, b from a;
create foreign data wrapper w;
create server w foreign data wrapper w;
create foreign table far (id int) server w;
"""
_EXTENSION = "create extension hstore; create table stored (h hstore default ''::hstore)"
_CHANGES = """
alter table a rename to a2
alter table a rename id to id2
alter table a rename constraint a_pkey to key
alter table a rename constraint a_b_check to b_check
alter index a_b_key rename to b_key
alter table a set schema s
alter table a add column e int
alter table a drop column id cascade
alter table a drop constraint a_pkey cascade
alter table a alter id set statistics 7
alter table a disable trigger all
alter table a owner to someone
alter table a set (toast.autovacuum_enabled = false)
alter table a add column n int; alter table a alter n set default 1, alter b set not null; alter table a rename b to bb
alter table a drop constraint a_b_check, drop column b cascade
drop table a cascade
drop table untracked cascade; drop table a cascade
alter sequence q rename to q2
alter sequence q owned by refers.n
alter sequence q increment 2
alter sequence q set schema s
alter table refers alter a_id set not null, alter a_id add generated always as identity
alter type mood rename value 'sad' to 'low'
alter type mood rename to state
alter type mood add value 'new' before 'sad'
alter type pair add attribute z int
alter type pair rename attribute x to xx
alter type pair rename to duo
alter type pair set schema s
alter domain positive rename to natural_number
alter collation plain rename to bare
alter function f(int) rename to g
alter function f(int) set schema s
alter schema public rename to private
alter role someone rename to nobody_else
grant select (id) on a to someone
grant select on v to someone
grant all on far to someone
alter table p rename to pp
alter table p rename part to kind
alter table p rename constraint p_pkey to key
alter index p_part rename to by_part
alter table p detach partition p1
alter table p1 rename to p2
alter table kid no inherit a
alter view v rename to view2
alter view v rename id to id2
alter view v alter column id set default 7
alter view v set (security_barrier)
alter view v owner to someone
comment on view v is 'v'
comment on column v.id is 'id'
comment on column a.id is 'id'
comment on index mv_id is 'i'
comment on constraint a_pkey on a is 'k'
comment on constraint refers_a_id_fkey on refers is 'k'
comment on index a_b_key is 'i'
comment on trigger trg on a is 't'
comment on policy pol on refers is 'p'
comment on rule r on refers is 'r'
comment on statistics st is 's'
comment on foreign table far is 'f'
create or replace view v as select a.id, r.n, 1 as more from a join refers r on r.a_id = a.id
refresh materialized view mv with no data
alter materialized view mv set (fillfactor = 70)
alter index mv_id set (fillfactor = 70)
cluster mv using mv_id
alter rule r on refers rename to r2
alter table refers disable rule r
alter policy pol on refers rename to pol2
alter policy pol on refers using (true)
alter trigger trg on a rename to trg2
alter table a disable trigger trg
alter statistics st rename to st2
alter extension hstore set schema s
alter extension hstore drop type hstore
alter extension hstore add table refers
alter function f(int) depends on extension plpgsql
alter index mv_id depends on extension plpgsql
alter materialized view mv depends on extension plpgsql
alter trigger trg on a depends on extension plpgsql
alter server w rename to w2
alter foreign table far options (add x 'y')
create operator class mine default for type mood using hash as function 1 hashenum(anyenum)
create temporary table passing (id int primary key); drop table passing
update pg_index set indisvalid = false where indexrelid = 'mv_id'::regclass
delete from pg_constraint where conname = 'a_b_check'
delete from pg_description where objoid = 'a'::regclass
set local track_counts = off; alter type mood rename to state
analyze
create table fresh (like a including all)
create table fresh (a_id int references a, check (f(a_id)))
truncate a cascade
""".strip().splitlines()


@pytest.mark.parametrize("undo", [False, True], ids=["kept", "undone"])
def test_what_one_object_changes_in_others(server: Server, *, undo: bool) -> None:
    with server.fresh() as connection:
        connection.execute(_NEIGHBOURS.encode())
        can_run = _has_what_it_names(connection)
        if can_run(_EXTENSION):
            connection.execute(_EXTENSION.encode())
        connection.execute("comment on table a is 'a'")
        changes = filter(can_run, _CHANGES)
        try:
            wrong = [_try_each(connection, [change], undone=[undo], all_run=True) for change in changes]
        finally:
            connection.execute("drop owned by someone; drop role someone")
        assert not any(wrong), "\n".join("\n".join(one) for one in wrong if one)


@pytest.mark.parametrize("name", CASES)
def test_what_could_be_stale(server: Server, name: str) -> None:
    """In a transaction whose counters begin at nothing, so that the short way is taken where it can be."""
    stage, *changes = CASES[name]
    with server.fresh() as connection:
        if not all(map(_has_what_it_names(connection), CASES[name])):
            pytest.skip("this server comes without hstore")
        connection.execute(stage.encode())
        try:
            begun = _flushed(connection)
            connection.execute("begin")
            for change in changes:
                connection.execute(change.encode())
                difference = _difference(take_snapshot(connection, since=begun), take_snapshot(connection))
                assert not difference, f"{change}: {difference}"
        finally:
            connection.rollback()
            _attempt(connection, "drop owned by rr; drop role rr")


def _flushed(connection: psycopg.Connection[Any]) -> Snapshot:
    """What there is, after the session has handed in what it has counted so far."""
    if connection.info.server_version >= 150000:
        connection.execute("select pg_stat_force_next_flush()")
    return take_snapshot(connection)


@pytest.mark.parametrize("name", CHAPTERS)
def test_after_every_command(connection: psycopg.Connection[Any], name: str) -> None:
    """Each in a transaction of its own: one that makes a function has all relations read again until it ends."""
    stage, changes = chapter(name, connection.info.server_version // 10000)
    for statement in stage:
        connection.execute(statement.encode())
    wrong = []
    for change in changes:
        begun = _flushed(connection)
        connection.execute("begin")
        connection.execute(change.encode())
        if difference := _difference(take_snapshot(connection, since=begun), take_snapshot(connection)):
            wrong.append(f"{change}\n  short against full: {difference}")
        connection.execute("commit")
    assert not wrong, "\n".join(wrong)


@settings(
    max_examples=int(os.environ.get("PYTEST_MIGRATIONS_EXAMPLES", "8")),
    deadline=None,
    derandomize="PYTEST_MIGRATIONS_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(
    before=st.lists(_statements(), max_size=20),
    statements=st.lists(_statements(), min_size=25, max_size=60),
    undone=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_after_whatever_hypothesis_thinks_of(
    server: Server, before: list[str], statements: list[str], undone: list[bool]
) -> None:
    with server.fresh() as connection:
        connection.execute(_STAGE.encode())
        for statement in before:
            _attempt(connection, statement)
        wrong = _try_each(connection, statements, undone=undone)
        assert not wrong, "\n".join(wrong)
