from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.catalog.difference import compare
from pytest_migrations.catalog.objects import Key
from pytest_migrations.catalog.snapshot import take_snapshot

if TYPE_CHECKING:
    from tests.catalog.conftest import Server

_ASSORTED = """
create table t (id int primary key, at timestamptz default '2020-01-01 00:00+02', took interval default '1 day 02:00');
create table p (at timestamptz) partition by range (at);
create table p1 partition of p for values from ('2020-01-01 00:00+00') to ('2021-01-01 00:00+00');
create type e as enum ('a');
create table u (e e default 'a', check (e = 'a'));
create table w (path text default E'a\\\\b', price money default 1.5::numeric::money);
"""
_SETTINGS = """
set search_path = public, pg_catalog; set timezone = 'Asia/Tokyo'; set datestyle = 'German';
set intervalstyle = 'iso_8601'; set quote_all_identifiers = on; set statement_timeout = '1h'; set role app;
set client_encoding = 'LATIN1'; set standard_conforming_strings = off; set lc_monetary = 'POSIX'
"""


def _settings(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute("select name, setting, source from pg_settings order by name").fetchall()


@pytest.mark.parametrize("inside", [False, True])
def test_no_setting_of_a_script_is_read_or_disturbed(connection: psycopg.Connection[Any], *, inside: bool) -> None:
    connection.execute(_ASSORTED.encode())
    before = take_snapshot(connection)
    connection.execute(_SETTINGS.encode())
    if inside:
        connection.execute("begin; set local search_path = 'x'; set local timezone = 'America/Lima'")
    settings = _settings(connection)
    assert take_snapshot(connection) == before
    assert _settings(connection) == settings
    assert connection.execute("select current_user").fetchone() == ("app",)


def test_an_uncommitted_change_is_read_and_stays_uncommitted(connection: psycopg.Connection[Any]) -> None:
    before = take_snapshot(connection)
    connection.execute("begin")
    connection.execute("create table t (id int)")
    assert [str(key) for key in take_snapshot(connection)] != [str(key) for key in before]
    connection.execute("rollback")
    assert take_snapshot(connection) == before
    assert connection.info.transaction_status.name == "IDLE"


def test_no_lock_is_kept(connection: psycopg.Connection[Any]) -> None:
    connection.execute("create table t (id int); create view v as select * from t")
    connection.execute("begin")
    take_snapshot(connection)
    held = connection.execute("select relation::regclass::text from pg_locks where relation >= 16384").fetchall()
    assert held == []
    connection.execute("rollback")


@pytest.mark.parametrize("forget", ["discard all", "deallocate all", "begin; deallocate all", "discard plans"])
def test_a_session_that_forgets_is_asked_again(connection: psycopg.Connection[Any], forget: str) -> None:
    before = take_snapshot(connection, cluster=True)
    for statement in forget.split("; "):
        connection.execute(statement.encode())
    assert take_snapshot(connection) == take_snapshot(connection)
    assert take_snapshot(connection, cluster=True) == before


def test_prepared_in_a_transaction_that_was_rolled_back(server: Server) -> None:
    with server.fresh() as connection:
        connection.execute("begin")
        before = take_snapshot(connection)
        connection.execute("rollback")
        assert take_snapshot(connection) == before


def test_a_failed_transaction_is_an_error_and_stays_as_it_was(connection: psycopg.Connection[Any]) -> None:
    take_snapshot(connection)
    connection.execute("begin")
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select from nothing")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        take_snapshot(connection)
    connection.execute("rollback")
    take_snapshot(connection)


def test_a_role_without_privileges_reads_the_same_schema(server: Server) -> None:
    with server.fresh() as owner:
        owner.execute(_ASSORTED.encode())
        owner.execute(
            "create subscription s connection 'password=secret' publication p with (connect = false, slot_name = none)"
        )
        owner.execute("alter subscription s disable")
        with server.connect(owner.info.dbname, user="other") as connection:
            mine, theirs = take_snapshot(connection, cluster=True), take_snapshot(owner, cluster=True)
        assert mine.keys() == theirs.keys()
        assert {found.kind for found in compare(mine, theirs).differences} <= {"role", "subscription"}
        owner.execute("drop subscription s")


def test_no_password_is_told(connection: psycopg.Connection[Any]) -> None:
    stage = "create foreign data wrapper w; create server s foreign data wrapper w options (password 'hush0')"
    connection.execute(stage.encode())
    connection.execute("create user mapping for public server s options (password 'hush1')")
    before = take_snapshot(connection)
    connection.execute("alter user mapping for public server s options (set password 'hush2')")
    connection.execute("alter server s options (set password 'hush3')")
    after = take_snapshot(connection)
    found = compare(before, after).differences
    assert [difference.key for difference in found] == [Key("server", "s"), Key("user mapping", "for public on s")]
    told = str(found) + "".join(difference.text for difference in found)
    told += str([dict(snapshot[key]) for snapshot in (before, after) for key in snapshot])
    assert "hush" not in told
    assert [difference.text for difference in found] == ["values (hidden): hidden -> changed"] * 2
