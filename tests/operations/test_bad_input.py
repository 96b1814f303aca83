"""What can be wrong with a database, and with what migrations do to it: one clear message, and nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_migrations.server.server import Database, Server
    from tests.commands import Cli, Migrations, Query

TABLE = "CREATE TABLE users (id int);\n--\nDROP TABLE users;"
LEDGER = "pytest_migrations.migration_history"


def test_no_dsn(database: Database, cli: Cli, migrations: Migrations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    ran = cli("status")
    assert ran.code == 2
    assert "No database is named." in ran.err
    assert "--dsn postgresql://" in ran.err


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("postgresql://me:se%cret@127.0.0.1/x", "The DSN cannot be read."),
        ("postgresql://me:sec/ret@127.0.0.1/x", "The DSN cannot be read."),
        ("postgresql://me:secret@127.0.0.1:1/x", "no connection to the server at 127.0.0.1:1"),
        ("postgresql+asyncpg://me:secret@127.0.0.1:1/x?schema=a", "no connection to the server at 127.0.0.1:1"),
        ("postgresql://me:secret@127.0.0.1/x?nonsense=1", "libpq knows no parameter 'nonsense'"),
        ("postgresql://me:pw?secret@127.0.0.1/x", "The DSN cannot be read."),
        ("postgresql://me:pw?secret=1@127.0.0.1/x", "The DSN cannot be read."),
        ("postgresql://me@127.0.0.1/x?password=wrong&secret", "The DSN cannot be read."),
        ("postgresql://me@127.0.0.1/x?password=wrong&secret=1", "The DSN cannot be read."),
        ("host=127.0.0.1 passwrd=secret", "libpq knows no parameter 'passwrd'"),
        ("host=127.0.0.1 password=very secret=1", "The DSN cannot be read."),
        ("host=127.0.0.1 password=very secret", "The DSN cannot be read."),
        ("mysql://me:secret@127.0.0.1/x", "The DSN is of mysql, and not of PostgreSQL"),
        ("  ", "No database is named."),
        ("secret", "The DSN cannot be read."),
    ],
)
@pytest.mark.parametrize("command", [["status"], ["run"], ["rollback", "1"]])
def test_a_dsn_that_leads_nowhere(
    dsn: str, message: str, command: list[str], database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users=TABLE)
    ran = cli(*command, "--dsn", dsn)
    assert ran.code == 2
    assert message in ran.err
    assert "secret" not in ran.err + ran.out
    assert "ret@" not in ran.err + ran.out


def test_no_folder(database: Database, cli: Cli) -> None:
    ran = cli("run")
    assert ran.code == 2
    assert "migrations: no such folder." in ran.err
    assert "--migrations-dir" not in ran.err


@pytest.fixture
def limited(database: Database, query: Query) -> Iterator[str]:
    """The DSN of a user who may do next to nothing there."""
    query("CREATE ROLE limited LOGIN")
    yield f"{database.dsn} user=limited"
    query("DROP OWNED BY limited; DROP ROLE limited")


def test_no_rights(limited: str, database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=TABLE)
    ran = cli("run", "--dsn", limited)
    assert ran.code == 2
    assert "The user limited may not create the ledger" in ran.err
    assert f"GRANT CREATE ON DATABASE {database.name} TO limited;" in ran.err

    query("CREATE SCHEMA ops AUTHORIZATION limited")
    ran = cli("run", "--dsn", limited, "--ledger", "ops.done")
    assert ran.code == 1
    assert "permission denied for schema public" in ran.err

    assert cli("run").code == 0
    migrations(m002_more="SELECT 1;")
    asked = {command: cli(command, "--dsn", limited).err for command in ("status", "run")}
    for error in asked.values():
        assert f"The user limited may not read the ledger {LEDGER}." in error
    query(asked["status"].partition("Grant it: ")[2])
    assert cli("status", "--dsn", limited).code == 0
    assert f"The user limited may not write to the ledger {LEDGER}." in cli("run", "--dsn", limited).err
    query(asked["run"].partition("Grant it: ")[2])
    assert cli("run", "--dsn", limited).code == 0


def test_a_read_only_database(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=TABLE)
    query(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    ran = cli("run")
    assert ran.code == 2
    assert "are read-only (default_transaction_read_only is on" in ran.err
    assert cli("status").code == 0


def test_a_ledger_that_is_none(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=TABLE)
    query("CREATE SCHEMA pytest_migrations")
    query(f"CREATE TABLE {LEDGER} (version text)")
    for command in ("status", "run"):
        ran = cli(command)
        assert ran.code == 2
        assert f"{LEDGER} is no ledger of pytest-migrations: it lacks id, name, checksum" in ran.err
    query(f"DROP TABLE {LEDGER}")
    query(f"CREATE VIEW {LEDGER} AS SELECT 1 AS one")
    assert "is no ledger" in cli("status").err
    assert "name a schema and a table" in cli("status", "--ledger", "nonsense").err
    assert "keeps the schemas pg_... for itself" in cli("run", "--ledger", "pg_catalog.done").err


def test_a_ledger_that_is_gone_is_begun_anew(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    query(f"DROP TABLE {LEDGER}")
    ran = cli("run")
    assert ran.code == 1
    assert 'relation "users" already exists' in ran.err
    assert "pytest-migrations baseline" in ran.err
    query(f"DELETE FROM {LEDGER}")
    assert cli("baseline", "--yes").code == 2
    assert cli("baseline", "--to", "1", "--yes").code == 0
    assert "1 of 1 migration applied" in cli("status").out


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (f"DELETE FROM {LEDGER};", "was written to by somebody else"),
        (f"UPDATE {LEDGER} SET checksum = 'x';", "was written to by somebody else"),
        (f"DROP TABLE {LEDGER};", "is gone"),
        ("DROP SCHEMA pytest_migrations CASCADE;", "is gone"),
    ],
)
def test_a_migration_that_touches_the_ledger(
    statement: str, message: str, database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users=TABLE, m002_ledger=f"CREATE TABLE more (id int);\n{statement}")
    ran = cli("run")
    assert ran.code == 2
    assert f"002_ledger.sql was stopped: the ledger {LEDGER} {message}" in ran.err
    assert [m["state"] for m in cli("status", "--json").json["migrations"]] == ["applied", "pending"]


HIDDEN = """\
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'UPDATE pytest_' || 'migrations.migration_' || 'history SET rollback_sql = NULL';
    RETURN 1;
END $$;
CREATE TABLE t (id int);
INSERT INTO t VALUES (1);"""


@pytest.mark.parametrize("statement", ["CREATE TABLE q AS SELECT f() AS a;", "ALTER TABLE t ADD c int DEFAULT f();"])
def test_a_migration_that_touches_the_ledger_without_naming_it(
    statement: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_f=HIDDEN, m002_call=statement)
    assert "was written to by somebody else" in cli("run").err
    assert query("SELECT count(*) FROM pytest_migrations.migration_history WHERE rollback_sql IS NULL") == [(0,)]


@pytest.mark.parametrize("end", ["ROLLBACK", "ABORT"])
def test_a_transaction_that_a_script_takes_back_takes_no_entry_with_it(
    end: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_t="CREATE TABLE t (id int);\nCREATE INDEX i ON t (id);",
        m002_not=f"REINDEX INDEX CONCURRENTLY i;\nBEGIN;\nCREATE TABLE q (a int);\n{end};\nCREATE TABLE r (a int);",
    )
    ran = cli("run")
    assert ran.code == 0, ran.err
    assert query("SELECT to_regclass('q'), to_regclass('r')::text") == [(None, "r")]


def test_a_database_that_lacks_characters(server: Server, database: Database, cli: Cli, migrations: Migrations) -> None:
    """They are in a comment of the rollback, and in what goes wrong; only in the name there is no way around them."""
    with server.connect(database) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    dsn = database.dsn.replace(database.name, "latin")
    back = "CREATE TABLE t (id int);\n--\n-- \u2192 away with it\nDROP TABLE t;"
    folder = migrations(m001_t=back, m002_fails='SELECT "\u65e5";')
    try:
        ran = cli("run", "--dsn", dsn)
        assert ran.code == 1
        assert "002_fails.sql" in ran.err
        assert "Traceback" not in ran.err
        (folder / "002_fails.sql").rename(folder / "002_\u65e5.sql")
        (folder / "002_\u65e5.sql").write_text("CREATE TABLE u (id int);")
        named = cli("run", "--dsn", dsn)
        assert named.code == 2
        assert "The ledger cannot hold the name of 002_\u65e5.sql: the database's encoding has no \u65e5." in named.err
        assert cli("rollback", "1", "--dsn", dsn).code == 0
    finally:
        with server.connect(database) as connection:
            connection.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_ledger_in_a_schema_that_is_dropped(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_anew="DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
    ran = cli("run", "--ledger", "public.done")
    assert ran.code == 2
    assert "put the ledger elsewhere: --ledger SCHEMA.TABLE" in ran.err
    assert query("SELECT count(*) FROM public.done") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE nobody_special;",
        "SET SESSION AUTHORIZATION nobody_special;",
        "SET search_path = nowhere;",
        "SET lock_timeout = '1ms'; SET statement_timeout = '1h';",
        "CREATE TEMP TABLE migration_history (id int);",
        "SET CONSTRAINTS ALL DEFERRED;",
        "SET session_replication_role = replica;",
    ],
)
def test_what_a_script_leaves_in_the_session_keeps_nobody_from_the_ledger(
    statement: str, server: Server, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    query("DROP ROLE IF EXISTS nobody_special; CREATE ROLE nobody_special")
    migrations(m001_odd=statement, m002_steps=f"{statement}\nVACUUM pg_class;\nSELECT 1;", m003_users=TABLE)
    ran = cli("run")
    query("DROP ROLE nobody_special")
    assert ran.code == 0, ran.err
    assert query("SELECT to_regclass('public.users') IS NOT NULL") == [(True,)]


def test_odd_names(database: Database, cli: Cli, tmp_path: Path, query: Query) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("001_it's.sql", '002_"a.b" é %s {}.sql', f"003_{'x' * 60}.sql"):
        (folder / name).write_text("SELECT 1;\n-- ROLLBACK:\n-- SELECT '%s {}';\n-- END ROLLBACK\n")
    ledger = '"od.d"."le""dger"'
    assert cli("run", "--ledger", ledger).code == 0
    assert query(f"SELECT count(*) FROM {ledger}") == [(3,)]
    assert cli("rollback", '002_"a.b" é %s {}.sql', "--ledger", ledger).code == 0
    assert '002_"a.b" é %s {}.sql' in cli("status", "--ledger", ledger).out


def test_a_lost_connection(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE, m002_lost="CREATE TABLE t (id int);\nSELECT pg_terminate_backend(pg_backend_pid());")
    ran = cli("run")
    assert ran.code == 2
    assert "002_lost.sql:2:1" in ran.err
    assert "Nothing of it was kept. Run again when the server is well." in ran.err
    assert [m["state"] for m in cli("status", "--json").json["migrations"]] == ["applied", "pending"]


def test_a_connection_that_is_lost_half_way(database: Database, cli: Cli, migrations: Migrations) -> None:
    lost = "CREATE TABLE t (id int);\nVACUUM t;\nSELECT pg_terminate_backend(pg_backend_pid());"
    migrations(m001_lost=lost)
    ran = cli("run")
    assert ran.code == 2
    assert "2 of its 3 statements were kept" in ran.err
    assert "stopped behind statement 2 of 3" in cli("status").out


def test_an_empty_migration(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_empty="-- nothing yet\n")
    assert cli("run").code == 0
    assert "1 of 1 migration applied" in cli("status").out


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE r PASSWORD 'geheim' NONSENSE;",
        "CREATE SUBSCRIPTION s CONNECTION 'host=x user=y password=geheim' PUBLICATION p NONSENSE;",
        "CREATE USER MAPPING FOR me SERVER s OPTIONS (user 'x', password 'geheim') NONSENSE;",
        "SELECT dblink('postgresql://x:geheim@y/z') NONSENSE NONSENSE;",
    ],
)
def test_no_password_in_an_excerpt(statement: str, database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_secret=statement)
    for command in ("run", "validate", "status"):
        ran = cli(command)
        assert "geheim" not in ran.out + ran.err
    assert "******" in cli("run").err


@pytest.mark.parametrize(
    "statement",
    ["SET ROLE nobody_special;", "SET search_path = nowhere;", "SET client_encoding = 'LATIN1';"],
)
def test_what_a_script_that_fails_leaves_keeps_nobody_from_the_ledger(
    statement: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    query("CREATE ROLE nobody_special")
    folder = migrations(m001_users=TABLE)
    (folder / "002_ü€.sql").write_text(f"{statement}\nVACUUM pg_class;\nSELECT nonsense;")
    ran = cli("run")
    query("DROP ROLE nobody_special")
    assert ran.code == 1
    assert 'column "nonsense" does not exist' in ran.err
    assert [m["name"] for m in cli("status", "--json").json["migrations"]] == ["001_users.sql", "002_ü€.sql"]
    assert "stopped behind statement 2 of 3" in cli("status").out


def test_a_user_who_becomes_another_at_login(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    query(
        "CREATE ROLE deployer LOGIN; CREATE ROLE owner_of_all; GRANT owner_of_all TO deployer;"
        f"ALTER ROLE deployer SET role = owner_of_all; GRANT CREATE ON DATABASE {database.name} TO owner_of_all;"
        "GRANT CREATE ON SCHEMA public TO owner_of_all"
    )
    try:
        migrations(m001_users=TABLE)
        ran = cli("run", "--dsn", f"{database.dsn} user=deployer")
        assert ran.code == 0, ran.err
        assert query("SELECT relowner::regrole::text FROM pg_class WHERE oid = 'users'::regclass") == [
            ("owner_of_all",)
        ]
    finally:
        query("DROP OWNED BY deployer, owner_of_all CASCADE; DROP ROLE deployer, owner_of_all")


@pytest.mark.parametrize("statement", ["SET transaction_read_only = on;", "ALTER TABLE {ledger} RENAME name TO n;"])
def test_a_ledger_that_takes_no_entry(statement: str, database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE, m002_no=statement.format(ledger=LEDGER))
    ran = cli("run")
    assert ran.code == 2
    assert "002_no.sql was stopped: the ledger" in ran.err
    assert "takes no entry" in ran.err


def test_a_ledger_that_somebody_has_locked(database: Database, cli: Cli, migrations: Migrations) -> None:
    from tests.operations.test_locks import in_the_way

    migrations(m001_users=TABLE)
    cli("run")
    migrations(m002_more="SELECT 1;")
    with in_the_way(database, f"LOCK TABLE {LEDGER} IN EXCLUSIVE MODE", seconds=1.0):
        ran = cli("run", "--lock-timeout", "300ms")
    assert ran.code == 0
    assert "Trying again" in ran.out


def test_the_ledger_in_another_spelling(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE, m002_ledger='DELETE FROM PYTEST_MIGRATIONS."migration_history";')
    ran = cli("run")
    assert ran.code == 2
    assert "was written to by somebody else" in ran.err


def test_a_state_that_we_never_write(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    query(f"ALTER TABLE {LEDGER} DROP CONSTRAINT migration_history_state_check; UPDATE {LEDGER} SET state = 'done'")
    assert "says of 001_users.sql that it is 'done', which it never writes" in cli("status").err


def test_a_prepared_transaction(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_two="BEGIN;\nCREATE TABLE a (id int);\nPREPARE TRANSACTION 'x';")
    ran = cli("run")
    assert ran.code == 2
    assert "001_two.sql:3:1: a prepared transaction outlives its session" in ran.err


def test_a_column_of_the_ledger_that_has_another_type(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    query(f"ALTER TABLE {LEDGER} ALTER seconds TYPE text")
    for command in ("status", "run"):
        ran = cli(command)
        assert ran.code == 2
        assert f"The ledger {LEDGER} has a column seconds that is no double precision" in ran.err
    query(ran.err.partition("Give it back: ")[2])
    assert cli("status").code == 0
