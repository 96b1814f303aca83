"""Functions that may write, whichever way a statement comes to call them: what they do is not undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.derive.conftest import tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.catalog.conftest import Server

_STAGE = """
create table log (line text);
create function logs() returns int language plpgsql as $$ begin insert into public.log values ('x'); return 1; end $$;
create function logs(int, int) returns int language plpgsql as 'begin return public.logs(); end';
create function logs_it() returns trigger language plpgsql as 'begin perform public.logs(); return new; end';
create function harmless() returns int language sql stable as 'select 1';
create operator === (leftarg = int, rightarg = int, function = logs);
create aggregate logged(int) (sfunc = logs, stype = int, initcond = '0');
create domain logged_by_default as int default logs();
create domain logged_by_check as int check (logs() > 0);
create domain plain as int;
create view v as select logs() as x;
create view above_v as select x + 1 as y from v;
create materialized view m as select logs() as x;
create table t (a int, b plain);
create table logged_in_t (a int default logs(), b int);
create table checked_t (a int);
insert into checked_t values (1);
alter table checked_t add constraint late check (logs() > 0) not valid;
create table parts (a int check (logs() > 0)) partition by list (a);
create table elsewhere (a int);
create function logs_row(t) returns int language plpgsql as 'begin return public.logs(); end';
"""

_SAID = {
    "select logs()": "what logs() does cannot be seen",
    "select t.logs_row from t": "what logs_row() does cannot be seen",
    "select a === 1 from t": "what the operator === does cannot be seen",
    "select logged(a) from t": "what logged() does cannot be seen",
    "select '1'::logged_by_check": "what the type logged_by_check does cannot be seen",
    "select y from above_v": "what above_v does cannot be seen",
    "declare c cursor for select logs(); fetch all from c": "what logs() does cannot be seen",
    "prepare p as select logs(); create table x as execute p": "what the prepared statement p does cannot be seen",
    "create materialized view x as select logs()": "what logs() does cannot be seen",
    "refresh materialized view m": "what m does cannot be seen",
    "alter table t add column c int default logs()": "what logs() does cannot be seen",
    "alter table t add column c logged_by_default": "what the type logged_by_default does cannot be seen",
    "alter table t add check (logs() > 0)": "what logs() does cannot be seen",
    "create table x as select 1 as a; alter table x add check (logs() > 0)": "what logs() does cannot be seen",
    "alter table checked_t validate constraint late": "what the constraint late does cannot be seen",
    "alter domain plain add check (logs() > 0)": "what logs() does cannot be seen",
    "create function later() returns int language sql as 'select logs()'; alter table t add c int default later()": (
        "what later() does cannot be seen"
    ),
    **{
        f"{script}; insert into x values (1)": "rows that were added to public.x are not taken away"
        for script in (
            "create table x (a int, b int default logs())",
            "create table x (a int check (logs() > 0))",
            "create table x (a logged_by_check)",
            "create table x (a int, b logged_by_default)",
            "create table x (like logged_in_t including all)",
            "create table x partition of parts for values in (1)",
            "create table x (a int) partition by list (a); alter table x attach partition elsewhere default",
        )
    },
    "create temp table y (a int); create trigger y after insert on y execute function logs_it(); "
    "insert into y values (1)": ("rows that were added to"),
    "alter table checked_t add b int; update checked_t set b = 1": (
        "the values that the rows of public.checked_t had are not put back"
    ),
    "create table x (a int); alter table elsewhere inherit x; update x set a = 2": (
        "the values that the rows of public.x had are not put back"
    ),
}

_NOTHING_SAID = [
    "select harmless(), now(), count(*), max(a) from t",
    "select * from logged_in_t",
    "create table x as select * from logged_in_t",
    "alter table logged_in_t add column c int default harmless() check (c > 0)",
    "alter table t alter a set default logs()",
    "create table x (a int default logs())",
    "create table x (a int) partition by list (a); create table x1 partition of x default; insert into x values (1)",
    "create table x (id uuid default gen_random_uuid(), at timestamptz default now()); insert into x default values",
]


@pytest.fixture(scope="module")
def staged(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with server.fresh() as connection:
        connection.execute(_STAGE)
        yield connection


@pytest.mark.parametrize("script", _SAID)
def test_what_they_do_is_missing(staged: psycopg.Connection[Any], script: str) -> None:
    assert any(reason.startswith(_SAID[script]) for reason in tried(staged, script).reasons)


@pytest.mark.parametrize("script", _NOTHING_SAID)
def test_where_they_are_not_called_nothing_is_said(staged: psycopg.Connection[Any], script: str) -> None:
    trial = tried(staged, script)
    assert trial.reasons == []
    assert not trial.wrong


def test_extensions_that_only_compute_are_not_suspected(connection: psycopg.Connection[Any]) -> None:
    there = connection.execute("select from pg_available_extensions where name = 'uuid-ossp'").fetchone()
    if there is None:
        pytest.skip("the server comes without uuid-ossp")
    connection.execute('create extension "uuid-ossp"; create table t (a int)')
    assert tried(connection, "alter table t add id uuid default uuid_generate_v4()").reasons == []
