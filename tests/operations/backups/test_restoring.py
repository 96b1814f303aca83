"""What a backup holds comes back whole in a new database, or there is none; nothing else is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from pytest_migrations.catalog.difference import describe
from pytest_migrations.errors import UserError
from pytest_migrations.operations.backups.restoring import restore
from pytest_migrations.operations.backups.taking import back_up
from pytest_migrations.operations.ledger import Ledger
from pytest_migrations.operations.target import Target
from pytest_migrations.server import clients
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.server import Server
from tests.operations.backups.conftest import BIG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_migrations.server.run_folder import RunFolder

_DEBIAN = Path("/usr/lib/postgresql/15/bin")
_ROLES = ("owner", "app user", "reader")
#: What a dump of a database alone would lose, and what is spelled in unusual ways.
_PROPERTIES = (
    "alter database {} owner to owner",
    "revoke connect on database {} from public",
    'grant connect on database {} to "app user"',
    "alter database {} set search_path to app, public",
    "alter database {} set default_transaction_read_only to on",
    "alter role \"app user\" in database {} set work_mem to '10MB'",
    "comment on database {} is E'it''s\\n\\\\connect here; DATABASE x '",
)
_SCHEMA = """
create schema app authorization owner;
create table app.users (
    id int generated always as identity primary key, kind varchar(9) not null check (kind in ('a', 'b'))
);
alter table app.users owner to owner;
grant select on app.users to "app user";
create policy own on app.users to reader using (id > 3);
create view app."odd ""v"" w" as select * from app.users;
create materialized view app.counted as select count(*) from app.users;
create function app.twice(int) returns int language sql as $$ select 2 * $1 /*
\\connect nowhere
*/ $$;
"""


@pytest.fixture(scope="module")
def own_server(request: pytest.FixtureRequest, run_folder: RunFolder) -> Iterator[Server]:
    """One that may be given roles, and databases of any name."""
    chosen = getattr(request, "param", "embedded")
    if str(_DEBIAN) in chosen and not _DEBIAN.exists():
        pytest.skip("no PostgreSQL 15 here")
    server = Server.start_own(run_folder, ServerOptions(server=chosen), Requirements())
    assert server is not None
    with server.connect_admin() as admin:
        for role in _ROLES:
            admin.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
    yield server
    server.stop()


_on_each_version = pytest.mark.parametrize(
    ("own_server", "grants"),
    [("embedded", 'my "db".x-y'), (f"embedded:{_DEBIAN}", "grants")],
    indirect=True,
    scope="module",
)


@pytest.fixture
def grants(request: pytest.FixtureRequest, own_server: Server) -> Iterator[Target]:
    name = getattr(request, "param", "grants")
    with own_server.connect_admin() as admin:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        target = Target.named(make_conninfo(own_server.dsn, dbname=name))
        with target.connect() as connection:
            connection.execute(_SCHEMA.encode())
            connection.execute("insert into app.users (kind) select 'a' from generate_series(1, 100)")
            connection.execute("refresh materialized view app.counted")
        for statement in _PROPERTIES:
            admin.execute(sql.SQL(statement).format(sql.Identifier(name)))
    yield target
    with own_server.connect_admin() as admin:
        ours = "datname not in ('postgres', 'template0', 'template1')"
        for (name,) in admin.execute(f"select datname from pg_database where {ours}").fetchall():
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def databases(target: Target) -> set[str]:
    with target.beside("postgres").connect() as connection:
        return {row[0] for row in connection.execute("select datname from pg_database")}


def properties(target: Target, name: str) -> Any:
    with target.beside("postgres").connect() as connection:
        return connection.execute(
            """
            select pg_get_userbyid(datdba), (select array_agg(acl::text order by acl::text) from unnest(datacl) acl),
                shobj_description(oid, 'pg_database'), encoding, datcollate,
                (select array_agg(setconfig::text order by 1) from pg_db_role_setting where setdatabase = d.oid)
            from pg_database d where datname = %s
            """,
            [name],
        ).fetchone()


@_on_each_version
def test_all_of_it_comes_back_and_nothing_else_is_touched(grants: Target, tmp_path: Path) -> None:
    backup = back_up(grants, tmp_path, version="023")
    before, name = databases(grants), grants.parameters["dbname"]
    restored = restore(grants, backup.path, 'new "one"')
    assert databases(grants) == before | {'new "one"'}
    assert restored.comparison is not None
    assert restored.comparison.equal, describe(restored.comparison)
    assert (restored.lost, restored.gained, restored.objects) == ((), (), backup.objects)
    assert properties(grants, 'new "one"') == properties(grants, name)
    with grants.beside('new "one"').connect() as connection:
        assert connection.execute("select count(*), max(id) from app.users").fetchone() == (100, 100)
        assert connection.execute("select count from app.counted").fetchone() == (100,)
        statistics = "select reltuples from pg_class where oid = 'app.users'::regclass"
        assert connection.execute(statistics).fetchone() == (100,)


def test_what_has_changed_since_is_told(grants: Target, tmp_path: Path) -> None:
    backup = back_up(grants, tmp_path)
    with grants.connect({"default_transaction_read_only": "off"}) as connection:
        connection.execute("alter table app.users add note text; drop policy own on app.users")
        Ledger(connection, grants.ledger).create()  # which is no part of the schema
    comparison = restore(grants, backup.path, "restored").comparison
    assert comparison is not None
    assert {(one.change, one.kind, one.name) for one in comparison.differences} == {
        ("missing", "column", "app.users.note"),
        ("left behind", "policy", "own on app.users"),
    }


def test_no_database_is_restored_over(grants: Target, tmp_path: Path) -> None:
    backup = back_up(grants, tmp_path)
    name = grants.parameters["dbname"]
    with pytest.raises(UserError, match="already, and nothing is restored over one"):
        restore(grants, backup.path, name)
    with pytest.raises(UserError, match="1 to 63 bytes"):
        restore(grants, backup.path, "ä" * 32)


def test_roles_that_are_missing_are_told_before(grants: Target, own_server: Server, tmp_path: Path) -> None:
    with own_server.connect_admin() as admin:
        admin.execute('create role "gone ""1"""; create role gone2')
        with grants.connect({"default_transaction_read_only": "off"}) as connection:
            connection.execute('create table of_gone (); alter table of_gone owner to "gone ""1"""')
            connection.execute("grant usage on schema app to gone2")
        backup = back_up(grants, tmp_path)
        with grants.connect({"default_transaction_read_only": "off"}) as connection:
            connection.execute("drop table of_gone; revoke usage on schema app from gone2")
        admin.execute('drop role "gone ""1""", gone2')
        before = databases(grants)
        with pytest.raises(UserError) as failed:
            restore(grants, backup.path, "restored")
        assert databases(grants) == before
        told = [line.strip() for line in str(failed.value).splitlines() if line.startswith("    ")]
        assert told == ['CREATE ROLE "gone ""1""";', 'CREATE ROLE "gone2";']
        for line in told:
            admin.execute(line.encode())
        assert restore(grants, backup.path, "restored").lost == ()
        with grants.beside("restored").connect({"default_transaction_read_only": "off"}) as connection:
            connection.execute('drop owned by "gone ""1""", gone2')
        for line in told:
            admin.execute(line.replace("CREATE", "DROP").encode())


@pytest.fixture
def damaged(grants: Target, tmp_path: Path) -> Path:
    """A backup whose list is whole, and whose rows are not."""
    with grants.connect({"default_transaction_read_only": "off"}) as connection:
        connection.execute(BIG)
    damaged = tmp_path / "damaged.dump"
    damaged.write_bytes(back_up(grants, tmp_path).path.read_bytes()[:-1500])
    return damaged


def test_what_fails_in_the_middle_leaves_no_database(grants: Target, damaged: Path) -> None:
    before = databases(grants)
    with pytest.raises(UserError) as failed:
        restore(grants, damaged, "restored")
    assert "damaged.dump was not restored, and there is no new database. pg_restore " in str(failed.value)
    assert "The file was cut off, or damaged" in str(failed.value)
    assert databases(grants) == before


def test_what_is_no_backup(grants: Target) -> None:
    with pytest.raises(UserError, match="It is no archive of pg_dump, or was damaged"):
        restore(grants, Path(__file__), "restored")
    assert "restored" not in databases(grants)


def test_without_the_right_to_create_databases(grants: Target, tmp_path: Path) -> None:
    backup = back_up(grants, tmp_path)
    poor = Target({**grants.parameters, "user": "app user"}, grants.ledger)
    with pytest.raises(UserError, match='ALTER ROLE "app user" CREATEDB;'):
        restore(poor, backup.path, "restored")


def test_without_the_right_to_give_things_to_others(own_server: Server, grants: Target, tmp_path: Path) -> None:
    backup = back_up(grants, tmp_path)
    with own_server.connect_admin() as admin:
        admin.execute('alter role "app user" createdb')
        poor = Target({**grants.parameters, "user": "app user"}, grants.ledger)
        with pytest.raises(UserError, match="only a superuser, or a member of all of them"):
            restore(poor, backup.path, "restored")
        admin.execute('alter role "app user" nocreatedb')
    assert not [name for name in databases(grants) if name.startswith("pytest_migrations_restoring")]


@_on_each_version
def test_a_backup_restored_where_the_target_is_gone(own_server: Server, grants: Target, tmp_path: Path) -> None:
    backup = back_up(grants, tmp_path)
    name = grants.parameters["dbname"]
    with own_server.connect_admin() as admin:
        admin.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
    restored = restore(grants, backup.path, "restored")
    assert restored.comparison is None
    assert restored.swap.aside is None
    run_swap(own_server, restored.swap.statements)
    with grants.connect() as connection:
        assert connection.execute("select count(*) from app.users").fetchone() == (100,)


def run_swap(server: Server, statements: tuple[str, ...]) -> None:
    with server.connect_admin() as admin:
        for statement in statements:
            admin.execute(statement.encode())


@_on_each_version
def test_the_commands_that_swap_names_are_rehearsed(own_server: Server, grants: Target, tmp_path: Path) -> None:
    """By psql, as they are printed, while an application connects again and again to either database."""
    backup = back_up(grants, tmp_path)
    with grants.connect({"default_transaction_read_only": "off"}) as connection:
        connection.execute("insert into app.users (kind) values ('b')")
    restored = restore(grants, backup.path, "restored")
    done = threading.Event()
    seen: list[int] = []

    def use(target: Target) -> None:
        while not done.is_set():
            try:
                with target.connect() as connection:
                    while not done.is_set():
                        row = connection.execute("select count(*) from app.users").fetchone()
                        assert row is not None
                        seen.append(row[0])
            except psycopg.Error:  # noqa: PERF203 (it was ended, or is not let in for a moment)
                time.sleep(0.001)

    used = [grants, grants, grants, grants.beside("restored")]
    applications = [threading.Thread(target=use, args=[target]) for target in used]
    for application in applications:
        application.start()
    time.sleep(0.2)
    programs = next(clients._installed()).bin
    shell = f"{restored.swap.psql} <<'SQL'\n" + "\n".join(restored.swap.statements) + "\nSQL\n"
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", shell], env=environment, capture_output=True, text=True, check=False)
    done.set()
    for application in applications:
        application.join()
    assert ran.returncode == 0, ran.stderr
    assert {100, 101} == {*seen}
    with grants.connect() as connection:
        assert connection.execute("select count(*) from app.users").fetchone() == (100,)
    assert restored.swap.aside is not None
    with grants.beside(restored.swap.aside).connect() as connection:
        assert connection.execute("select count(*) from app.users").fetchone() == (101,)
    assert "restored" not in databases(grants)


def test_what_lets_sessions_in_again(own_server: Server, grants: Target, tmp_path: Path) -> None:
    restored = restore(grants, back_up(grants, tmp_path).path, "restored")
    run_swap(own_server, restored.swap.statements[:3])
    with pytest.raises(UserError, match="not currently accepting connections"):
        grants.connect()
    run_swap(own_server, (restored.swap.on_failure,))
    grants.connect().close()


_SLOW = """
create function slow(int) returns int immutable language plpgsql as $$ begin
    if current_database() like 'pytest_migrations_restoring%' then perform pg_sleep(60); end if; return $1; end $$;
create index on app.users (slow(id));
"""
_RESTORING = """
select pid from pg_stat_activity where datname like 'pytest_migrations_restoring%' and query like 'CREATE INDEX%'
"""


@pytest.fixture
def slow(grants: Target) -> Target:
    """Restoring it takes a minute for each row."""
    with grants.connect({"default_transaction_read_only": "off"}) as connection:
        connection.execute(_SLOW)
    return grants


def once_it_restores(target: Target, strike: Callable[[psycopg.Connection[Any]], object]) -> threading.Thread:
    def wait() -> None:
        with target.beside("postgres").connect() as connection:
            deadline = time.monotonic() + 20
            while not connection.execute(_RESTORING).fetchall() and time.monotonic() < deadline:
                time.sleep(0.02)
            strike(connection)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_ctrl_c_leaves_no_database(slow: Target, tmp_path: Path) -> None:
    backup = back_up(slow, tmp_path)
    before = databases(slow)
    striking = once_it_restores(slow, lambda _: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        restore(slow, backup.path, "restored")
    striking.join()
    assert databases(slow) == before


def test_a_connection_that_is_lost(slow: Target, tmp_path: Path) -> None:
    """All of them are, ours that created the database too."""
    backup = back_up(slow, tmp_path)
    before = databases(slow)
    end = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null"
    striking = once_it_restores(slow, lambda connection: connection.execute(end))
    with pytest.raises(UserError, match="was not restored, and there is no new database"):
        restore(slow, backup.path, "restored")
    striking.join()
    assert databases(slow) == before


@pytest.mark.parametrize("own_server", [f"embedded:{_DEBIAN}"], indirect=True, scope="module")
def test_by_a_later_version_than_the_servers(
    grants: Target, damaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sets what the server does not know; all other errors count."""
    from pytest_migrations.server import installations

    monkeypatch.setattr(installations, "_PLACES", ())
    backup = back_up(grants, tmp_path)
    restored = restore(grants, backup.path, "restored")
    assert restored.comparison is not None
    assert restored.comparison.equal, describe(restored.comparison)
    assert (restored.lost, restored.gained) == ((), ())
    with pytest.raises(UserError, match="was not restored"):
        restore(grants, damaged, "again")
    assert "again" not in databases(grants)


def test_with_nothing_but_docker(contained: Target, tmp_path: Path) -> None:
    with contained.connect() as onlooker:
        backup = back_up(contained, tmp_path / "backups")
        restored = restore(contained, backup.path, "restored")
        onlooker.execute("select")  # nothing in the container took the server along
    assert restored.comparison is not None
    assert restored.comparison.equal
    with contained.beside("restored").connect() as connection:
        assert connection.execute("select count(*) from big").fetchone() == (30000,)
    command = restored.swap.psql.split()
    assert command[:3] == ["docker", "exec", "-i"]
    ran = subprocess.run(command, input="\n".join(restored.swap.statements), text=True, check=False)
    assert ran.returncode == 0
    with contained.connect() as connection:
        assert connection.execute("select count(*) from big").fetchone() == (30000,)
