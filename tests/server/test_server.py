from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.server.databases import DatabaseInUse
from pytest_migrations.server.requirements import Requirements
from pytest_migrations.server.run_folder import RunFolder
from pytest_migrations.server.server import Server
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def owned() -> Iterator[Server]:
    """A server whose databases belong to a role of the user, with more roles of odd names."""
    folder = RunFolder.reserve()
    options = ServerOptions(server="embedded", role='Odd "Owner"', roles=("app", 'read"only', "app", 'Odd "Owner"'))
    yield Server.start_or_join(folder, options, Requirements())
    folder.close()


def value(connection: psycopg.Connection[object], query: str) -> object:
    row = connection.execute(query).fetchone()
    assert isinstance(row, tuple)
    return row[0]


def test_it_says_what_it_is(server: Server) -> None:
    assert server.kind == "embedded"
    assert server.version_number >= 140000
    assert int(server.version.split(".")[0]) == server.version_number // 10000


def test_a_database_is_of_utf8_and_c(server: Server) -> None:
    database = server.create_database(label="009 Grüße / x")
    assert database.name.startswith("pytest_migrations_")
    assert "_009_gr_e_x_" in database.name
    with server.connect(database) as connection:
        assert value(connection, "SHOW server_encoding") == "UTF8"
        assert value(connection, "SELECT upper('é') || initcap('ß')") == "Éß"
        assert (
            value(connection, "SELECT array(SELECT x FROM unnest('{b,A,a,B}'::text[]) x ORDER BY x)::text")
            == "{A,B,a,b}"
        )
        assert value(connection, "SHOW timezone") == "UTC"


def test_a_dsn_leads_to_the_server_whatever_the_environment_says(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = server.create_database()
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.9")
    for dsn in (server.dsn, database.dsn):
        psycopg.connect(dsn).close()
    assert "hostaddr" not in database.url


def test_settings_of_a_session_survive_reset(server: Server) -> None:
    database = server.create_database()
    with server.connect(database, settings={"search_path": '"a \\b", public', "lock_timeout": "1234ms"}) as connection:
        connection.execute("SET search_path = pg_catalog")
        connection.execute("DISCARD ALL")
        assert (
            value(connection, "SHOW search_path") == '"a \\\\b", public'
            or value(connection, "SHOW search_path") == '"a \\b", public'
        )
        assert value(connection, "SHOW lock_timeout") == "1234ms"
        assert value(connection, "SHOW client_encoding") == "UTF8"
        assert value(connection, "SHOW application_name") == "pytest-migrations"
        assert connection.autocommit
        assert connection.prepare_threshold is None


def test_a_clone_has_what_its_source_has_and_no_more(server: Server) -> None:
    source = server.create_database()
    with server.connect(source) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    clone = server.clone(source, label="clone")
    with server.connect(clone) as connection:
        assert value(connection, "SELECT answer FROM kept") == 42
        connection.execute("DROP TABLE kept")
    with server.connect(source) as connection:
        assert value(connection, "SELECT answer FROM kept") == 42


def test_a_database_in_use_cannot_be_cloned(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_migrations.server.databases._SESSION_SECONDS", 0.05)
    database = server.create_database()
    with server.connect(database), pytest.raises(DatabaseInUse, match="while it has sessions: pytest-migrations"):
        server.clone(database)


def test_drop_ends_sessions_and_whatever_migrations_leave(server: Server, run: RunFolder) -> None:
    own = Server.start_own(
        run, ServerOptions(server="embedded", settings={"max_prepared_transactions": "5"}), Requirements()
    )
    assert own is not None
    database = own.create_database()
    connection = own.connect(database)
    connection.execute("CREATE TABLE t ()")
    connection.execute("SELECT pg_create_logical_replication_slot('left', 'test_decoding')")
    connection.execute("CREATE SUBSCRIPTION left_too CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE u ()")
    connection.execute("PREPARE TRANSACTION 'it''s left'")
    own.drop(database)
    own.drop(database)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    connection.close()
    with own.connect_admin() as admin:
        assert value(admin, "SELECT count(*) FROM pg_prepared_xacts") == 0
        assert value(admin, "SELECT count(*) FROM pg_replication_slots") == 0
    own.stop()
    assert server.kind == "embedded"


def test_nobody_waits_for_a_database_that_is_dropped_later(run: RunFolder) -> None:
    own = Server.start_own(run, ServerOptions(server="embedded"), Requirements())
    assert own is not None
    count = "SELECT count(*) FROM pg_database WHERE datname LIKE 'pytest%'"
    with own.connect_admin() as admin:
        databases = [own.create_database() for _ in range(3)]
        left_open = own.connect(databases[0])
        for database in databases:
            own.drop_later(database)
        assert until(lambda: value(admin, count) == 0)
        left_open.close()
    own.drop_later(own.create_database())
    own.stop()


def test_the_owner_is_no_superuser_and_owns_its_databases(owned: Server) -> None:
    clone = owned.clone(owned.create_database())
    with owned.connect(clone) as connection:
        connection.execute("CREATE TABLE public.t ()")
        assert value(connection, "SELECT current_user") == 'Odd "Owner"'
        assert value(connection, "SELECT session_user") == 'Odd "Owner"'
        assert value(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE EXTENSION file_fdw")
    with owned.connect_admin(clone) as admin:
        admin.execute("CREATE EXTENSION file_fdw")
        assert (
            value(admin, "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()")
            == '"Odd ""Owner"""'
        )


def test_the_roles_that_migrations_name_are_there(owned: Server) -> None:
    with owned.connect_admin() as admin:
        query = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE \"C\""
        assert admin.execute(query).fetchall() == [
            ('Odd "Owner"', True),
            ("app", False),
            ("pytest_migrations", True),
            ('read"only', False),
        ]


def test_others_join_the_server_of_the_run(run: RunFolder) -> None:
    options = ServerOptions(server="embedded")
    first = Server.start_or_join(run, options, Requirements())
    worker = RunFolder.join(str(run.path))
    second = Server.start_or_join(worker, options, Requirements())
    assert first.create_database().dsn.split("dbname")[0] == second.create_database().dsn.split("dbname")[0]
    worker.close()
    with first.connect(first.create_database()) as connection:
        assert value(connection, "SELECT 1") == 1


def test_a_server_of_its_own_shares_nothing_with_the_first(server: Server, run: RunFolder) -> None:
    own = Server.start_own(run, ServerOptions(server="embedded"), Requirements())
    assert own is not None
    with own.connect_admin() as admin:
        admin.execute("CREATE ROLE only_here")
    with server.connect_admin() as admin:
        assert value(admin, "SELECT count(*) FROM pg_roles WHERE rolname = 'only_here'") == 0
    own.stop()
    assert not list(run.path.glob("pg*"))


def test_another_locale(run: RunFolder) -> None:
    server = Server.start_or_join(run, ServerOptions(server="embedded", locale="C"), Requirements())
    with server.connect(server.create_database()) as connection:
        query = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        assert value(connection, query) == "C"


def test_a_locale_that_is_not_there(run: RunFolder) -> None:
    server = Server.start_or_join(run, ServerOptions(server="embedded", locale="xx_YY.UTF-8"), Requirements())
    with pytest.raises(UserError, match=r'cannot create the databases: .*"xx_YY.UTF-8"'):
        server.create_database()


def test_processes_that_start_at_once_share_one_server(run: RunFolder) -> None:
    program = (
        "import sys\n"
        "from pytest_migrations.server.choice import ServerOptions\n"
        "from pytest_migrations.server.requirements import Requirements\n"
        "from pytest_migrations.server.run_folder import RunFolder\n"
        "from pytest_migrations.server.server import Server\n"
        "run = RunFolder.join(sys.argv[1])\n"
        "server = Server.start_or_join(run, ServerOptions(server='embedded'), Requirements())\n"
        "print(server.clone(server.create_database(label='same')).name)\n"
        "run.close()\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, run.path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = [worker.communicate(timeout=60) for worker in workers]
    assert [errors for _, errors in answers] == [""] * 4
    assert len({name for name, _ in answers}) == 4
    assert len(list(run.path.glob("pg*"))) == 1
