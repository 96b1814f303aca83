"""What a migration meets on the stand-in is what it will meet in the target: who it is, what there is, what it may."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.server import containers, installations
from pytest_migrations.server.run_folder import RunFolder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands import Cli, Migrations
    from tests.operations.dry_run.conftest import Grants


def test_the_same_migrations_fail(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    migrations(m002_email="ALTER TABLE users ADD x int;\nALTER TABLE nothing ADD x int;")
    dry, real = cli("run", "--dry-run"), cli("run")
    assert (dry.code, real.code) == (1, 1)
    assert dry.err.splitlines()[:4] == real.err.splitlines()[:4]
    assert "This was a dry run, on a stand-in: grants is as it was." in dry.err.splitlines()


def test_with_the_rights_of_the_user(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    migrations(m002_email="CREATE TABLE pg_catalog.x ();", m003_index="SELECT")
    assert "permission denied for schema pg_catalog" in cli("run", "--dry-run").err
    grants.query("create schema theirs; create table theirs.t ()")
    migrations(m002_email="ALTER TABLE theirs.t ADD x int;")
    assert "permission denied for schema theirs" in cli("run", "--dry-run").err


def test_the_roles_are_there_and_what_they_may(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    grants.query(
        'create role "the app"; create role team; grant team to deploy; create schema of_team authorization team'
    )
    try:
        migrations(
            m002_email='GRANT SELECT ON users TO "the app", reader;\nCREATE TABLE of_team.t ();',
            m003_index="SET ROLE team;\nCREATE TABLE of_team.u ();",
        )
        result = cli("run", "--dry-run")
        assert (result.code, result.err) == (0, "")
        migrations(m002_email="GRANT SELECT ON users TO nobody_there;")
        assert 'role "nobody_there" does not exist' in cli("run", "--dry-run").err
    finally:
        grants.query('drop owned by team; drop role team, "the app"')


def test_the_database_is_called_and_set_as_it_is(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    grants.query("create schema app authorization deploy; alter database grants set search_path to app, public")
    grants.query("alter role deploy set \"DateStyle\" to 'SQL, DMY'")
    try:
        migrations(
            m002_email="CREATE TABLE here ();\nALTER DATABASE grants SET work_mem TO '8MB';",
            m003_index="""DO $$ BEGIN
                ASSERT current_database() = 'grants';
                ASSERT to_regclass('app.here') IS NOT NULL;
                ASSERT current_user = 'deploy';
                ASSERT current_setting('DateStyle') = 'SQL, DMY';
            END $$;""",
        )
        result = cli("run", "--dry-run")
        assert (result.code, result.err) == (0, "")
    finally:
        grants.query("alter role deploy reset all")


def test_tablespaces_are_there(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    with psycopg.connect(grants.dsn, autocommit=True) as admin:
        admin.execute("set allow_in_place_tablespaces = on")
        admin.execute("create tablespace fast location ''")
        admin.execute("grant create on tablespace fast to public")
        admin.execute("create table on_fast (id int) tablespace fast")
        admin.execute("grant select on on_fast to deploy")
    try:
        migrations(m002_email="CREATE INDEX ON users (email) TABLESPACE fast;")
        result = cli("run", "--dry-run")
    finally:
        grants.query("drop table on_fast")
        grants.query("drop tablespace fast")
    assert (result.code, result.err) == (0, "")


def test_it_is_run_in_the_same_way(grants: Grants, cli: Cli) -> None:
    assert "003_index.sql:1:1: this cannot be in one transaction" in cli("run", "--dry-run", "--single-transaction").err
    result = cli("run", "--dry-run", "--to", "002")
    assert (result.code, "Done: 1 applied" in result.out) == (0, True)
    grants.query("update pytest_migrations.migration_history set checksum = 'another'")
    result = cli("run", "--dry-run")
    assert result.code == 2
    assert "Since it was applied, 001_users.sql was edited" in result.err


def test_without_a_ledger(grants: Grants, cli: Cli) -> None:
    grants.query("drop schema pytest_migrations cascade; drop table users")
    result = cli("run", "--dry-run")
    assert (result.code, "Done: 3 applied" in result.out) == (0, True)
    assert grants.query("select to_regclass('pytest_migrations.migration_history')") == [(None,)]


def test_nothing_to_do(grants: Grants, cli: Cli) -> None:
    result = cli("run", "--dry-run", "--to", "001")
    assert result.code == 0
    assert result.out.startswith("plan       nothing to do: grants at ")
    assert cli("run", "--dry-run", "--to", "001", "--json").json == {"dry_run": {"plan": []}, "error": None}


def test_a_rollback(grants: Grants, cli: Cli) -> None:
    grants.query("create view of_users as select * from users")
    result = cli("rollback", "001", "--dry-run")
    assert result.code == 1
    assert "cannot drop table users because other objects depend on it" in result.err
    grants.query("drop view of_users")
    data = cli("rollback", "001", "--dry-run", "--json").json
    assert [one["name"] for one in data["dry_run"]["rolled_back"]] == ["001_users.sql"]
    assert data["dry_run"]["unforeseen"]["statements"][0]["why"] == "its rows are lost"


def test_another_tools_database_is_refused(grants: Grants, cli: Cli) -> None:
    grants.query("drop schema pytest_migrations cascade")
    grants.query("create table schema_migrations (version bigint primary key, dirty boolean not null)")
    grants.query("insert into schema_migrations values (1, false); grant select on schema_migrations to deploy")
    result = cli("run", "--dry-run")
    assert result.code == 2
    assert "baseline" in result.err


def test_no_server_of_that_major_version(
    grants: Grants, cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    result = cli("run", "--dry-run", "--server=embedded:15")
    assert result.code == 2
    assert result.err.startswith("No PostgreSQL 18 for the dry run: it needs a server of its own, of the major version")
    assert "Ways to get one: install it (apt install postgresql-18" in result.err
    monkeypatch.setattr(installations.Installation, "major", 17)
    result = cli("run", "--dry-run")
    assert result.code == 2
    assert "docker" in result.err
    assert "no engine answers" in result.err
    assert " not 18" in result.err


def test_extensions_that_it_lacks_are_named(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    migrations(m002_email="CREATE EXTENSION nowhere_to_be_had;")
    result = cli("run", "--dry-run", "--server=embedded")
    assert result.code == 2
    assert 'no "nowhere_to_be_had"' in result.err
    assert "of the major version that the target has, and all of nowhere_to_be_had" in result.err


def test_it_reaches_no_other_server(grants: Grants, cli: Cli, migrations: Migrations) -> None:
    grants.query(
        "create extension postgres_fdw; create server far foreign data wrapper postgres_fdw options (host 'x.example', "
        "hostaddr '192.0.2.1'); create user mapping for deploy server far options (user 'u', password 's3cret'); "
        "create foreign table far_users (id int) server far; grant all on far_users to deploy"
    )
    migrations(m002_email="INSERT INTO far_users VALUES (1);")
    result = cli("run", "--dry-run")
    assert result.code == 1
    assert "The foreign servers far lead nowhere there." in result.out
    assert "x.example" not in result.err
    assert "s3cret" not in result.out + result.err


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("CREATE SUBSCRIPTION s CONNECTION 'host=x.example password=s3cret' PUBLICATION p", "that is subscribed to"),
        ("DROP SUBSCRIPTION s", "that is subscribed to"),
        ("COPY users TO PROGRAM 'cat >/tmp/x'", "start a program"),
        ("SELECT dblink_exec('host=x.example', 'DROP TABLE users')", "by dblink"),
        ("DO $$ BEGIN PERFORM dblink_connect('x'); END $$", "by dblink"),
    ],
)
def test_what_reaches_further_is_refused(grants: Grants, cli: Cli, migrations: Migrations, sql: str, why: str) -> None:
    migrations(m002_email=f"{sql};")
    result = cli("run", "--dry-run")
    assert result.code == 2
    assert why in result.err
    assert "s3cret" not in result.out


def test_what_all_databases_share_is_not_changed_on_a_borrowed_server(
    grants: Grants, cli: Cli, migrations: Migrations, server_dsn: str
) -> None:
    migrations(m002_email="CREATE ROLE somebody;")
    result = cli("run", "--dry-run", "--server", server_dsn)
    assert result.code == 2
    assert "that of --server is not the dry run's own" in result.err
    assert cli("run", "--dry-run").code == 1  # for want of a right, on one of its own


@pytest.fixture
def reserved(monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """What dry runs have reserved."""
    runs: list[RunFolder] = []
    reserve = RunFolder.reserve

    def noted() -> RunFolder:
        runs.append(reserve())
        return runs[-1]

    monkeypatch.setattr(RunFolder, "reserve", noted)
    return runs


def test_ctrl_c_leaves_no_server(grants: Grants, cli: Cli, migrations: Migrations, reserved: list[RunFolder]) -> None:
    migrations(m002_email="SELECT pg_sleep(60);")
    threading.Timer(2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    assert cli("run", "--dry-run").code == 130
    assert [run.path.exists() for run in reserved] == [False]


@pytest.fixture
def image() -> str:
    if not containers.engine_answers():
        reason = f"no container engine answers at {containers.engine_address()}"
        pytest.fail(reason) if os.environ.get("PYTEST_MIGRATIONS_REQUIRE_DOCKER") else pytest.skip(reason)
    return os.environ.get("PYTEST_MIGRATIONS_TEST_IMAGE", "postgres:15")


@pytest.mark.parametrize("own_server", ["embedded:15"], indirect=True, scope="module")
def test_in_a_container(grants: Grants, cli: Cli, image: str, reserved: list[RunFolder]) -> None:
    result = cli("run", "--dry-run", f"--server=docker:{image}")
    assert (result.code, result.err) == (0, "")
    assert "dry run    on PostgreSQL 15." in result.out
    assert "(docker), with the schema of grants" in result.out
    (run,) = reserved
    left = ["docker", "ps", "--all", "--quiet", "--filter", f"label={containers.LABEL}={run.id}"]
    assert subprocess.run(left, capture_output=True, check=True).stdout == b""
