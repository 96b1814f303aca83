"""``status`` beside what ``test_run`` sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database, Server
    from tests.commands import Cli, Migrations, Query

USERS = "CREATE TABLE users (id int);"


def test_two_databases(server: Server, database: Database, cli: Cli, migrations: Migrations) -> None:
    folder = migrations(m001_users=USERS, m002_old="SELECT 1;")
    other = server.create_database()
    assert cli("run", "--dsn", other.dsn).code == 0
    (folder / "002_old.sql").unlink()
    migrations(m003_new="SELECT 1;")
    assert cli("run").code == 0
    found = cli("status", "--against", other.dsn, "--json")
    assert found.code == 1
    assert found.json["differences"] == [
        {"name": "003_new.sql", "here": "applied", "there": "pending"},
        {"name": "002_old.sql", "here": "not known", "there": "missing"},
    ]
    assert "2 migrations of 3 differ." in cli("status", "--against", other.dsn).out
    same = cli("status", "--against", database.dsn)
    assert same.code == 0
    assert "The two have the same 2 migrations." in same.out
    server.drop(other)


def test_json_has_what_is_documented(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS)
    assert cli("status", "--json").json == {
        "migrations": [
            {
                "name": "001_users.sql",
                "state": "pending",
                "applied_at": None,
                "seconds": None,
                "note": None,
                "rollback": None,
            }
        ]
    }
    cli("run")
    (migration,) = cli("status", "--json").json["migrations"]
    assert migration["state"] == "applied"
    assert migration["applied_at"].startswith("20")
    assert 0 < migration["seconds"] < 10


def test_what_another_tool_has_applied_is_told_and_left_alone(
    server: Server, database: Database, cli: Cli, migrations: Migrations
) -> None:
    folder = migrations(m001_users=USERS)
    for file in folder.iterdir():
        file.unlink()
    for number, name in ((1, "users"), (2, "names")):
        (folder / f"{number:05}_{name}.sql").write_text(f"-- +goose Up\nCREATE TABLE {name} (id int);\n")
    with server.connect(database) as connection:
        connection.execute(
            "CREATE TABLE goose_db_version (id int GENERATED ALWAYS AS IDENTITY, version_id bigint NOT NULL, "
            "is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now())"
        )
        connection.execute("INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true)")
    shown = cli("status")
    assert "1 of 2 migrations applied; 1 pending. Last run just now by goose." in shown.out
    assert "goose has applied 1 of the 2 migrations (public.goose_db_version)." in shown.out
    for command in (["run"], ["rollback", "1"]):
        refused = cli(*command)
        assert refused.code == 2
        assert "This database is another tool's. Nothing was changed." in refused.err
        assert "`pytest-migrations baseline` takes that over" in refused.err
    asked = cli("baseline")
    assert asked.code == 2
    assert "say --yes" in asked.err
    taken = cli("baseline", "--yes")
    assert "00001_users.sql: applied" in taken.out
    assert "00002_names.sql" not in taken.out
    assert cli("run").code == 0
    with server.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM goose_db_version").fetchone() == (2,)


def test_one_migration_with_its_way_back(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS)
    assert cli("status", "1").out == "001_users.sql: pending\n"
    cli("run")
    shown = cli("status", "001_users.sql").out
    assert shown.startswith("001_users.sql: applied, its rollback is derived from its statements\n  at 20")
    assert "    DROP TABLE public.users;" in shown
    assert "DROP TABLE public.users;" in cli("status", "1", "--json").json["migrations"][0]["rollback"]


def test_each_schema_of_prisma_has_a_ledger(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS)
    for schema in ("a", "b"):
        with psycopg.connect(database.dsn) as connection:
            connection.execute(f"CREATE SCHEMA {schema}".encode())
        ran = cli("run", "--dsn", f"{database.url}&schema={schema}")
        assert "Done: 1 applied" in ran.out, ran.err
        with psycopg.connect(database.dsn) as connection:
            assert connection.execute(f"SELECT count(*) FROM {schema}.users".encode()).fetchone() == (0,)


def test_the_schema_public_has_the_ledger_that_a_plain_dsn_has(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users=USERS)
    assert cli("run").code == 0
    again = cli("run", "--dsn", f"{database.url}&schema=public")
    assert "Nothing to do." in again.out, again.err


def test_the_other_database_has_the_ledger_that_its_own_dsn_names(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=USERS)
    query("CREATE SCHEMA a; CREATE SCHEMA b")
    a, b = (f"{database.url}&schema={schema}" for schema in ("a", "b"))
    assert cli("run", "--dsn", a).code == 0
    found = cli("status", "--dsn", a, "--against", b, "--json")
    assert found.json["differences"] == [{"name": "001_users.sql", "here": "applied", "there": "pending"}]
    named = "pytest_migrations.migration_history_a"
    assert cli("status", "--dsn", a, "--against", b, "--ledger", named).code == 0, "one that is named is that of both"


def test_another_ledger_of_ours_is_seen_before_anything_runs_twice(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_credits="CREATE TABLE IF NOT EXISTS credits (id int); INSERT INTO credits VALUES (1);")
    assert cli("run", "--ledger", 'public."Ledger"').code == 0
    says = 'By another ledger of pytest-migrations, public."Ledger", this database has 1 of the 1 migrations.'
    assert says in (shown := cli("status").out)
    assert "--ledger 'public.\"Ledger\"'" in shown
    for command in (["run"], ["run", "--dry-run"], ["rollback", "1"], ["mark", "1", "--pending"]):
        ran = cli(*command)
        assert ran.code == 2
        assert says in ran.err
        assert "Nothing was changed. Go on with it: --ledger 'public.\"Ledger\"'" in ran.err
    assert query("SELECT count(*) FROM credits") == [(1,)]
    assert cli("run", "--ledger", "pytest_migrations.migration_history").code == 0, "it was named"
    assert query("SELECT count(*) FROM credits") == [(2,)]
    assert "another ledger" not in cli("status").out


def test_another_ledger_of_ours_that_knows_other_migrations_is_in_nobodys_way(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=USERS)
    migrations("others", m001_users="CREATE TABLE people (id int);")
    assert cli("run", "--dir", "others", "--ledger", "public.others").code == 0
    assert "another ledger" not in cli("status").out
    query("CREATE ROLE stranger LOGIN; GRANT ALL ON DATABASE " + database.name + " TO stranger")
    try:
        ran = cli("run", "--dsn", f"{database.dsn} user=stranger")
        assert ran.code == 2
        assert "public.others is a ledger of pytest-migrations, too, which stranger may not read." in ran.err
    finally:
        query("DROP OWNED BY stranger; DROP ROLE stranger")
    assert cli("run").code == 0


def test_what_is_missing_is_a_finding_by_whomever_it_was_applied(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    folder = migrations()
    for number in (1, 2):
        (folder / f"{number}_a.up.sql").write_text("SELECT 1;")
        (folder / f"{number}_a.down.sql").write_text("SELECT 1;")
    query("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
    query("INSERT INTO schema_migrations VALUES (9, false)")
    shown = cli("status")
    assert "1 missing." in shown.out
    assert "Last run" not in shown.out
    assert shown.code == 1
    assert cli("status", "--json").code == 1


@pytest.mark.parametrize(
    ("variable", "value", "has_colours"),
    [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False), ("NO_COLOR", "", True)],
)
def test_colours_are_for_those_who_want_them(
    variable: str,
    value: str,
    has_colours: bool,
    database: Database,
    cli: Cli,
    migrations: Migrations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    migrations(m001_users=USERS)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr("click._compat.isatty", lambda _: True)
    assert ("\x1b[" in cli("status").out) == has_colours
