"""Which tables a migration touches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.rows.scripts.touching import locked, may_touch_others, named_in, tables_among

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pytest_migrations.migration import Migration

    Make = Callable[..., Migration]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("ALTER TABLE Users ADD x int", {"users", "x"}),
        ('ALTER TABLE "Big ""One" ADD x int', {'Big "One'}),
        ("DO $$ BEGIN EXECUTE 'ALTER TABLE deep ADD x int'; END $$", {"deep"}),
        ("ALTER TABLE größe$1 ADD x int", {"größe$1"}),
        ("SELECT 'a.b.c'::regclass", {"a", "b", "c"}),
    ],
)
def test_the_words_of_both_scripts(make_migration: Make, sql: str, named: set[str]) -> None:
    assert named <= named_in(make_migration(sql, None))
    assert named <= named_in(make_migration("SELECT 1", sql))


@pytest.mark.parametrize(
    ("sql", "may"),
    [
        (
            "CREATE TABLE a (x int); CREATE INDEX ON a (x); COMMENT ON TABLE a IS 'x'; GRANT SELECT ON a TO public",
            False,
        ),
        ("ALTER TABLE a ADD b int; ALTER TABLE a RENAME TO c; DROP TABLE c", False),
        ("CREATE VIEW v AS SELECT 1; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", False),
        ("CREATE TYPE t AS ENUM ('a'); ALTER TYPE t ADD VALUE 'b'", False),
        ("DROP TABLE a CASCADE", True),
        ("ALTER TABLE a ALTER b TYPE text", True),
        ("ALTER TYPE c DROP ATTRIBUTE d", True),
        ("ALTER DOMAIN d SET NOT NULL", True),
        ("UPDATE a SET b = 1", True),
        ("SELECT f()", True),
        ("DO 'BEGIN END'", True),
        ("DROP SCHEMA s CASCADE", True),
        ("no SQL", True),
    ],
)
def test_what_may_touch_more_than_it_names(make_migration: Make, sql: str, may: bool) -> None:
    assert may_touch_others(make_migration(sql, None)) is may
    assert may_touch_others(make_migration("CREATE TABLE q ()", sql)) is may


def named(connection: psycopg.Connection[Any], oids: set[int]) -> set[str]:
    return {
        str(row[0])
        for row in connection.execute("SELECT oid::regclass FROM pg_class WHERE oid = ANY (%s)", [list(oids)])
    }


def test_what_is_locked_is_seen(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a int REFERENCES a); CREATE TABLE c ()")
    connection.execute("CREATE VIEW v AS SELECT * FROM b")
    with connection.transaction():
        connection.execute("INSERT INTO a VALUES (1); INSERT INTO v VALUES (1)")
        seen = locked(connection)
    assert named(connection, tables_among(connection, seen)) == {"a", "b"}


def test_temporary_tables_are_none(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        connection.execute("CREATE TEMP TABLE a (id int)")
        assert tables_among(connection, locked(connection)) == set()


def test_a_type_is_in_tables(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TYPE c AS (a int); CREATE DOMAIN d AS c; CREATE TABLE x (v c); CREATE TABLE y (v d[])")
    connection.execute("CREATE TABLE z (v int); CREATE VIEW w AS SELECT * FROM x")
    with connection.transaction():
        connection.execute("ALTER TYPE c ADD ATTRIBUTE b int")
        seen = locked(connection)
    assert named(connection, tables_among(connection, seen)) >= {"x", "y"}
    assert named(connection, tables_among(connection, seen)) <= {"x", "y"}
