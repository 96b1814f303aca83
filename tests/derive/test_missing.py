"""What is not undone, and the reasons that are given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.derive.conftest import applied, tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.catalog.conftest import Server

_STAGE = """
create schema s;
create table t (id int primary key, a int, b text);
create table u (id int references t);
create table parts (id int) partition by list (id);
create table parts_1 partition of parts for values in (1);
create index parts_only on only parts (id);
create view v as select id, a from t;
create view w as select id from v;
create sequence q;
create materialized view m as select 1 as one;
create type pair as (x int);
create function f(int) returns int language sql as 'select 1';
create function trg() returns trigger language plpgsql as 'begin return new; end';
create procedure pr() language plpgsql as 'begin null; end';
create type mood as enum ('sad');
create policy p on t using (true);
create table named (n varchar);
create index named_lower on named (lower(n));
"""

_REASONS = {
    "drop table u": "the table public.u is dropped with its rows",
    "alter table t drop column b": "the column public.t.b is dropped with its values",
    "alter table t drop column b, add column b text": "the column public.t.b is dropped with its values",
    "drop materialized view m": "the materialized view public.m is dropped",
    "drop sequence q": "the sequence public.q is dropped",
    "drop type pair": "the composite type public.pair is dropped",
    "drop schema s": "the schema s is dropped",
    "drop view v cascade": "CASCADE takes along view public.w",
    "drop schema s cascade": "CASCADE may take along what was there before",
    "alter table t drop constraint t_pkey cascade": "CASCADE may take along what was there before",
    "alter table t alter b type varchar(5)": (
        "the values of public.t.b were converted, and converting them back may lose some"
    ),
    "alter table named alter n type text": (
        "the index public.named_lower is defined otherwise now, and is not built anew"
    ),
    "alter type mood add value 'glad'": "a value that was added to the enum public.mood cannot be taken away",
    "insert into t values (1)": "rows that were added to public.t are not taken away",
    "update t set a = 1": "the values that the rows of public.t had are not put back",
    "delete from t": "rows that were deleted from public.t are not put back",
    "truncate u": "rows that were deleted from public.u are not put back",
    "merge into t using u on u.id = t.id when matched then delete": "rows of public.t are not put back",
    "with x as (delete from u returning id) select * from x": "rows that were deleted from public.u are not put back",
    "do $$ begin create table x (); end $$": "what it does stands in text that is only read when it runs",
    "call pr()": "what a procedure does cannot be seen",
    "select f(1)": "what f() does cannot be seen",
    "create table x as select f(1)": "what f() does cannot be seen",
    "select lo_create(0)": "what lo_create() does cannot be seen",
    "prepare x as select 1; execute x": "what it does stands in text that is only read when it runs",
    "explain analyze insert into t values (1)": "EXPLAIN ANALYZE runs a statement that is not looked at",
    "create role nobody_else": "it is about what all databases of the server share",
    "create schema x create table y ()": (
        "what is made within CREATE SCHEMA is not looked at: write it as statements of its own"
    ),
    "create or replace view v as select id, a, b from t": (
        "the view public.v has new columns (b), and other objects need it"
    ),
    "create or replace function f(x int) returns int language sql as 'select 1'": (
        "parameters of public.f(integer) have names now, which CREATE OR REPLACE cannot take away"
    ),
    "create table typed of pair; alter type pair add attribute z int cascade": (
        "CASCADE goes on to the tables of the type, and the way back would take along what needs their columns by then"
    ),
    "select setval(oid::regclass, 5) from pg_class where relname = 'q'": (
        "the position of a sequence is set that is not named by a plain string"
    ),
    "alter sequence q maxvalue 1000 restart 500": "a sequence got other bounds and another position at once",
    "grant select (last_value) on q to app": "privileges on the columns of sequences are not looked at",
    "comment on database postgres is 'x'": "nothing is known of such objects",
    "alter policy p on t with check (true)": "ALTER POLICY cannot take away the WITH CHECK of p on public.t",
    "alter table parts detach partition parts_1": (
        "to attach public.parts_1 again would make its part of public.parts_only"
    ),
    "create index x on parts_1 (id); alter index parts_only attach partition x": (
        "public.x is part of public.parts_only for good"
    ),
}


@pytest.fixture(scope="module")
def staged(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with server.fresh() as connection:
        connection.execute(_STAGE)
        yield connection


@pytest.mark.parametrize("script", _REASONS)
def test_it_is_said_what_is_missing(staged: psycopg.Connection[Any], script: str) -> None:
    if script.startswith("merge") and staged.info.server_version < 150000:
        pytest.skip("MERGE came with PostgreSQL 15")
    trial = tried(staged, script)
    assert _REASONS[script] in trial.reasons
    assert f"-- Not undone (line 1): {_REASONS[script]}.\n" in trial.derived.sql


_GRANTED = {
    "table t": "grant select on t to app",
    "table t ": "grant select (a) on t to app",
    "table t  ": "grant select (a) on t to app with grant option; set role app; grant select (a) on t to reader",
    "view v": "grant select (id) on v to app",
    "materialized view m": "grant select (one) on m to app",
    "table serials": "create table serials (id serial); grant usage on serials_id_seq to app",
    "sequence q": "grant usage on sequence q to app",
    "schema s": "grant usage on schema s to app",
    "function f(int)": "grant execute on function f(int) to app",
    "procedure pr()": "grant execute on procedure pr() to app",
    "type mood": "grant usage on type mood to app",
    "type pair": "grant usage on type pair to app",
}


@pytest.mark.parametrize("owned", _GRANTED)
def test_what_a_new_owner_was_granted_before_becomes_his_own(staged: psycopg.Connection[Any], owned: str) -> None:
    staged.execute(f"begin; {_GRANTED[owned]}; reset role".encode())
    try:
        derived = applied(staged, f"alter {owned} owner to app")
    finally:
        staged.execute("rollback")
    assert any("has another owner, and other privileges by that" in missing.reason for missing in derived.missing)


def test_the_rest_is_undone_around_a_comment(staged: psycopg.Connection[Any]) -> None:
    trial = tried(staged, "create table x ();\n\ninsert into t values (1);\nalter table t add c int;")
    assert trial.sql == (
        "ALTER TABLE public.t DROP COLUMN c;\n"
        "-- Not undone (line 3): rows that were added to public.t are not taken away.\n"
        "DROP TABLE public.x;"
    )
    assert str(trial.derived.missing[0].place) == "up.sql:3:1"
    assert not trial.wrong


def test_what_is_said_of_a_hole_is_not_taken_for_sql(staged: psycopg.Connection[Any]) -> None:
    trigger = "create trigger {} after insert on x for each row execute function trg()"
    script = f"create table x (a int); {trigger.format('g')}; insert into x values (1); {trigger.format('h')}"
    assert tried(staged, script).reasons == ["rows that were added to public.x are not taken away"]


def test_an_event_trigger_may_do_more_than_is_said(connection: psycopg.Connection[Any]) -> None:
    connection.execute("create function et() returns event_trigger language plpgsql as 'begin end'")
    connection.execute("create event trigger sees_all on ddl_command_end execute function et()")
    trial = tried(connection, "set work_mem = '1MB'; create table x (); create table y ()")
    said = "the event trigger sees_all may do more than the statements of this script say"
    assert trial.reasons == [said]
    connection.execute("alter event trigger sees_all disable")
    assert tried(connection, "create table x ()").reasons == []


@pytest.mark.parametrize(
    "trigger", ["insert into other values (1)", "alter table other add column x int"], ids=["rows", "schema"]
)
def test_rows_of_a_new_table_are_its_own_unless_its_triggers_go_further(
    connection: psycopg.Connection[Any], trigger: str
) -> None:
    connection.execute("create table other (id int)")
    connection.execute(
        f"create function far() returns trigger language plpgsql as $$ begin {trigger}; return null; end $$"
    )
    script = (
        "create table x (a int); create trigger far after insert on x execute function far(); insert into x values (1)"
    )
    assert tried(connection, script).reasons == ["rows that were added to public.x are not taken away"]


def test_a_statement_that_the_grammar_does_not_know_is_missing(connection: psycopg.Connection[Any]) -> None:
    from pathlib import Path

    from pytest_migrations.derive.derivation import Derivation
    from pytest_migrations.migration import Script, Statement

    statement = Statement(Script(Path("x.sql"), "", "whatever"), 0, "whatever")
    derivation = Derivation(connection)
    derivation.before(statement)
    derivation.after(statement)
    assert [missing.reason for missing in derivation.result().missing] == ["the grammar does not know it"]
