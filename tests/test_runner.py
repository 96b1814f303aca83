"""The runner against a real server: transactions, clean sessions, errors with their places, timeouts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pytest_migrations.failure import Kept, MigrationError
from pytest_migrations.runner import Runner
from pytest_migrations.sending import NeedsCommitsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import Migration, Statement

    Make = Callable[..., Migration]


def one(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_script_runs_in_one_transaction(connection: psycopg.Connection, make_migration: Make) -> None:
    migration = make_migration("CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\nSELECT 1/0;")
    with pytest.raises(MigrationError) as caught:
        Runner(connection).apply(migration)
    assert caught.value.kept is Kept.NOTHING
    assert caught.value.sqlstate == "22012"
    assert (caught.value.place.line, caught.value.place.column) == (3, 1)
    assert one(connection, "SELECT to_regclass('a') IS NULL")


def test_a_look_sees_the_uncommitted_schema_and_can_undo_it(
    connection: psycopg.Connection, make_migration: Make
) -> None:
    def refuse() -> None:
        assert one(connection, "SELECT to_regclass('a') IS NOT NULL")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Runner(connection).apply(make_migration("CREATE TABLE a ()"), look=refuse)
    assert one(connection, "SELECT to_regclass('a') IS NULL")


@pytest.mark.parametrize("transactional", [True, False])
def test_a_statement_is_told_before_and_behind_it_in_its_session(
    connection: psycopg.Connection, make_migration: Make, transactional: bool
) -> None:
    told: list[tuple[str, bool]] = []

    def tell(statement: Statement) -> None:
        told.append((statement.text, one(connection, "SELECT to_regclass('a') IS NOT NULL")))

    migration = make_migration("CREATE TABLE a (); DROP TABLE a;", transactional=transactional)
    Runner(connection, before_statement=tell, after_statement=tell).apply(migration)
    create, drop = "CREATE TABLE a ()", "DROP TABLE a"
    assert told == [(create, False), (create, True), (drop, True), (drop, False)]


@pytest.mark.parametrize("script", ["", "-- nothing\n/* here */", ";;", "  \n"])
def test_an_empty_script_runs(connection: psycopg.Connection, make_migration: Make, script: str) -> None:
    looked = []
    assert Runner(connection).apply(make_migration(script), look=lambda: looked.append(1)).statements == 0
    assert looked == [1]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE a (x int); CREATE INDEX CONCURRENTLY i ON a (x);",
        "CREATE TABLE a (x int); VACUUM a;",
        "BEGIN; CREATE TABLE a (x int); COMMIT; INSERT INTO a VALUES (1);",
        "CREATE TABLE a (x int); DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; END $$;",
        "CREATE TYPE a AS ENUM ('x'); ALTER TYPE a ADD VALUE 'y'; SELECT 'y'::a;",
        "START TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE a (x int); COMMIT AND CHAIN; COMMIT;",
    ],
)
def test_what_cannot_be_in_one_transaction_runs_without(
    connection: psycopg.Connection, make_migration: Make, script: str
) -> None:
    Runner(connection).apply(make_migration(script))
    assert one(connection, "SELECT to_regclass('a') IS NOT NULL OR to_regtype('a') IS NOT NULL")


@pytest.mark.parametrize(
    "script",
    [
        "VACUUM; CREATE TABLE seen ();",
        "START TRANSACTION; CREATE TABLE seen (); COMMIT; VACUUM;",
        "START TRANSACTION; CREATE TABLE seen (); COMMIT AND CHAIN; COMMIT;",
    ],
)
def test_a_guard_undoes_what_would_be_committed(
    connection: psycopg.Connection, make_migration: Make, script: str
) -> None:
    def guard() -> None:
        if one(connection, "SELECT to_regclass('seen') IS NOT NULL"):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        Runner(connection, guard=guard).apply(make_migration(script))
    assert one(connection, "SELECT to_regclass('seen') IS NULL")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("LOCK TABLE a", "LOCK TABLE can only be used in transaction blocks"),
        ("SAVEPOINT s", "SAVEPOINT can only be used in transaction blocks"),
        ("DECLARE c CURSOR FOR SELECT 1", "DECLARE CURSOR can only be used in transaction blocks"),
        ("INSERT INTO a VALUES (0)", "violates check constraint"),
        ("DO 'BEGIN COMMIT; RAISE ''own''; END'", "own"),
    ],
)
def test_with_a_guard_a_statement_alone_does_what_it_does_without(
    connection: psycopg.Connection, make_migration: Make, statement: str, said: str
) -> None:
    script = f"VACUUM; CREATE TABLE IF NOT EXISTS a (x int CHECK (x > 0)); {statement};"
    for guard in (None, lambda: None):
        with pytest.raises(MigrationError, match=said) as caught:
            Runner(connection, guard=guard).apply(make_migration(script))
        assert caught.value.kept is Kept.BEFORE


def test_outside_a_transaction_what_was_kept_is_said(connection: psycopg.Connection, make_migration: Make) -> None:
    migration = make_migration("CREATE TABLE a ();\nCREATE TABLE b ();\nboom;", transactional=False)
    with pytest.raises(MigrationError, match="syntax error") as caught:
        Runner(connection).apply(migration)
    # The grammar rejects the script, so the server gets it as one piece and keeps nothing of it.
    assert caught.value.kept is Kept.NOTHING
    with pytest.raises(MigrationError) as caught:
        Runner(connection).apply(make_migration("CREATE TABLE a ();\nSELECT 1/0;", transactional=False))
    assert caught.value.kept is Kept.BEFORE
    assert one(connection, "SELECT to_regclass('a') IS NOT NULL")


def test_a_script_may_end_the_transaction_of_its_tool(connection: psycopg.Connection, make_migration: Make) -> None:
    """As sql-migrate and others run it: what they began is committed, and the rest is another transaction."""
    up = "CREATE TABLE a ();\nCOMMIT;\nBEGIN;\nCREATE TABLE b ();\n"
    Runner(connection).apply(make_migration(up))
    assert one(connection, "SELECT to_regclass('b') IS NOT NULL")
    with pytest.raises(MigrationError, match='"c" does not exist') as caught:
        Runner(connection).apply(
            make_migration("CREATE TABLE x ();\nCOMMIT;\nBEGIN;\nCREATE TABLE y ();\nDROP TABLE c;\n")
        )
    assert caught.value.kept is Kept.BEFORE
    assert one(connection, "SELECT to_regclass('x') IS NOT NULL AND to_regclass('y') IS NULL")


def test_a_missing_commit_is_an_error(connection: psycopg.Connection, make_migration: Make) -> None:
    with pytest.raises(MigrationError, match="COMMIT is missing"):
        Runner(connection).apply(make_migration("BEGIN; CREATE TABLE a ();"))
    assert one(connection, "SELECT to_regclass('a') IS NULL")


def test_each_script_has_a_clean_session(connection: psycopg.Connection, make_migration: Make) -> None:
    runner = Runner(connection)
    runner.apply(make_migration("SET search_path = nowhere; CREATE TEMP TABLE t (); SELECT pg_advisory_lock(1);"))
    runner.apply(make_migration("CREATE TABLE public.t (); CREATE TABLE u ();"))
    assert one(connection, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    connection.execute(b"BEGIN")
    runner.apply_inside(
        make_migration("SET LOCAL search_path = nowhere; SET ROLE pg_monitor; SET TimeZone = 'Asia/Tokyo'")
    )
    runner.apply_inside(make_migration("CREATE TABLE v ();"))
    assert one(connection, "SELECT current_user = session_user AND to_regclass('public.v') IS NOT NULL")
    connection.rollback()


def test_inside_a_transaction_frames_are_left_out_and_nothing_is_kept(
    connection: psycopg.Connection, make_migration: Make
) -> None:
    runner = Runner(connection)
    connection.execute(b"BEGIN")
    runner.apply_inside(make_migration("BEGIN; CREATE TABLE a (); COMMIT;"))
    assert one(connection, "SELECT to_regclass('a') IS NOT NULL")
    connection.rollback()
    assert one(connection, "SELECT to_regclass('a') IS NULL")


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ("DO $$\nBEGIN\n  RAISE EXCEPTION 'x';\nEND $$", (3, 3)),
        ("DO\n$a$ BEGIN\n  PERFORM 1;\n  ALTER TABLE nothing ADD x int;\nEND $a$", (4, 3)),
        ("DO $$\nBEGIN\n  IF 1 =\n    (SELECT nothing FROM pg_class) THEN END IF;\nEND $$", (4, 13)),
        ("DO $$ BEGIN RAISE EXCEPTION 'x'; END $$", (1, 7)),
        ("DO $$\nBEGIN\n  EXECUTE 'SELECT nothing';\nEND $$", (3, 19)),
    ],
)
def test_an_error_in_a_block_points_at_its_line(
    connection: psycopg.Connection, make_migration: Make, block: str, place: tuple[int, int]
) -> None:
    with pytest.raises(MigrationError) as caught:
        Runner(connection).apply(make_migration(block))
    assert (caught.value.place.line, caught.value.place.column) == place


def test_seconds_are_the_scripts_alone(connection: psycopg.Connection, make_migration: Make) -> None:
    ran = Runner(connection).apply(make_migration("SELECT 1"), look=lambda: time.sleep(0.5))
    assert ran.seconds < 0.4


@pytest.mark.parametrize("script", ["ROLLBACK", "BEGIN; SELECT 1; COMMIT AND CHAIN; COMMIT", "BEGIN", "VACUUM"])
def test_what_nothing_can_stand_in_for_needs_commits(
    connection: psycopg.Connection, make_migration: Make, script: str
) -> None:
    connection.execute(b"BEGIN")
    with pytest.raises(NeedsCommitsError):
        Runner(connection).apply_inside(make_migration(script))
    connection.rollback()


def test_deferred_constraints_are_checked_where_the_commit_would_be(
    connection: psycopg.Connection, make_migration: Make
) -> None:
    migration = make_migration(
        "CREATE TABLE a (id int PRIMARY KEY, up int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO a VALUES (1, 2);"
    )
    with pytest.raises(MigrationError, match="foreign key") as caught:
        Runner(connection).apply(migration)
    assert caught.value.remark == "when the transaction was committed"
    connection.execute(b"BEGIN")
    with pytest.raises(MigrationError, match="foreign key"):
        Runner(connection).apply_inside(migration)
    connection.rollback()


def test_an_error_points_at_the_character(connection: psycopg.Connection, make_migration: Make) -> None:
    migration = make_migration("-- é 😀\nSELECT 'é😀',\n\tnothing_here;\n")
    with pytest.raises(MigrationError) as caught:
        Runner(connection).apply(migration)
    assert (caught.value.place.line, caught.value.place.column) == (3, 2)
    text = str(caught.value)
    assert "(42703 undefined_column)" in text
    assert "   3 |  nothing_here;\n     |  ^" in text


def test_a_timeout_stops_a_script_that_switched_timeouts_off(
    connection: psycopg.Connection, make_migration: Make
) -> None:
    started = time.monotonic()
    with pytest.raises(MigrationError, match=r"longer than 0\.3 s") as caught:
        Runner(connection, timeout=0.3).apply(make_migration("SET statement_timeout = 0;\nSELECT pg_sleep(60);"))
    assert time.monotonic() - started < 10
    assert caught.value.place.line == 2
    Runner(connection, timeout=60).apply(make_migration("SELECT 1"))


def test_a_statement_that_ends_the_connection_is_named(connection: psycopg.Connection, make_migration: Make) -> None:
    with pytest.raises(MigrationError) as caught:
        Runner(connection).apply(make_migration("SELECT 1;\nSELECT pg_terminate_backend(pg_backend_pid());"))
    assert caught.value.place.line == 2
    assert "terminating connection" in caught.value.message
    assert connection.closed


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("SELECT 1;\n\\connect other\nSELECT 2;", 2),
        ("SELECT 1;\n  \\i other.sql", 2),
        ("CREATE TABLE a (x int);\nCOPY a FROM stdin;\n1\n\\.\n", 2),
        ("CREATE TABLE a (x int);\nCOPY a FROM STDIN;", 2),
        ("SELECT 'CREATE DATABASE x'\n  WHERE true\\gexec\nSELECT 1;", 2),
    ],
)
def test_what_only_psql_runs_is_refused_before_anything_ran(
    connection: psycopg.Connection, make_migration: Make, script: str, line: int
) -> None:
    with pytest.raises(MigrationError, match="psql") as caught:
        Runner(connection).apply(make_migration(script))
    assert caught.value.place.line == line
    assert one(connection, "SELECT to_regclass('a') IS NULL")


def test_every_statement_is_told(connection: psycopg.Connection, make_migration: Make) -> None:
    told: list[str] = []
    runner = Runner(connection, after_statement=lambda statement: told.append(statement.text))
    ran = runner.apply(make_migration("SELECT 1; SELECT 2"))
    assert told == ["SELECT 1", "SELECT 2"]
    assert ran.statements == 2
    assert ran.seconds > 0


def test_an_error_without_a_position_points_at_the_name(connection: psycopg.Connection, make_migration: Make) -> None:
    migration = make_migration("CREATE TABLE a (x int);\nALTER TABLE a\n  ADD FOREIGN KEY (x) REFERENCES nowhere (id);")
    with pytest.raises(MigrationError) as caught:
        Runner(connection).apply(migration)
    assert (caught.value.place.line, caught.value.place.column) == (3, 34)
