from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.catalog.difference import compare
from pytest_migrations.catalog.respelling import settle
from pytest_migrations.catalog.snapshot import take_snapshot

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.catalog.difference import Comparison

_STAGE = """
create table t (id int, c varchar(10), "c.d" varchar(5), g varchar(9));
create table u (id int);
create function trg() returns trigger language plpgsql as 'begin return new; end';
"""

# What is made, and the text from which it is made again: the first print of it, or something that means another.
_CASES = {
    "check": (
        "alter table t add constraint k check (c in ('x', 'y'))",
        "alter table t drop constraint k; alter table t add constraint k {constraint k on public.t|definition}",
    ),
    "domain check": (
        "create domain d as varchar constraint k check (value in ('x', 'y'))",
        "alter domain d drop constraint k; alter domain d add constraint k {constraint k on public.d|definition}",
    ),
    "domain default": (
        "create domain d as varchar(3) default 'x'",
        "alter domain d set default {type public.d|default}",
    ),
    "view": (
        "create view v as select id, c from t where c in ('x', 'y') and id between 1 and 3",
        "drop view v; create view v as {view public.v|definition}",
    ),
    "materialized view": (
        "create materialized view v as select id from t where c in ('x', 'y')",
        "drop materialized view v; create materialized view v as {materialized view public.v|definition}",
    ),
    "default": (
        "alter table t alter \"c.d\" set default case when current_user in ('x', 'y') then 'a' end",
        'alter table t alter "c.d" set default {column public.t."c.d"|default}',
    ),
    "generated": (
        "alter table t add gen boolean generated always as (c in ('x', 'y')) stored",
        "alter table t drop gen, add gen bool generated always as ({column public.t.gen|expression}) stored",
    ),
    "index": (
        "create index \"i i\" on t (id) where c in ('x', 'y')",
        'drop index "i i"; {index public."i i"|definition}',
    ),
    "index expression": (
        "create index i on t ((g in ('x', 'y')))",
        "drop index i; {index public.i|definition}",
    ),
    "policy": (
        "create policy p on t using (c in ('x', 'y')) with check (g in ('x', 'y'))",
        "alter policy p on t using ({policy p on public.t|using}) with check ({policy p on public.t|with check})",
    ),
    "trigger": (
        "create trigger g before insert on t for each row when (new.c in ('x', 'y')) execute function trg()",
        "drop trigger g on t; {trigger g on public.t|definition}",
    ),
    "rule": (
        "create rule r as on insert to t where new.c in ('x', 'y') do also delete from u where id = new.id",
        "drop rule r on t; {rule r on public.t|definition}",
    ),
}


@pytest.mark.parametrize("case", _CASES)
def test_what_only_went_through_a_reload_is_no_difference(connection: psycopg.Connection[Any], case: str) -> None:
    make, again = _CASES[case]
    connection.execute(_STAGE.encode())
    connection.execute(make.encode())
    before = take_snapshot(connection)
    connection.execute("begin")
    connection.execute(_filled(again, before).encode())
    after = take_snapshot(connection)
    comparison = compare(before, after)
    settled = settle(connection, comparison, after)
    assert settled.equal
    assert settled.respelled == comparison.differences
    assert take_snapshot(connection) == after
    connection.execute("rollback")


@pytest.mark.parametrize("case", _CASES)
def test_what_means_something_else_stays_a_difference(connection: psycopg.Connection[Any], case: str) -> None:
    make, again = _CASES[case]
    connection.execute(_STAGE.encode())
    connection.execute(make.encode())
    before = take_snapshot(connection)
    connection.execute("begin")
    other = _filled(again, before).replace("'x'", "'z'")
    connection.execute(other.encode())
    after = take_snapshot(connection)
    settled = settle(connection, compare(before, after), after)
    assert len(settled.differences) == 1
    assert not settled.respelled
    connection.execute("rollback")


_MOMENTS = {
    "default": "alter table t add at timestamp default 'now'::timestamp",
    "with time zone": "alter table t add at timestamptz default 'now'::timestamptz",
    "view": "create view v as select id, timezone('utc', 'now'::timestamp) as read_at from t",
}


@pytest.mark.parametrize("make", _MOMENTS.values(), ids=_MOMENTS)
def test_the_moment_at_which_a_script_ran_is_no_difference(connection: psycopg.Connection[Any], make: str) -> None:
    again = "drop view v; " if "view" in make else "alter table t drop at; "
    settled = _after_again(connection, make, again + make)
    assert settled.equal
    assert len(settled.respelled) == 1


def test_another_moment_stays_a_difference(connection: psycopg.Connection[Any]) -> None:
    make = "alter table t add at timestamp default '2001-02-03 04:05:06'"
    assert _after_again(connection, make, "alter table t alter at set default '2001-02-03 04:05:07'").differences
    assert _after_again(connection, make, "alter table t alter at set default 'now'::timestamp").differences


def _after_again(connection: psycopg.Connection[Any], make: str, again: str) -> Comparison:
    connection.execute(("drop table if exists t cascade; create table t (id int);" + make).encode())
    before = take_snapshot(connection)
    with connection.transaction(force_rollback=True):
        connection.execute(again.encode())
        after = take_snapshot(connection)
        return settle(connection, compare(before, after), after)


def _filled(text: str, snapshot: Any) -> str:
    texts = {f"{{{key}|{field}}}": value for key in snapshot for field, value in snapshot[key].items()}
    for place, value in texts.items():
        text = text.replace(place, value)
    return text
