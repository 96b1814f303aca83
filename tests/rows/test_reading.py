"""What the catalog says of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_migrations.rows.reading import read_tables, tables_of
from pytest_migrations.rows.table import Check, ForeignKey, Key

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.rows.table import Table


def read(connection: psycopg.Connection[Any], sql: str, *names: str) -> dict[str, Table]:
    connection.execute(sql.encode())
    return {table.bare_name: table for table in read_tables(connection, names=names)[0].values()}


def test_a_table(connection: psycopg.Connection[Any]) -> None:
    sql = """
    CREATE TABLE a (id int PRIMARY KEY);
    CREATE TABLE b (
        x int, id bigserial, a int REFERENCES a MATCH FULL, "N" varchar(3) DEFAULT 'x' NOT NULL CHECK ("N" <> ''),
        twice text GENERATED ALWAYS AS (lower("N")) STORED, UNIQUE NULLS NOT DISTINCT (a, "N") INCLUDE (x)
    );
    CREATE UNIQUE INDEX ON b (lower("N")) WHERE id > 5;
    ALTER TABLE b DROP COLUMN x CASCADE;
    ALTER TABLE b ADD UNIQUE NULLS NOT DISTINCT (a, "N");
    """
    if connection.info.server_version < 150000:
        pytest.skip("NULLS NOT DISTINCT came with PostgreSQL 15")
    b = read(connection, sql, "b")["b"]
    assert (b.name, b.shown, b.root) == ("public.b", "public.b", b.oid)
    facts = [(each.name, each.type.name, each.nullable, each.has_default, each.counts) for each in b.columns]
    assert facts == [
        ("id", "bigint", False, True, True),
        ("a", "integer", True, False, False),
        ("N", "character varying(3)", False, True, False),
        ("twice", "text", True, True, False),
    ]
    assert [each.generated for each in b.columns] == ["", "", "", 'lower(("N")::text)']
    assert b.checks == (Check("b_N_check", frozenset({"N"}), "((\"N\")::text <> ''::text)"),)
    assert set(b.keys) == {
        Key(frozenset({"a", "N"}), takes_nulls=False),
        Key(frozenset({"N", "id"}), takes_nulls=True, by_value=False, where="(id > 5)"),
    }
    assert [(key.columns, key.referred, key.all_or_none) for key in b.foreign_keys] == [(("a",), ("id",), True)]
    assert [(each.columns, each.condition) for each in b.evaluated] == [
        (frozenset({"N", "id"}), 'num_nulls(lower(("N")::text), (id > 5)) >= 0')
    ]
    assert (b.has_triggers, b.has_rules, b.deferrable) == (False, False, ())


def test_only_what_rows_have_to_refer_to_is_read(connection: psycopg.Connection[Any]) -> None:
    sql = """
    CREATE TABLE far (id int PRIMARY KEY);
    CREATE TABLE near (id int PRIMARY KEY, far int REFERENCES far);
    CREATE TABLE needed (id int PRIMARY KEY);
    CREATE TABLE other (id int PRIMARY KEY, needed int NOT NULL REFERENCES needed);
    CREATE TABLE a (near int REFERENCES near, other int REFERENCES other);
    """
    assert read(connection, sql, "a").keys() == {"a", "near", "other", "needed"}


def test_children_are_asked_for_as_well(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE p (id int); CREATE TABLE c () INHERITS (p); CREATE TABLE d () INHERITS (c)")
    tables, asked = read_tables(connection, names=["p"])
    assert asked == tables.keys()
    assert {table.bare_name for table in tables.values()} == {"p", "c", "d"}


def test_partitions(connection: psycopg.Connection[Any]) -> None:
    sql = """
    CREATE TABLE p (id int, k text) PARTITION BY LIST (k);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('a');
    CREATE TABLE q (id int) PARTITION BY RANGE (id);
    """
    tables = read(connection, sql, "p", "p1", "q")
    assert tables["p1"].root == tables["p"].oid
    assert tables["q"].cannot == "it has no partitions"
    assert [check.columns for check in tables["p"].checks] == [frozenset({"k"})]
    assert {table.bare_name for table in tables_of(connection).values()} == {"p", "q"}


def test_the_same_name_in_two_schemas_and_names_that_need_quotes(connection: psycopg.Connection[Any]) -> None:
    connection.execute('CREATE SCHEMA "S"; CREATE TABLE "S"."é.b" (id int); CREATE TABLE "é.b" (id int)')
    tables, _ = read_tables(connection, names=["é.b"])
    assert {table.name for table in tables.values()} == {'public."é.b"', '"S"."é.b"'}


def test_what_is_no_table_of_the_users(connection: psycopg.Connection[Any]) -> None:
    sql = """
    CREATE TEMP TABLE t (id int);
    CREATE VIEW v AS SELECT 1;
    CREATE SEQUENCE s;
    CREATE MATERIALIZED VIEW m AS SELECT 1;
    """
    assert read(connection, sql, "t", "v", "s", "m", "pg_class", "nothing") == {}
    assert read_tables(connection) == ({}, set())
    assert tables_of(connection) == {}


def test_a_temporary_table_does_not_hide_a_catalog(connection: psycopg.Connection[Any]) -> None:
    assert read(connection, "CREATE TEMP TABLE pg_class (oid oid); CREATE TABLE a (id int)", "a").keys() == {"a"}


@pytest.mark.parametrize("forget", ["DISCARD ALL", "DEALLOCATE ALL"])
def test_the_session_may_forget(connection: psycopg.Connection[Any], forget: str) -> None:
    assert read(connection, "CREATE TABLE a (id int)", "a")
    connection.execute(forget.encode())
    assert read_tables(connection, names=["a"])[0]


def test_inside_a_transaction_that_goes_on(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL search_path = 'elsewhere'")
        connection.execute("CREATE TABLE public.a (id int)")
        assert read_tables(connection, names=["a"])[0]
        assert connection.execute("SHOW search_path").fetchone() == ("elsewhere",)


def test_keys_of_partitions_are_told_once(connection: psycopg.Connection[Any]) -> None:
    sql = """
    CREATE TABLE p (id int PRIMARY KEY) PARTITION BY HASH (id);
    CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE p2 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE a (p int REFERENCES p);
    """
    tables = read(connection, sql, "a")
    assert tables["a"].foreign_keys == (ForeignKey("a_p_fkey", ("p",), tables["p"].oid, ("id",)),)


def test_a_deferrable_constraint_whose_name_another_has(connection: psycopg.Connection[Any]) -> None:
    sql = """
    CREATE TABLE a (id int PRIMARY KEY);
    CREATE TABLE b (a int CONSTRAINT same REFERENCES a DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE c (a int CONSTRAINT same REFERENCES a, b int CONSTRAINT "My own" REFERENCES a DEFERRABLE);
    """
    tables = read(connection, sql, "b", "c")
    assert (tables["b"].deferrable, tables["c"].deferrable) == ((("", True),), (('public."My own"', False),))
