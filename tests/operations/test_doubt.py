"""What a statement that no transaction can hold has left is told from what was there before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.operations import patience
from tests.operations.test_killed import kill
from tests.operations.test_locks import in_the_way

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

TABLE = "CREATE TABLE t (a int, b int);\nINSERT INTO t VALUES (1, 1), (1, 2);"


def indexes(query: Query, table: str = "t") -> list[tuple[object, ...]]:
    return query(
        f"SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = '{table}'::regclass ORDER BY 1"
    )


@pytest.mark.parametrize(
    ("there", "statement", "kept"),
    [
        ("CREATE INDEX i ON t (a);", "CREATE INDEX CONCURRENTLY i ON t (b);", ("i", True)),
        ("CREATE INDEX i ON t (a);", "DROP INDEX CONCURRENTLY ii;", ("i", True)),
        ("", "CREATE INDEX CONCURRENTLY i ON t (nope);", None),
    ],
    ids=["another of its name", "a name that is wrong", "never begun"],
)
def test_what_the_server_refused_has_not_run(
    there: str,
    statement: str,
    kept: tuple[str, bool] | None,
    database: Database,
    cli: Cli,
    migrations: Migrations,
    query: Query,
) -> None:
    migrations(m001_t=f"{TABLE}\n{there}", m002_i=f"CREATE TABLE z (id int);\n{statement}")
    first = cli("run")
    assert first.code == 1
    again = cli("run", "--continue")
    assert again.code == 1, "the server says the same again"
    assert again.err.splitlines()[0] == first.err.splitlines()[0]
    assert indexes(query) == ([kept] if kept else [])
    assert cli("rollback", "2").code == 0
    assert query("SELECT to_regclass('z')") == [(None,)]
    assert indexes(query) == ([kept] if kept else [])


@pytest.mark.parametrize("name", ["", "not_ours"])
def test_an_invalid_index_that_was_there_before_stays(
    name: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE)
    cli("run")
    with pytest.raises(Exception, match="could not create unique index"):
        query("CREATE UNIQUE INDEX CONCURRENTLY not_ours ON t (a)")
    migrations(m002_i=f"CREATE TABLE z (id int);\nCREATE INDEX CONCURRENTLY {name} ON t (nope);")
    assert cli("run").code == 1
    migrations(m002_i=f"CREATE TABLE z (id int);\nCREATE INDEX CONCURRENTLY {name and 'ours'} ON t (b);")
    assert cli("run", "--continue").code == 0
    assert ("not_ours", False) in indexes(query)
    assert len(indexes(query)) == 2


def test_it_is_looked_for_where_the_script_was(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """The script had set a search_path, which whoever looks later has not."""
    migrations(
        m001_t="CREATE SCHEMA app;\nCREATE TABLE app.t (a int);\nINSERT INTO app.t VALUES (1), (1);",
        m002_i="SET search_path = app;\nALTER TABLE t ADD x int;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);",
    )
    told = "the index app.i is there and invalid"
    assert told in cli("run").err
    assert told in cli("status").out
    assert cli("rollback", "2").code == 0
    assert indexes(query, "app.t") == []


def test_a_statement_that_was_edited_has_to_run(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """What the one that failed has left is taken away first."""
    migrations(m001_t=TABLE, m002_i="CREATE TABLE z (id int);\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);")
    assert cli("run").code == 1
    assert indexes(query) == [("i", False)]
    migrations(m002_i="CREATE TABLE z (id int);\nCREATE INDEX CONCURRENTLY j ON t (a);")
    assert cli("run", "--continue").code == 0
    assert indexes(query) == [("j", True)]


def test_a_statement_that_was_taken_out_leaves_nothing(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE, m002_i="CREATE TABLE z (id int);\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);")
    assert cli("run").code == 1
    migrations(m002_i="CREATE TABLE z (id int);")
    assert cli("run", "--continue").code == 0
    assert indexes(query) == []


@pytest.mark.parametrize("statement", ["CREATE INDEX CONCURRENTLY j ON t (b);", "DROP INDEX CONCURRENTLY i;"])
@pytest.mark.parametrize("gone_on", [True, False])
def test_what_ran_and_was_not_recorded_is_taken_back(
    statement: str, gone_on: bool, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=f"{TABLE}\nCREATE INDEX i ON t (a);")
    assert cli("run").code == 0
    migrations(m002_i=f"CREATE TABLE z (id int);\n{statement}")
    kill("ran", 2, "run")
    if gone_on:
        assert cli("run", "--continue").code == 0
        counted = "SELECT statements, total_statements FROM pytest_migrations.migration_history WHERE version = '002'"
        assert query(counted) == [(2, 2)]
    assert cli("rollback", "2").code == 0
    assert indexes(query) == [("i", True)]
    assert query("SELECT to_regclass('z')") == [(None,)]


def test_a_block_that_may_have_committed_is_left_to_a_person(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_t=f"{TABLE}\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN DELETE FROM t; COMMIT; END $$;",
        m002_fill="CREATE TABLE z (id int);\nCALL fill();",
    )
    assert cli("run", "--to", "1").code == 0
    kill("ran", 5, "run")  # both are sent in one transaction first, then the block in one of its own
    refused = cli("run")
    assert refused.code == 2
    assert "--continue" not in refused.err
    by_hand = "pytest-migrations mark 002_fill.sql --applied"
    assert by_hand in refused.err
    assert by_hand in cli("run", "--continue").err


def test_what_somebody_made_meanwhile_is_not_ours(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """An index without a name could be this one; a person has to say, where its columns do not."""
    migrations(m001_t=TABLE, m002_i="CREATE TABLE z (id int);\nCREATE INDEX CONCURRENTLY ON t ((b + 1));")
    assert cli("run", "--to", "1").code == 0
    kill("begun", 2, "run")
    query("CREATE INDEX t_a_idx ON t ((a + 1))")
    assert "may be its own or somebody else's" in cli("run", "--continue").err
    assert "mark 002_i.sql --applied" in cli("rollback", "2").err
    assert indexes(query) == [("t_a_idx", True)]


def test_an_index_that_is_half_dropped_is_made_again(
    database: Database, cli: Cli, migrations: Migrations, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))
    migrations(m001_t="CREATE TABLE t (a int);\nCREATE UNIQUE INDEX u ON t (a);")
    assert cli("run").code == 0
    migrations(m002_d="CREATE TABLE z (id int);\nDROP INDEX CONCURRENTLY u;")
    with in_the_way(database, "SELECT * FROM t"):
        assert cli("run", "--lock-timeout", "200ms").code == 2
    assert indexes(query) == [("u", False)]
    assert "the index public.u is half dropped: it is invalid" in cli("status").out
    assert cli("rollback", "2").code == 0
    assert indexes(query) == [("u", True)]


def test_the_parts_of_a_partitioned_table_are_reindexed_without_a_trace(
    database: Database, cli: Cli, migrations: Migrations, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))
    migrations(
        m001_p="CREATE TABLE p (a int) PARTITION BY LIST (a);\nCREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);\n"
        "CREATE INDEX p_a ON p (a);"
    )
    assert cli("run").code == 0
    migrations(m002_again="REINDEX TABLE CONCURRENTLY p;")
    with in_the_way(database, "SELECT * FROM p1"):
        assert cli("run", "--lock-timeout", "200ms").code == 2
    assert cli("run", "--continue").code == 0
    assert indexes(query, "p1") == [("p1_a_idx", True)]


def test_a_right_that_is_missing_is_told_and_no_mistake_of_ours(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """The script was another role, which may see more than who looks later."""
    query("CREATE ROLE own; CREATE ROLE deployer LOGIN NOINHERIT IN ROLE own; CREATE SCHEMA app AUTHORIZATION own")
    query(f"GRANT CREATE ON DATABASE {database.name} TO deployer")
    dsn = f"{database.dsn} user=deployer"
    migrations(
        m001_t="SET ROLE own;\nCREATE TABLE app.t (a int);\nINSERT INTO app.t VALUES (1), (1);\n"
        "CREATE UNIQUE INDEX CONCURRENTLY i ON app.t (a);"
    )
    try:
        ran = cli("run", "--dsn", dsn)
        assert ran.code == 1
        assert "could not create unique index" in ran.err
        assert "this user may not see what it has left" in ran.err
        assert "this user may not see what it has left" in cli("status", "--dsn", dsn).out
    finally:
        query("DROP OWNED BY own, deployer CASCADE; DROP ROLE own, deployer")


def test_a_database_that_is_not_there_was_not_dropped(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_d="CREATE TABLE z (id int);\nDROP DATABASE nowhere_at_all;")
    assert cli("run").code == 1
    again = cli("run", "--continue")
    assert again.code == 1
    assert "of the next, the database nowhere_at_all is not there" in again.err


def test_a_half_that_did_not_fit_in_a_transaction_is_taken_back(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """Its text does not tell that it commits in steps: the server does, in the middle."""
    migrations(m001_p="CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';")
    assert cli("run").code == 0
    migrations(m002_h="CREATE TABLE a (id int);\nCREATE TABLE b (id int);\nCALL p();\n--\nDROP TABLE b;\nDROP TABLE a;")
    kill("begun", 7, "run")  # all three in one transaction, then each in its own, then the last without
    kept = query("SELECT statements, rollback_sql FROM pytest_migrations.migration_history WHERE version = '002'")
    assert kept == [(2, "DROP TABLE public.b;\nDROP TABLE public.a;")]


def test_a_setting_that_the_script_took_back_is_not_made_again(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_app=f"CREATE SCHEMA app;\n{TABLE}")
    assert cli("run").code == 0
    migrations(
        m002_i="BEGIN;\nSET search_path = app;\nROLLBACK;\nCREATE UNIQUE INDEX CONCURRENTLY i ON public.t (a);\n"
        "CREATE TABLE c (id int);"
    )
    assert cli("run").code == 1
    query("TRUNCATE t")
    assert cli("run", "--continue").code == 0
    assert query("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'c'") == [("public",)]


OWN = """\
CREATE TABLE a (id int);
INSERT INTO a VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id);
CREATE TABLE b (id int);
--
DROP TABLE b;
DROP INDEX a_id;
DROP TABLE a;"""


def test_its_own_rollback_takes_back_the_whole_and_not_a_half(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_half=OWN)
    assert cli("run").code == 1
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('a')") == [(None,)]
    migrations(m001_half=OWN.replace("(1), (1)", "(1), (2)"))
    assert cli("run").code == 0
    kept = query("SELECT rollback_sql, rollback_note FROM pytest_migrations.migration_history")
    assert kept == [("DROP TABLE b;\nDROP INDEX a_id;\nDROP TABLE a;", None)]
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('b')") == [(None,)]


def test_a_rollback_that_fails_on_a_half_says_so(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """There is none for the half: a statement of it cannot be taken back. The cause of the stop is not forgotten."""
    migrations(
        m001_half=OWN.replace(
            "INSERT INTO a VALUES (1), (1)",
            "INSERT INTO a VALUES (1), (1);\nTRUNCATE a;\n"
            "INSERT INTO a VALUES (1), (1);\nCREATE TABLE c AS SELECT 1; DROP TABLE c; DELETE FROM pg_largeobject",
        )
    )
    assert cli("run").code == 1
    cause = query("SELECT error FROM pytest_migrations.migration_history")
    back = cli("rollback", "1")
    assert back.code == 1
    assert "Nothing of the rollback was kept, and of the migration 7 of its 9 statements were kept" in back.err
    assert "Go on with `pytest-migrations run --continue`, or undo those by hand" in back.err
    assert "of the next, the index a_id is not there" in back.err, "what it had left was taken back before"
    assert "pytest-migrations mark 001_half.sql --pending" in back.err
    assert query("SELECT error FROM pytest_migrations.migration_history") == cause


def test_a_rollback_survives_a_wait_in_the_middle(
    database: Database, cli: Cli, migrations: Migrations, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statement that waits comes behind others that were kept already."""
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))
    migrations(m001_t=TABLE)
    cli("run")
    migrations(m002_i="CREATE TABLE x (id int);\nCREATE INDEX CONCURRENTLY x_i ON x (id);\nALTER TABLE t ADD c int;")
    with in_the_way(database, "SELECT * FROM t", seconds=0.5):
        assert "Trying again" in cli("run", "--lock-timeout", "200ms").out
    assert cli("rollback", "2").code == 0
    assert query("SELECT to_regclass('x')") == [(None,)]
    assert query("SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c'") == [(0,)]


def test_the_rest_runs_in_the_settings_of_the_script(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """Also where it turns out not to fit in the transaction in which it is tried first."""
    migrations(m001_app="CREATE SCHEMA app;\nCREATE PROCEDURE app.p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';")
    assert cli("run").code == 0
    query("CREATE TABLE app.b ()")
    migrations(
        m002_b="SET search_path = app;\nCREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY a_i ON a (id);\n"
        "CREATE TABLE b (id int);\nCALL p();\nCREATE TABLE c (id int);"
    )
    assert cli("run").code == 1
    query("DROP TABLE app.b")
    assert cli("run", "--continue").code == 0
    assert query("SELECT relname, relnamespace::regnamespace::text FROM pg_class WHERE relname IN ('a', 'b', 'c')") == [
        ("a", "app"),
        ("b", "app"),
        ("c", "app"),
    ]


def test_a_half_whose_rollback_waits_in_vain_is_as_it_was(
    database: Database, cli: Cli, migrations: Migrations, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))
    migrations(m001_half=OWN)
    assert cli("run").code == 1
    with in_the_way(database, "SELECT * FROM a"):
        waited = cli("rollback", "1", "--lock-timeout", "200ms")
    assert waited.code == 2
    assert "Nothing of the rollback was kept, and of the migration 2 of its " in waited.err
    assert "by hand" not in waited.err
    assert cli("rollback", "1").code == 0
    assert query("SELECT to_regclass('a')") == [(None,)]
