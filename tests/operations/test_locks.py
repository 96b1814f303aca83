"""Locks that others hold: on tables, and the one that keeps two runs apart."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_migrations.operations import patience
from pytest_migrations.operations.lock import RunLock
from pytest_migrations.operations.session import Limits, working_on
from pytest_migrations.operations.target import Target
from tests.waiting import until_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.server.server import Database
    from tests.commands import Cli, Migrations, Query

TABLE = "CREATE TABLE users (id int);"
LEDGER = "pytest_migrations.migration_history"
NAMES = "ALTER TABLE users ADD name text;\n--\nALTER TABLE users DROP name;"
INDEX = "CREATE INDEX CONCURRENTLY users_idx ON users (id);\n--\nDROP INDEX users_idx;"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_BACK_OFF", (0.1, 0.1, 0.1))


@contextmanager
def in_the_way(database: Database, statement: str, seconds: float | None = None) -> Iterator[int]:
    """A session that does something in a transaction, which ends after the block or after some seconds."""
    with psycopg.connect(database.dsn, application_name="worker") as other:
        other.execute(statement.encode())
        timer = threading.Timer(seconds or 0, other.rollback)
        if seconds is not None:
            timer.start()
        yield other.info.backend_pid
        timer.cancel()


def test_who_is_in_the_way_is_named(database: Database, cli: Cli, migrations: Migrations, query: Query) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    migrations(m002_names=NAMES)
    with in_the_way(database, "SELECT count(*) FROM users") as pid:
        ran = cli("run", "--lock-timeout", "300ms")
        assert ran.code == 2
    assert "002_names.sql:1:1: canceling statement due to lock timeout (55P03 lock_not_available)" in ran.err
    assert "Waiting for ACCESS EXCLUSIVE on public.users, held since " in ran.err
    assert f"by pid {pid} (app=worker, user=" in ran.err
    assert "SELECT count(*) FROM users" in ran.err
    assert "Tried 4 times in" in ran.err
    assert "Nothing was changed." in ran.err
    assert f"SELECT pg_terminate_backend({pid});" in ran.err
    assert ran.out.count("Trying again in 0.1 s.") == 3
    assert cli("status", "--json").json["migrations"][1]["state"] == "pending"


def test_what_waits_is_tried_again(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    migrations(m002_names=NAMES)
    with in_the_way(database, "SELECT count(*) FROM users", seconds=0.5):
        ran = cli("run", "--lock-timeout", "300ms")
    assert ran.code == 0
    assert "Trying again in" in ran.out


def test_an_index_that_had_to_wait_is_built_after_all(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    migrations(m002_index=INDEX)
    with in_the_way(database, "INSERT INTO users VALUES (1)", seconds=0.5):
        ran = cli("run", "--lock-timeout", "300ms")
    assert ran.code == 0, ran.err
    assert query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_idx'::regclass") == [(True,)]


def test_an_index_that_was_never_built_is_told_of(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE)
    cli("run")
    migrations(m002_index=INDEX)
    with in_the_way(database, "INSERT INTO users VALUES (1)"):
        ran = cli("run", "--lock-timeout", "300ms")
    assert ran.code == 2
    assert "0 of its 1 statements were kept" in ran.err
    assert "statement 1: the index public.users_idx is there and invalid" in cli("status").out
    assert cli("run", "--continue").code == 0


def test_two_runs_keep_apart(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE)
    with working_on(Target.named(database.dsn), Limits()) as session:
        ran = cli("run", "--lock-timeout", "200ms")
        assert ran.code == 2
        assert f"Another run works on this database: pid {session.connection.info.backend_pid}" in ran.err
    assert cli("run").code == 0


def test_a_second_run_waits_for_the_first(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_users=TABLE)
    target = Target.named(database.dsn)
    with target.connect() as other:
        RunLock(other, target.ledger, "").take(0)
        threading.Timer(0.5, other.close).start()
        assert cli("run").code == 0


def test_one_run_waits_for_another_without_a_deadlock(database: Database, cli: Cli, migrations: Migrations) -> None:
    """The index waits for all transactions: a lock that is waited for inside of one would never come."""
    migrations(m001_users=TABLE)
    cli("run")
    migrations(m002_index=INDEX)
    target = Target.named(database.dsn)
    with in_the_way(database, "INSERT INTO users VALUES (1)", seconds=1.0), working_on_soon(target) as waited:
        assert cli("run").code == 0
    assert waited == [True]


@contextmanager
def working_on_soon(target: Target) -> Iterator[list[bool]]:
    """Another run begins a moment later and waits."""
    waited: list[bool] = []

    def work() -> None:
        time.sleep(0.3)
        with working_on(target, Limits(lock=20)):
            waited.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    yield waited
    thread.join()


def test_advisory_locks_of_scripts_are_their_own(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_more="SELECT pg_advisory_lock(1), pg_advisory_lock(2, 3);", m002_more="CREATE TABLE more (id int);")
    assert cli("run").code == 0
    with working_on(Target.named(database.dsn), Limits(lock=1)) as session:
        session.lock.check()


def test_a_script_that_releases_our_lock_stops_the_run_before_the_next_migration(
    database: Database, cli: Cli, migrations: Migrations
) -> None:
    """Another run may have come in between, and applied what is next."""
    migrations(m001_all="SELECT pg_advisory_unlock_all();", m002_more="CREATE TABLE more (id int);")
    ran = cli("run")
    assert ran.code == 2
    assert "The lock of this run was released by what ran last" in ran.err
    assert [m["state"] for m in cli("status", "--json").json["migrations"]] == ["applied", "pending"]
    assert cli("run").code == 0


def test_a_script_in_steps_that_releases_our_lock_is_stopped_between_them(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(
        m001_t="CREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY a ON t (id);\nSELECT pg_advisory_unlock_all();\n"
        "CREATE INDEX CONCURRENTLY b ON t (id);"
    )
    assert "The lock of this run was released by what ran last" in cli("run").err
    assert until_alone(query)
    (migration,) = cli("status", "--json").json["migrations"]
    assert migration["note"] == "stopped behind statement 2 of 4"
    migrations(
        m001_t="CREATE TABLE t (id int);\nCREATE INDEX CONCURRENTLY a ON t (id);\n"
        "CREATE INDEX CONCURRENTLY b ON t (id);"
    )
    assert cli("run", "--continue").code == 0


def test_nothing_is_committed_without_the_lock(
    database: Database, cli: Cli, migrations: Migrations, query: Query
) -> None:
    migrations(m001_t="-- No transaction\nCREATE TABLE a (id int);\nSELECT pg_advisory_unlock_all();\nVACUUM a;")
    assert cli("run").code == 2
    assert until_alone(query)
    (migration,) = cli("status", "--json").json["migrations"]
    assert migration["note"] == "stopped behind statement 1 of 3"


def test_statement_timeout(database: Database, cli: Cli, migrations: Migrations) -> None:
    migrations(m001_slow="SELECT pg_sleep(10);")
    ran = cli("run", "--statement-timeout", "100ms")
    assert ran.code == 1
    assert "57014 query_canceled" in ran.err


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["run"],
        ["run", "--dry-run"],
        ["run", "--backup"],
        ["rollback", "1"],
        ["rollback", "1", "--dry-run"],
        ["mark", "1", "--pending", "--yes"],
        ["repair"],
        ["baseline", "--to", "1"],
    ],
)
def test_a_ledger_that_cannot_be_read(
    command: list[str], database: Database, cli: Cli, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations(m001_users=TABLE)
    assert cli("run").code == 0
    monkeypatch.setattr(Limits, "settings", {**Limits(lock=0.2).settings})
    with in_the_way(database, f"LOCK TABLE {LEDGER} IN ACCESS EXCLUSIVE MODE") as pid:
        ran = cli(*command)
    assert ran.code == 2
    assert f"The ledger {LEDGER} is locked since " in ran.err
    assert f" by pid {pid} (app=worker, user=" in ran.err
    assert f"Try again when that is done, or end it: SELECT pg_terminate_backend({pid});" in ran.err
    assert ("Nothing was changed." in ran.err) == ("--dry-run" not in command and command != ["status"])
    assert "canceling" not in ran.err + ran.out


def test_a_ledger_that_cannot_be_written_to(
    database: Database, cli: Cli, migrations: Migrations, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations(m001_users=TABLE)
    assert cli("run").code == 0
    monkeypatch.setattr(Limits, "settings", {**Limits(lock=0.2).settings})
    with in_the_way(database, f"LOCK TABLE {LEDGER} IN SHARE MODE") as pid:
        ran = cli("mark", "1", "--pending", "--yes")
    assert ran.code == 2
    assert f" by pid {pid} (app=worker, user=" in ran.err
    assert "Nothing was changed. Try again" in ran.err


def test_a_ledger_of_another_tool_that_cannot_be_read(
    database: Database, cli: Cli, migrations: Migrations, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations(m001_users=TABLE)
    query("CREATE TABLE schema_migrations (version text PRIMARY KEY)")
    monkeypatch.setattr(Limits, "settings", {**Limits(lock=0.2).settings})
    for command in (["status"], ["run"], ["run", "--dry-run"], ["baseline"]):
        with in_the_way(database, "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE") as pid:
            ran = cli(*command)
        assert ran.code == 2
        assert "Waiting for ACCESS SHARE on public.schema_migrations, held since" in ran.err
        assert f"or end it: SELECT pg_terminate_backend({pid});" in ran.err
