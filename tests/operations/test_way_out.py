"""The way out that a message names works to its end, and none is named that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.operations import patience
from tests.operations.test_killed import kill
from tests.operations.test_locks import in_the_way

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

SHORT = ("--lock-timeout", "200ms")
TABLE = "CREATE TABLE t (a int, b int);\nINSERT INTO t VALUES (1, 1), (1, 2);"
UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);"
DISTINCT = "DELETE FROM t WHERE b = 2"
CONTINUE, BACK = "pytest-migrations run --continue", "pytest-migrations rollback 002_m.sql"
BY_HAND = "pytest-migrations mark 002_m.sql --applied, or --pending"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))


def schema_of(query: Query, name: str) -> list[tuple[object, ...]]:
    return query(f"SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = '{name}'")


def test_a_script_that_ends_and_begins_its_tools_transaction(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE, m002_m=f"CREATE TABLE z (id int);\nCOMMIT;\n{UNIQUE}\nBEGIN;\nALTER TABLE z ADD c int;")
    assert CONTINUE in cli("run").err
    query(DISTINCT)
    assert cli("run", "--continue").code == 0
    assert query("SELECT attname FROM pg_attribute WHERE attrelid = 'z'::regclass AND attnum > 0 ORDER BY 1") == [
        ("c",),
        ("id",),
    ]
    assert cli("rollback", "2").code == 0
    assert query("SELECT to_regclass('z')") == [(None,)]


def test_a_transaction_that_was_chained_to_the_one_that_was_kept(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    script = "BEGIN;\nCREATE TABLE z (id int);\nCOMMIT AND CHAIN;\nCREATE TABLE y (id int);\nSELECT 1/0;\nCOMMIT;"
    migrations(m001_t=TABLE, m002_m=script)
    assert cli("run").code == 1
    assert query("SELECT to_regclass('y')") == [(None,)]
    migrations(m002_m=script.replace("SELECT 1/0;\n", ""))
    assert cli("run", "--continue").code == 0
    assert query("SELECT to_regclass('y')") == [("y",)]


@pytest.mark.parametrize(
    "gone",
    [
        "SELECT 1 AS x INTO TEMP h;",
        "CREATE FUNCTION pg_temp.h() RETURNS int LANGUAGE sql RETURN 1;",
        "DO $$ BEGIN EXECUTE 'SET search_path = app'; END $$;",
        "DO $$ BEGIN PERFORM set_config('search_path', 'app', false); END $$;",
        "PREPARE h AS SELECT 1;",
    ],
)
def test_what_went_with_its_session_is_not_gone_on_with(
    gone: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=f"{TABLE}\nCREATE SCHEMA app;", m002_m=f"{gone}\nCREATE TABLE public.z ();\n{UNIQUE}")
    failed = cli("run")
    assert failed.code == 1
    assert CONTINUE not in failed.err
    assert CONTINUE not in cli("run").err
    assert cli("run", "--continue").code == 2
    assert cli("rollback", "2").code == 0 if BACK in failed.err else BY_HAND in failed.err


@pytest.mark.parametrize(
    "kept",
    [
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('a.b', '', false); END $$;",
        "SELECT set_config('a.b', 'c', true);",
        "CREATE TEMP TABLE h (x int);\nDROP TABLE h;",
        "DO $$ BEGIN UPDATE t SET a = a; END $$;",
    ],
)
def test_what_leaves_nothing_in_its_session_is(
    kept: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE, m002_m=f"{kept}\n{UNIQUE}")
    assert CONTINUE in cli("run").err
    query(DISTINCT)
    assert cli("run", "--continue").code == 0


def test_two_that_are_unfinished(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    """Nothing is run over one whose rollback stopped half-way."""
    migrations(m001_t=TABLE, m003_c="CREATE TABLE c (id int);\n--\nVACUUM t;\nSELECT 1/0;\nDROP TABLE c;")
    assert cli("run").code == 0
    assert cli("rollback", "3").code == 1
    migrations(m002_m=f"CREATE TABLE z (id int);\n{UNIQUE}", m004_d="CREATE TABLE d (id int);")
    query("UPDATE pytest_migrations.migration_history SET state = 'applied' WHERE name = '003_c.sql'")
    assert cli("run", "--out-of-order").code == 1
    query("UPDATE pytest_migrations.migration_history SET state = 'rolling back' WHERE name = '003_c.sql'")
    query(DISTINCT)
    refused = cli("run", "--continue", "--out-of-order")
    assert refused.code == 2
    assert "The rollback of 003_c.sql stopped half-way" in refused.err
    assert query("SELECT to_regclass('d')") == [(None,)]


def test_a_file_that_is_gone_or_empty_while_somebody_holds_a_lock(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    folder = migrations(m001_t=TABLE, m002_m=UNIQUE)
    assert cli("run").code == 1
    (folder / "002_m.sql").write_text("-- nothing any more\n")
    with in_the_way(database, "SELECT * FROM t"):
        waited = cli("run", "--continue", *SHORT)
    assert (waited.code, "mistake of pytest-migrations" in waited.err) == (2, False)
    (folder / "002_m.sql").unlink()
    assert "stopped behind statement 0 of 1" in cli("status").out
    told = cli("status")
    assert (told.code, "1 of 2 migrations applied; 1 failed" in told.out) == (1, True)
    with in_the_way(database, "SELECT * FROM t"):
        waited = cli("rollback", "002_m.sql", *SHORT)
    assert (waited.code, "mistake of pytest-migrations" in waited.err) == (2, False)
    assert (CONTINUE in waited.err, BACK in waited.err) == (False, True)
    assert cli("rollback", "002_m.sql").code == 0
    assert query("SELECT to_regclass('i')") == [(None,)]


def test_a_rollback_in_steps_that_is_for_the_whole_is_not_tried_on_a_half(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_t=TABLE,
        m002_m=f"UPDATE t SET b = b + 1;\n{UNIQUE}\nCREATE TABLE z (id int);\n"
        "--\nDROP INDEX CONCURRENTLY i;\nDROP TABLE z;\nUPDATE t SET b = b - 1;",
    )
    failed = cli("run")
    assert (CONTINUE in failed.err, BACK in failed.err) == (True, False)
    refused = cli("rollback", "2")
    assert refused.code == 2
    assert "the values that the rows of public.t had are not put back" in refused.err
    assert CONTINUE in refused.err
    query("DELETE FROM t WHERE b = 3")
    assert cli("run", "--continue").code == 0
    assert cli("rollback", "2").code == 0


def test_what_its_own_rollback_does_not_know_of_is_taken_back_before_it(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE, m002_m=f"UPDATE t SET b = b + 1;\n{UNIQUE}\n--\nUPDATE t SET b = b - 1;")
    assert BACK in cli("run").err
    assert cli("rollback", "2").code == 0
    assert query("SELECT to_regclass('i')") == [(None,)]
    assert query("SELECT b FROM t ORDER BY b") == [(1,), (2,)]


@pytest.mark.parametrize("moment", ["lock", "ran", "begun"])
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_partition_that_was_being_detached(
    moment: str, goes_on: bool, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    parts = (
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), k.conname FROM pg_class c "
        "LEFT JOIN pg_constraint k ON k.conrelid = c.oid WHERE c.relname = 'p1'"
    )
    migrations(
        m001_p="CREATE TABLE p (a int) PARTITION BY LIST (a);\nCREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
    )
    assert cli("run").code == 0
    before = query(parts)
    migrations(m002_m="CREATE TABLE z (id int);\nALTER TABLE p DETACH PARTITION p1 CONCURRENTLY;\nCREATE TABLE y ();")
    if moment == "lock":
        with in_the_way(database, "SELECT * FROM p"):
            assert cli("run", *SHORT).code == 2
    else:
        kill(moment, 2, "run")
    if goes_on:
        assert cli("run", "--continue").code == 0
        assert query(parts)[0][1] is None
    assert cli("rollback", "2").code == 0
    assert query(parts) == before
    assert query("SELECT to_regclass('z')") == [(None,)]


def test_an_index_of_that_name_that_is_another(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE)
    assert cli("run").code == 0
    migrations(m002_m="CREATE TABLE z (id int);\nCREATE INDEX CONCURRENTLY i ON t (a);")
    kill("begun", 2, "run")
    query("CREATE INDEX i ON t (b)")
    for command in (("run", "--continue"), ("rollback", "2")):
        refused = cli(*command)
        assert refused.code == 2
        assert "an index public.i is there, and not as the script makes it" in refused.err


def test_an_index_is_made_again_as_it_was_wherever_the_script_looked(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    function = "(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1;"
    migrations(
        m001_t=f"CREATE SCHEMA app;\nCREATE FUNCTION app.f{function}\nCREATE FUNCTION public.f{function}\n"
        "CREATE TABLE app.t (a int);\nCREATE INDEX i ON app.t (app.f(a));"
    )
    assert cli("run").code == 0
    migrations(m002_m="SET search_path = app, pg_catalog;\nCREATE TABLE z ();\nDROP INDEX CONCURRENTLY i;")
    kill("ran", 3, "run")
    assert cli("rollback", "2").code == 0
    assert query("SELECT pg_get_indexdef('app.i'::regclass) LIKE '%(app.f(a))'") == [(True,)]


def test_the_plan_of_a_dry_run_is_of_what_is_left(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE, m002_m=f"CREATE TABLE z (id int);\n{UNIQUE}\nUPDATE t SET b = 3;")
    assert cli("run").code == 1
    planned = cli("run", "--continue", "--dry-run").out
    assert "002_m.sql   2 statements, each committed by itself" in planned
    assert "line 2: no transaction can hold CREATE UNIQUE INDEX CONCURRENTLY" in planned


def test_one_that_fails_after_it_was_rolled_back_is_not_out_of_order(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_a="CREATE TABLE a (id int);\n--\nDROP TABLE a;", m002_b="CREATE TABLE b (id int);")
    assert cli("run").code == 0
    assert cli("rollback", "1").code == 0
    query("CREATE TABLE a ()")
    assert cli("run").code == 1
    told = cli("status")
    assert (told.code, "001_a.sql  failed" in told.out) == (1, True)
    assert cli("repair", "--yes").code == 0
    assert "001_a.sql  rolled back" in cli("status").out
    query("DROP TABLE a")
    assert cli("run").code == 0


def test_what_failed_in_one_transaction_with_others(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_t=TABLE, m002_m="SELECT nonsense;")
    failed = cli("run", "--single-transaction")
    assert "Nothing was kept, of this script or of those before it in the run." in failed.err


def test_an_index_with_a_comment_that_is_half_dropped(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """It cannot be made again as it was; that is said, and it is not left invalid as if nothing were."""
    migrations(m001_t=f"{TABLE}\nCREATE INDEX i ON t (a);\nCOMMENT ON INDEX i IS 'x';")
    assert cli("run").code == 0
    migrations(m002_m="CREATE TABLE z ();\nDROP INDEX CONCURRENTLY i;")
    with in_the_way(database, "SELECT * FROM t"):
        assert "the index public.i is half dropped: it is invalid" in cli("run", *SHORT).err
    refused = cli("rollback", "2")
    assert (refused.code, CONTINUE in refused.err) == (2, True)
    assert cli("run", "--continue").code == 0
    assert query("SELECT to_regclass('i')") == [(None,)]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("BEGIN;\nSET a.b = 'one';\nSAVEPOINT s;\nSET a.b = 'two';\nROLLBACK TO s;\nCOMMIT;", "one"),
        ("BEGIN;\nSET a.b = 'one';\nCOMMIT AND CHAIN;\nSET a.b = 'two';\nROLLBACK;", "one"),
        ("SET a.b = 'one';\nBEGIN;\nSET a.b = 'two';\nROLLBACK;", "one"),
        ("BEGIN;\nSET a.b = 'two';\nCOMMIT;", "two"),
    ],
)
def test_the_settings_that_lasted_are_made_again(
    settings: str, expected: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_t=f"{TABLE}\nCREATE TABLE told (x text);",
        m002_m=f"{settings}\nVACUUM told;\n{UNIQUE}\nINSERT INTO told SELECT current_setting('a.b');",
    )
    assert cli("run").code == 1
    query(DISTINCT)
    assert cli("run", "--continue").code == 0
    assert query("SELECT x FROM told") == [(expected,)]


def test_a_lock_on_the_ledger_is_not_the_scripts(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE)
    assert cli("run").code == 0
    migrations(m002_m="CREATE TABLE z (id int);\nCREATE TABLE y (id int);")
    with in_the_way(database, "LOCK TABLE pytest_migrations.migration_history IN SHARE MODE"):
        waited = cli("run", *SHORT)
    assert waited.code == 2
    assert "migrations/002_m.sql:2:1: canceling statement due to lock timeout" in waited.err
    assert "^ behind it, at the ledger pytest_migrations.migration_history" in waited.err
