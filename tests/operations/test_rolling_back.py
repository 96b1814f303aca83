"""Which rollback it is that runs: that of the file as it is now, or what the ledger has, in whose role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from tests.operations.test_way_out import BACK, CONTINUE, DISTINCT, TABLE

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query


@pytest.mark.parametrize("is_half", [True, False])
def test_a_role_that_the_script_takes_on_is_that_of_its_rollback(
    is_half: bool, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """Its user may take it on, and has none of its rights by himself."""
    query("CREATE ROLE owns; CREATE ROLE deploys LOGIN NOINHERIT IN ROLE owns; CREATE SCHEMA app AUTHORIZATION owns")
    query(f"GRANT CREATE ON DATABASE {database.name} TO deploys")
    dsn = make_conninfo(database.dsn, user="deploys")
    rows = "(1), (1)" if is_half else "(1), (2)"
    migrations(
        m001_t="SET ROLE owns;\nCREATE TABLE app.t (a int);\n"
        f"INSERT INTO app.t VALUES {rows};\nCREATE UNIQUE INDEX CONCURRENTLY i ON app.t (a);"
    )
    try:
        assert cli("run", "--dsn", dsn).code == (1 if is_half else 0)
        back = cli("rollback", "1", "--dsn", dsn)
        assert (back.code, back.err) == (0, "")
        assert query("SELECT to_regclass('app.t')") == [(None,)]
    finally:
        query("DROP OWNED BY owns, deploys CASCADE; DROP ROLE deploys, owns")


def test_a_rollback_that_was_mended_goes_on_though_a_comment_was_added(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    up = "CREATE TABLE z (id int);"
    migrations(m001_t=TABLE, m002_m=f"{up}\n--\nVACUUM t;\nDROP TABLE nope;\nDROP TABLE z;")
    assert cli("run").code == 0
    assert BACK in cli("rollback", "2").err
    migrations(m002_m=f"-- z\n{up}\n--\nVACUUM t;\nDROP TABLE z;")
    found = cli("repair", "--yes")
    assert (BACK in found.out + found.err, CONTINUE in found.out + found.err) == (True, False)
    assert cli("rollback", "2").code == 0
    assert query("SELECT to_regclass('z')") == [(None,)]


def test_a_rollback_that_fails_is_mended_in_its_file(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_t=TABLE, m002_m="CREATE TABLE z (id int);\n--\nDROP TABLE nope;")
    assert cli("run").code == 0
    failed = cli("rollback", "2")
    assert "The migration stays applied. Mend the rollback in its file, and try again" in failed.err
    assert BACK in failed.err


def test_an_empty_rollback_is_none_and_a_comment_is_one(
    database: Database, cli: Cli, tmp_path: Path, query: Query
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name, up, down in (
        ("001_t", TABLE, ""),
        ("002_rows", DISTINCT, ""),
        ("003_z", "CREATE TABLE z ();", "-- it may stay"),
        ("004_mixed", "UPDATE t SET b = 3; ALTER TABLE t ADD c int;", "\n"),
    ):
        (folder / f"{name}.up.sql").write_text(up)
        (folder / f"{name}.down.sql").write_text(down)
    assert cli("run").code == 0
    refused = cli("rollback", "4")
    assert refused.code == 2
    assert "has no rollback (that of its file is empty)" in refused.err
    assert cli("rollback", "3").code == 0
    assert query("SELECT to_regclass('z')") == [("z",)]
    assert cli("rollback", "2").code == 0, "rows alone change no schema"
    query("UPDATE pytest_migrations.migration_history SET state = 'rolled back' WHERE name LIKE '004%'")
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('t')") == [(None,)]


def test_an_empty_rollback_of_what_is_no_rows_is_none(
    database: Database, cli: Cli, tmp_path: Path, query: Query
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_t.up.sql").write_text("GRANT USAGE ON SCHEMA public TO pg_monitor;")
    (folder / "001_t.down.sql").write_text("")
    assert cli("run").code == 0
    assert cli("rollback", "1").code == 0
    assert query("SELECT nspacl::text LIKE '%pg_monitor%' FROM pg_namespace WHERE nspname = 'public'") != [(True,)]


@pytest.mark.parametrize(
    "script",
    [
        "SET ROLE owns;\nCREATE TABLE app.a ();\nRESET ROLE;\nCREATE TABLE app.b ();",
        "CREATE TABLE app.a ();\nSET ROLE owns;\nCREATE TABLE app.b ();",
        "BEGIN;\nSET LOCAL ROLE owns;\nCREATE TABLE app.a ();\nCOMMIT;\nCREATE TABLE app.b ();",
    ],
)
def test_a_role_of_a_part_is_not_that_of_all(
    script: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """Its user has the rights of the role by himself, and has made the rest."""
    query("CREATE ROLE owns; CREATE ROLE deploys LOGIN IN ROLE owns; CREATE SCHEMA app AUTHORIZATION owns")
    query(f"GRANT CREATE ON DATABASE {database.name} TO deploys")
    dsn = make_conninfo(database.dsn, user="deploys")
    migrations(m001_t=script)
    try:
        assert cli("run", "--dsn", dsn).code == 0
        back = cli("rollback", "1", "--dsn", dsn)
        assert (back.code, back.err) == (0, "")
        assert query("SELECT to_regclass('app.a'), to_regclass('app.b')") == [(None, None)]
    finally:
        query("DROP OWNED BY owns, deploys CASCADE; DROP ROLE deploys, owns")


def test_a_second_begin_is_a_warning(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_t="BEGIN;\nCREATE TABLE a ();\nBEGIN;\nCREATE TABLE b ();\nROLLBACK;\nCREATE TABLE c ();")
    assert cli("run").code == 0
    assert query("SELECT rollback_sql FROM pytest_migrations.migration_history") == [("DROP TABLE public.c;",)]
    migrations(m002_s="BEGIN;\nSAVEPOINT s;\nBEGIN;\nCREATE TABLE b ();\nROLLBACK TO s;\nCOMMIT;")
    assert cli("run").code == 0


def test_a_rollback_that_was_edited_where_it_is_done(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    down = "VACUUM t;\nDROP TABLE nope;\nDROP TABLE z;"
    migrations(m001_t=TABLE, m002_m=f"CREATE TABLE z (id int);\n--\n{down}")
    assert cli("run").code == 0
    assert "only what comes behind the statements that are done may be mended" in cli("rollback", "2").err
    migrations(m002_m="CREATE TABLE z (id int);\n--\nDROP TABLE z;")
    refused = cli("rollback", "2")
    assert refused.code == 2
    assert "the first 1 statements of this rollback are not those that were done" in refused.err
    migrations(m002_m="CREATE TABLE z (id int);\n--\nVACUUM t;\nDROP TABLE z;")
    assert cli("rollback", "2").code == 0
