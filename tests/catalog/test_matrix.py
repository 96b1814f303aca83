"""Pairs of changes that look like inverses of each other, and what they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_migrations.catalog.difference import compare
from pytest_migrations.catalog.snapshot import take_snapshot

if TYPE_CHECKING:
    import psycopg

_STAGE = """
create table t (a int, b int not null default 1, c text, d int);
create table p (id int primary key) partition by list (id);
create table p1 (id int not null);
create function trg() returns trigger language plpgsql as 'begin return new; end';
create type mood as enum ('a', 'c');
"""


class Case(NamedTuple):
    up: str
    down: str
    expected: set[tuple[str, str, str]] = set()  # noqa: RUF012 (never written to)
    before: str = ""
    column_order: bool = False


_CASES = {
    "drop a column": Case("alter table t drop b", "alter table t add b int not null default 1", column_order=True),
    "drop the last column": Case("alter table t drop d", "alter table t add d int"),
    "drop a column with a comment": Case(
        "alter table t drop d",
        "alter table t add d int",
        {("changed", "column", "public.t.d")},
        before="comment on column t.d is 'x'",
    ),
    "drop a column with a grant": Case(
        "alter table t drop d",
        "alter table t add d int",
        {("changed", "column", "public.t.d")},
        before="grant select (d) on t to reader",
    ),
    "drop a column with an index": Case(
        "alter table t drop d",
        "alter table t add d int",
        {("missing", "index", "public.i")},
        before="create index i on t (d)",
    ),
    "add a column": Case("alter table t add e text", "alter table t drop e"),
    "grant": Case("grant select on t to reader", "revoke select on t from reader"),
    "revoke from public": Case(
        "revoke execute on function trg() from public", "grant execute on function trg() to public"
    ),
    "add a value to an enum": Case(
        "alter type mood add value 'b' before 'c'", "drop type mood; create type mood as enum ('a', 'c')"
    ),
    "enum in another order": Case(
        "drop type mood", "create type mood as enum ('c', 'a')", {("changed", "type", "public.mood")}
    ),
    "detach is no inverse of attach": Case(
        "alter table p attach partition p1 for values in (1)",
        "alter table p detach partition p1",
        {("left behind", "constraint", "p1_pkey on public.p1")},
    ),
    "add a primary key": Case(
        "alter table t add primary key (a)",
        "alter table t drop constraint t_pkey",
        {("changed", "column", "public.t.a")},
    ),
    "serial": Case(
        "alter table t drop s",
        "create sequence t_s_seq; alter table t add s int not null default nextval('t_s_seq')",
        {("changed", "sequence", "public.t_s_seq")},
        before="alter table t add s serial",
    ),
    "make a function again": Case(
        "drop function f()",
        "create function f() returns int language sql as 'select 1'",
        {("changed", "function", "public.f()")},
        before="create function f() returns int language sql as 'select 1'; grant all on function f() to reader",
    ),
    "replace a function": Case(
        "create or replace function f() returns int language sql as 'select 2'",
        "create or replace function f() returns int language sql as 'select 1'",
        before="create function f() returns int language sql as 'select 1'; grant all on function f() to reader",
    ),
    "make a view again": Case(
        "drop view v",
        "create view v as select a from t",
        {("changed", "view", "public.v")},
        before="create view v as select a from t; grant select on v to reader",
    ),
    "disable a trigger": Case(
        "alter table t disable trigger g",
        "select",
        {("changed", "trigger", "g on public.t")},
        before="create trigger g before insert on t for each row execute function trg()",
    ),
    "a unique index is no constraint": Case(
        "alter table t drop constraint k",
        "create unique index k on t (a)",
        {("missing", "constraint", "k on public.t"), ("left behind", "index", "public.k")},
        before="alter table t add constraint k unique (a)",
    ),
    "statistics go with their column": Case(
        "alter table t drop d",
        "alter table t add d int",
        {("missing", "statistics", "public.st")},
        before="create statistics st on a, d from t",
    ),
    "row security stays enabled": Case(
        "alter table t enable row level security; create policy po on t using (a > 1)",
        "drop policy po on t",
        {("changed", "table", "public.t")},
    ),
    "owner": Case("alter table t owner to app", "select", {("changed", "table", "public.t")}),
    "an advanced sequence": Case("select nextval('q')", "select", before="create sequence q"),
    "not valid": Case(
        "alter table t validate constraint k",
        "select",
        {("changed", "constraint", "k on public.t")},
        before="alter table t add constraint k check (a > 0) not valid",
    ),
    "set and reset": Case(
        "alter table t alter a set statistics 5, alter c set storage external; alter table t set (fillfactor = 70)",
        "alter table t alter a set statistics -1, alter c set storage extended; alter table t reset (fillfactor)",
    ),
    "replica identity and cluster": Case(
        "alter table t replica identity full, cluster on i",
        "alter table t replica identity default, set without cluster",
        before="create index i on t (a)",
    ),
    "default privileges": Case(
        "alter default privileges grant select on tables to reader",
        "alter default privileges revoke select on tables from reader",
    ),
    "comment": Case("comment on table t is 'x'", "comment on table t is null"),
    "domain constraint": Case(
        "alter domain d add constraint k check (value > 0)",
        "alter domain d drop constraint k",
        before="create domain d as int",
    ),
    "rename and back": Case("alter table t rename a to x", "alter table t rename x to a"),
    "type and back": Case("alter table t alter a type bigint", "alter table t alter a type int"),
    "a dropped table is one": Case(
        "drop table u",
        "select",
        {("missing", "table", "public.u")},
        before="create table u (id serial primary key, x int check (x > 0)); create index on u (x); "
        "comment on column u.x is 'x'; grant select on u to reader; "
        "create trigger g before insert on u for each row execute function trg(); create policy po on u",
    ),
    "a dropped schema is one": Case(
        "drop schema s cascade",
        "select",
        {("missing", "schema", "s")},
        before="create schema s create table u (id int) create view v as select id from u",
    ),
    "a dropped partitioned table is one": Case(
        "drop table p", "select", {("missing", "table", "public.p")}, before="create table p2 partition of p default"
    ),
    "a change to all partitions is one": Case(
        "alter table p add x int not null default 5; create index i on p (x); alter table p add check (x > 0)",
        "select",
        {
            ("left behind", "column", "public.p.x"),
            ("left behind", "index", "public.i"),
            ("left behind", "constraint", "p_x_check on public.p"),
        },
        before="create table p2 partition of p default; create table p3 partition of p for values in (3)",
    ),
    "an owner and its sequence are one": Case(
        "alter table u owner to app", "select", {("changed", "table", "public.u")}, before="create table u (id serial)"
    ),
    "an identity is one": Case(
        "alter table t alter b drop default, alter b add generated always as identity",
        "select",
        {("changed", "column", "public.t.b")},
    ),
}


@pytest.mark.parametrize("name", _CASES)
def test_up_and_down(connection: psycopg.Connection[Any], name: str) -> None:
    case = _CASES[name]
    connection.execute((_STAGE + case.before).encode())
    before = take_snapshot(connection)
    connection.execute(case.up.encode())
    connection.execute(case.down.encode())
    after = take_snapshot(connection)

    comparison = compare(before, after)
    assert {(found.change, found.kind, found.name) for found in comparison.differences} == case.expected
    assert bool(comparison.column_order) is case.column_order
    assert comparison.equal is (before == after)

    opposite = {"missing": "left behind", "left behind": "missing", "changed": "changed"}
    back = {(opposite[found.change], found.kind, found.name) for found in compare(after, before).differences}
    assert back == case.expected
