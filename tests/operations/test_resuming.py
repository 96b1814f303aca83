"""What stopped half-way is gone on with where it stood: in the same session's settings, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_migrations.operations import patience
from tests.operations.test_locks import in_the_way

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))


SHORT = ("--lock-timeout", "200ms")
TABLE = "CREATE TABLE t (id int);\n--\nDROP TABLE t;"
HALF = """\
CREATE TABLE a (id int);
CREATE INDEX CONCURRENTLY a_i ON a (id);
SELECT nonsense;
--
DROP INDEX a_i;
DROP TABLE a;"""


def ledger(query: Query) -> list[tuple[object, ...]]:
    return query("SELECT state, statements, total_statements FROM pytest_migrations.migration_history")


def test_the_way_back_of_a_half_applied_one_begins_at_its_beginning(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    """Also where it has to wait for a lock: how far it was applied says nothing of the way back."""
    migrations(m001_a=HALF)
    assert cli("run").code == 1
    with in_the_way(database, "SELECT * FROM a", seconds=0.5):
        back = cli("rollback", "1", *SHORT)
    assert back.code == 0
    assert "Trying again" in back.out
    assert query("SELECT to_regclass('a')") == [(None,)]


def test_what_is_on_its_way_back_is_not_applied_on(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_a=HALF.replace("SELECT nonsense;\n", "").replace("DROP TABLE a", "VACUUM a;\nSELECT nonsense"))
    assert cli("run").code == 0
    assert cli("rollback", "1").code == 1
    went_on = cli("run", "--continue")
    assert went_on.code == 2
    assert "The rollback of 001_a.sql stopped half-way" in went_on.err
    assert ledger(query) == [("rolling back", 2, 3)]


@pytest.mark.parametrize("setting", ["SET search_path = app;", "SET SESSION search_path TO app;"])
def test_settings_of_the_session_are_made_again(
    setting: str, database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=f"CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\n{TABLE}")
    cli("run")
    migrations(m002_t=f"{setting}\nCREATE INDEX CONCURRENTLY t_i ON t (id);\nALTER TABLE t ADD x int;")
    with in_the_way(database, "INSERT INTO app.t VALUES (1)", seconds=0.5):
        assert cli("run", *SHORT).code == 0
    assert query("SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = to_regclass('app.t_i')") == [
        ("app.t",)
    ]
    assert query("SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.t'::regclass AND attname = 'x'") == [(1,)]


def test_an_index_is_looked_for_where_the_script_does(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t="CREATE SCHEMA app;\nCREATE TABLE app.t (id int);\nCREATE INDEX i ON app.t (id);")
    cli("run")
    migrations(m002_gone="SET search_path = app;\nDROP INDEX CONCURRENTLY i;")
    with in_the_way(database, "INSERT INTO app.t VALUES (1)", seconds=0.5):
        assert cli("run", *SHORT).code == 0
    assert query("SELECT to_regclass('app.i')") == [(None,)]


def test_what_went_with_the_session_stops_it(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_t=TABLE)
    cli("run")
    migrations(m002_temp="CREATE TEMP TABLE t2 AS SELECT 1;\nCREATE INDEX CONCURRENTLY ON t (id);\nDROP TABLE t2;")
    with in_the_way(database, "INSERT INTO t VALUES (1)"):
        ran = cli("run", *SHORT)
    assert ran.code == 2
    assert "canceling statement due to lock timeout" in ran.err, "what went wrong first is told as well"
    assert "002_temp.sql:1:1: what this made went with its session" in ran.err
    assert "went with its session" in cli("run", "--continue").err


def test_what_was_done_may_not_be_edited_since(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_a=HALF)
    assert cli("run").code == 1
    migrations(m001_a="CREATE TABLE b (id int);\n" + HALF.replace("SELECT nonsense;\n", ""))
    refused = cli("run", "--continue")
    assert refused.code == 2
    assert "the first 2 statements are not those that were done: they were edited since" in refused.err
    migrations(m001_a=HALF.replace("SELECT nonsense", "ALTER TABLE a ADD y int"))
    assert cli("run", "--continue").code == 0
    assert ledger(query) == [("applied", 3, 3)]


def test_a_script_with_its_own_transaction_that_fails_is_not_half_way(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_own="BEGIN;\nCREATE TABLE a (id int);\nSELECT nonsense;\nCOMMIT;")
    assert cli("run").code == 1
    assert "nothing of it was kept" in cli("status").out
    migrations(m001_own="BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;")
    assert cli("run").code == 0


def test_a_derived_way_back_outlives_a_wait_for_a_lock(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t=TABLE)
    cli("run")
    migrations(m002_i="ALTER TABLE t ADD x int;\nCREATE INDEX CONCURRENTLY t_x ON t (x);")
    with in_the_way(database, "SELECT * FROM t", seconds=0.5):
        assert cli("run", *SHORT).code == 0
    assert cli("rollback", "2").code == 0
    assert query("SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'x'") == [(0,)]


def test_a_resumed_script_that_misses_something_is_told_as_any_other(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    migrations(m001_a=HALF)
    assert cli("run").code == 1
    migrations(m001_a=HALF.replace("SELECT nonsense", "SELECT * FROM nowhere"))
    ran = cli("run", "--continue")
    assert ran.code == 1
    assert 'relation "nowhere" does not exist' in ran.err
    assert "2 of its 3 statements were kept. Once the cause is gone" in ran.err


def test_while_a_run_is_at_it_nothing_has_failed(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    from pytest_migrations.operations.session import Limits, working_on
    from pytest_migrations.operations.target import Target

    migrations(m001_a=HALF)
    assert cli("run").code == 1
    with working_on(Target.named(database.dsn), Limits()) as session:
        shown = cli("status")
        assert shown.code == 0
        assert f"under way: statement 2 of 3 is done, by pid {session.connection.info.backend_pid}" in shown.out
    assert cli("status").code == 1


def test_indexes_of_others_stay(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    """An invalid index that somebody else has left on another table is none of our business."""
    migrations(m001_t=f"CREATE TABLE other (id int);\nINSERT INTO other VALUES (1), (1);\n{TABLE}")
    cli("run")
    with pytest.raises(Exception, match="could not create unique index"):
        query("CREATE UNIQUE INDEX CONCURRENTLY other_ccnew ON other (id)")
    migrations(m002_again="CREATE INDEX t_i ON t (id);", m003_again="REINDEX TABLE CONCURRENTLY t;")
    cli("run", "--to", "2")
    with in_the_way(database, "INSERT INTO t VALUES (1)", seconds=0.5):
        assert cli("run", *SHORT).code == 0
    assert query("SELECT to_regclass('other_ccnew') IS NOT NULL") == [(True,)]
    assert query("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == [(1,)]


STEPS = """\
CREATE TABLE side (id int);
CREATE INDEX CONCURRENTLY big_t ON big (t);
SELECT {what};
CREATE INDEX CONCURRENTLY big_t2 ON big (t, id);"""


def test_a_half_applied_one_without_a_rollback_is_taken_back(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_big="CREATE TABLE big (id int, t text);", m002_steps=STEPS.format(what="1/0"))
    ran = cli("run")
    assert ran.code == 1
    assert "or take them back with `pytest-migrations rollback 002_steps.sql`" in ran.err
    assert cli("rollback", "2").code == 0
    assert query("SELECT count(*) FROM pg_class WHERE relname IN ('side', 'big_t')") == [(0,)]


def test_one_that_was_gone_on_with_has_a_way_back_too(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_big="CREATE TABLE big (id int, t text);", m002_steps=STEPS.format(what="1/0"))
    assert cli("run").code == 1
    migrations(m002_steps=STEPS.format(what="1"))
    assert cli("run", "--continue").code == 0
    assert cli("rollback", "2").code == 0
    assert query("SELECT count(*) FROM pg_class WHERE relname IN ('side', 'big_t', 'big_t2')") == [(0,)]


def test_what_an_index_that_failed_has_left_is_told_and_taken_back(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_t="CREATE TABLE t (id int);\nINSERT INTO t VALUES (1), (1);",
        m002_i="CREATE UNIQUE INDEX CONCURRENTLY t_i ON t (id);",
    )
    ran = cli("run")
    assert ran.code == 1
    assert "Nothing of this script was kept" not in ran.err
    assert "of the next, the index public.t_i is there and invalid" in ran.err
    assert cli("rollback", "2").code == 0
    assert query("SELECT to_regclass('t_i')") == [(None,)]
