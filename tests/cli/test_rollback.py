"""``rollback``, as a user types it: what it takes along, and what keeps it from beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.operations.entry import whoever_runs
from tests.cli.test_run import NAMES, USERS, states

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query


def test_what_is_not_applied_or_has_no_way_back_cannot_be_rolled_back(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_users="INSERT INTO nowhere SELECT 1;".replace("INSERT INTO nowhere ", ""), m002_names="SELECT 1;")
    assert "is not applied" in cli("rollback", "1").err
    assert "there is no migration '7'" in cli("rollback", "7").err
    assert cli("rollback").code == 2
    assert cli("rollback", "1", "--to", "1").code == 2


def test_what_others_depend_on_stays_unless_they_are_taken_along(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_users=USERS,
        m002_teams="CREATE TABLE teams (id int);\n--\nDROP TABLE teams;",
        m003_names=NAMES,
        m004_index="CREATE INDEX ON users (name);\n--\nDROP INDEX users_name_idx;",
    )
    cli("run")
    refused = cli("rollback", "001_users.sql")
    assert refused.code == 2
    assert "003_names.sql needs table users of 001_users.sql" in refused.err
    assert "004_index.sql needs table users of 001_users.sql" in refused.err
    assert "002_teams.sql" not in refused.err
    assert states(cli) == ["applied"] * 4
    assert cli("rollback", "002_teams.sql").code == 0
    ran = cli("rollback", "001_users.sql", "--cascade", "--json")
    assert [done["name"] for done in ran.json["rolled_back"]] == ["004_index.sql", "003_names.sql", "001_users.sql"]
    assert query("select to_regclass('users')") == [(None,)]


def test_what_depends_is_known_without_the_files(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    folder = migrations(m001_users=USERS, m002_names=NAMES, m003_more="SELECT 1;")
    cli("run")
    (folder / "001_users.sql").unlink()
    assert "002_names.sql needs table users of 001_users.sql" in cli("rollback", "001_users.sql").err
    (folder / "002_names.sql").unlink()
    assert "002_names.sql needs" in cli("rollback", "001_users.sql").err
    assert cli("rollback", "001_users.sql", "--cascade").code == 0
    assert query("select to_regclass('users')") == [(None,)]


def test_an_edited_file_is_rolled_back_as_it_was_applied(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_x="CREATE TABLE x (id int);\n--\nDROP TABLE IF EXISTS x;")
    cli("run")
    migrations(m001_x="CREATE TABLE y (id int);\n--\nDROP TABLE IF EXISTS y;")
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('x')") == [(None,)]


def test_declared_dependencies_count(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(
        m001_a="CREATE TABLE a (id int PRIMARY KEY);\n--\nDROP TABLE a CASCADE;",
        m002_b="-- Dependencies: a\nCREATE TABLE b (id int);\n--\nDROP TABLE b;",
        m003_c="DO $$ DECLARE q text; BEGIN SELECT 'SELECT 1' INTO q; EXECUTE q; END $$;\n--\nSELECT 1;",
    )
    cli("run")
    refused = cli("rollback", "1")
    assert refused.code == 2
    assert "002_b.sql says that it stands on a of 001_a.sql" in refused.err
    assert "003_c.sql may need 001_a.sql, whose rollback drops with CASCADE" in refused.err


def test_one_that_was_rolled_back_runs_again(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=USERS, m002_other="CREATE TABLE other (id int);\n--\nDROP TABLE other;", m003_names=NAMES)
    cli("run")
    assert cli("rollback", "2").code == 0
    assert cli("run").code == 0
    assert states(cli) == ["applied"] * 3


def test_no_way_back_is_offered_where_there_is_none(database: Database, cli: Cli, migrations: Migrations) -> None:
    folder = migrations(m001_users=USERS, m002_gone="DROP TABLE users;")
    ran = cli("run")
    assert "no way back: migrations/002_gone.sql:1:1" in ran.out
    assert "Back again" not in ran.out
    (folder / "002_gone.sql").unlink()
    assert "undo it by hand, then pytest-migrations mark 002_gone.sql --rolled-back" in cli("run").err


def test_who_rolled_back_is_who_did_it(
    database: Database,
    cli: Cli,
    migrations: Migrations,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    request.addfinalizer(whoever_runs.cache_clear)
    migrations(m001_users=USERS)
    for name, command in ("alice", ["run"]), ("bob", ["rollback", "1"]):
        whoever_runs.cache_clear()  # one process has one user, elsewhere
        monkeypatch.setenv("LOGNAME", name)
        cli(*command)
    assert "by bob@" in cli("status").out


def test_back_to_before_the_first(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=USERS, m002_names="ALTER TABLE users ADD name text;")
    assert cli("run").code == 0
    back = cli("rollback", "--to", "0")
    assert "Done: 2 rolled back" in back.out, back.err
    assert query("SELECT to_regclass('users')") == [(None,)]

    migrations(m000_first="CREATE TABLE first (id int);")
    assert cli("run").code == 0
    assert "Done: 2 rolled back" in cli("rollback", "--to", "000").out, "it is called so, and stays"
    assert "Done: 1 rolled back" in cli("rollback", "--to", "0").out
    assert query("SELECT to_regclass('first')") == [(None,)]


def test_an_index_depends_on_the_extension_of_its_operator_class(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    if not query("SELECT name FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        pytest.skip("the server has no pg_trgm")
    migrations(
        m001_trigrams="CREATE EXTENSION pg_trgm;\n--\nDROP EXTENSION pg_trgm;",
        m002_names="CREATE TABLE names (name text); CREATE INDEX i ON names USING gin (name gin_trgm_ops);"
        "\n--\nDROP TABLE names;",
    )
    assert cli("run").code == 0
    assert "002_names.sql" in cli("rollback", "1").err
    assert cli("rollback", "1", "--cascade").code == 0
    assert states(cli) == ["rolled back"] * 2
