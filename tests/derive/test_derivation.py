"""A derivation beside a Runner: scripts that are run anew, that commit, that hinder it, that are programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.catalog.session import aside
from pytest_migrations.catalog.snapshot import take_snapshot
from pytest_migrations.derive.derivation import Derivation
from pytest_migrations.failure import MigrationError
from pytest_migrations.migration import Migration, Program, Script
from pytest_migrations.runner import Runner
from pytest_migrations.sql.grammar import statements
from tests.derive.conftest import applied, rolled_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.derive.derivation import Derived

    Make = Callable[..., Migration]


def derived(
    connection: psycopg.Connection[Any], migration: Migration, guard: Callable[[], None] | None = None
) -> Derived:
    derivation = Derivation(connection)
    Runner(connection, before_statement=derivation.before, after_statement=derivation.after, guard=guard).apply(
        migration
    )
    return derivation.result()


@pytest.mark.parametrize("guard", [None, lambda: None], ids=["", "guarded"])
@pytest.mark.parametrize(
    "script",
    [
        "create table x (a int); create index concurrently x_a on x (a); create index concurrently t_a on t (a);",
        "create table x (a int); vacuum; alter table t add b int;",
        "begin; create table x (a int); commit; alter table t add b int; begin; drop table x; commit;",
        "alter type mood add value if not exists 'sad'; create table x (a int); do $$ begin commit; end $$",
        "create type x as enum ('a'); alter type x add value 'b'; alter table t add b x default 'b';",
    ],
)
def test_a_script_that_commits_in_between_is_undone(
    connection: psycopg.Connection[Any], make_migration: Make, script: str, guard: Callable[[], None] | None
) -> None:
    connection.execute("create table t (a int); create type mood as enum ('sad')")
    before = take_snapshot(connection)
    way_back = derived(connection, make_migration(script), guard)
    hidden = ["what it does stands in text that is only read when it runs"] if "do $$" in script else []
    assert [missing.reason for missing in way_back.missing] == hidden
    assert not rolled_back(connection, way_back, before)


def test_what_the_script_rolls_back_needs_no_way_back(
    connection: psycopg.Connection[Any], make_migration: Make
) -> None:
    script = (
        "create table x (); begin; create table y (); rollback; begin; create table z (); savepoint a; drop table z; "
        "savepoint b; create table w (); rollback to b; rollback to savepoint a; release a; commit; rollback"
    )
    assert derived(connection, make_migration(script)).sql == "DROP TABLE public.z;\nDROP TABLE public.x;\n"


def test_statements_that_come_again_replace_those_before(connection: psycopg.Connection[Any]) -> None:
    text = "create table x (); create table y ()"
    first, second = statements(Script(Path("x.sql"), text, text))
    derivation = Derivation(connection)
    for statement in (first, second):
        derivation.before(statement)
        derivation.after(statement)
    derivation.before(first)
    derivation.before(first)
    derivation.after(first)
    assert derivation.result().sql == "DROP TABLE public.x;\n"


def test_a_script_that_comes_again_is_followed_on_the_path_that_it_has_then(
    connection: psycopg.Connection[Any],
) -> None:
    connection.execute("create schema s")
    text = "create table x (); set search_path = s; create table y ()"
    first, setting, last = statements(Script(Path("x.sql"), text, text))
    derivation = Derivation(connection)
    for statement in (first, setting, last, first):
        if statement is first:
            connection.execute("rollback; begin")
        derivation.before(statement)
        connection.execute(statement.text.encode())
        derivation.after(statement)
    assert derivation.result().sql == "DROP TABLE public.x;\n"
    connection.execute("rollback")


@pytest.mark.parametrize("forgetting", ["deallocate all", "discard all"])
def test_a_script_may_take_our_prepared_statements_away(
    connection: psycopg.Connection[Any], make_migration: Make, forgetting: str
) -> None:
    connection.execute("create table t (a int)")
    script = f"alter table t alter a set not null; {forgetting}; alter table t alter a set default 5"
    for _ in range(2):
        before = take_snapshot(connection)
        way_back = derived(connection, make_migration(script))
        assert not way_back.missing
        assert not rolled_back(connection, way_back, before)


def test_what_cannot_be_read_is_missing_and_the_script_goes_on(
    connection: psycopg.Connection[Any], make_migration: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("create table t (a int)")
    monkeypatch.setattr("pytest_migrations.derive.catalog.NOT_TEMPORARY", "select 1/0;")
    way_back = derived(connection, make_migration("alter table t alter a set default 5; create table x ()"))
    assert [m.reason for m in way_back.missing] == ["what it changes could not be read: division by zero"]
    assert way_back.sql.startswith("DROP TABLE public.x;\n-- Not undone (line 1): ")


def test_a_failing_statement_is_blamed_for_itself(connection: psycopg.Connection[Any], make_migration: Make) -> None:
    for script in ("alter table nothing add a int", "drop type nothing", "comment on table nothing is 'x'", "nonsense"):
        with pytest.raises(MigrationError) as caught:
            derived(connection, make_migration(script))
        assert caught.value.sqlstate in ("42P01", "42704", "42601")


def test_it_sees_with_the_eyes_of_the_script(connection: psycopg.Connection[Any], make_migration: Make) -> None:
    connection.execute("create schema app authorization app; grant create on schema public to app")
    before = take_snapshot(connection)
    way_back = derived(connection, make_migration("set role app; create table x (); reset role; create table y ()"))
    assert not way_back.missing
    assert not rolled_back(connection, way_back, before)


def test_a_program_is_missing_as_a_whole(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    def run(lent: psycopg.Connection[Any]) -> None:
        lent.execute("create table x ()")
        lent.rollback()

    migration = Migration("1", "m.py", Script(tmp_path / "m.py", "", "", program=Program(run, "m.py")))
    derivation = Derivation(connection)
    for statement in statements(Script(tmp_path / "m.py", "x", "create table x ()")):
        sent = replace(statement, script=migration.up)
        derivation.before(sent)
        derivation.after(sent)
    assert [missing.reason for missing in derivation.result().missing] == [
        "this script is a program, of which only it knows what it kept"
    ]


def test_nothing_is_asked_for_what_the_script_has_made(
    connection: psycopg.Connection[Any], make_migration: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(connection: psycopg.Connection[Any], sql: str) -> Any:
        asked.append(sql)
        return aside(connection, sql)

    for module in ("derive.catalog", "catalog.session"):
        monkeypatch.setattr(f"pytest_migrations.{module}.aside", counted)
    script = (
        "create table x (a int); create index on x (a); comment on table x is 'x'; grant select on x to app; "
        "create table y (a int); create type z as enum ('a'); create view v as select a from x"
    )
    derived(connection, make_migration(script))
    assert len(asked) == 1
    asked.clear()
    derived(connection, make_migration("alter table x add b int; create index i on x (b)"))
    assert len(asked) == 3


@pytest.mark.parametrize(
    "statement",
    [
        "create table x ()",
        "create table if not exists x ()",
        "create view x as select 1",
        "create or replace view x as select 1",
        "create materialized view x as select 1",
        "create sequence x",
        "create type x as enum ()",
        "create type x as (a int)",
        "create domain x as int",
        "create function x() returns int language sql as 'select 1'",
        "create aggregate x (int) (sfunc = int4pl, stype = int)",
        "select 1 as a into x",
        "alter type x add value 'a'",
    ],
)
def test_without_a_schema_to_create_in_the_server_says_so(connection: psycopg.Connection[Any], statement: str) -> None:
    connection.execute("set search_path = nosuch")
    with pytest.raises(psycopg.Error, match=r'no schema has been selected to create in|type "x" does not exist'):
        applied(connection, statement)
