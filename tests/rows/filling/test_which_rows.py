"""Which rows tables get: what comes twice, what is NULL or unusual, what others look for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.rows import tuple_row

from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.reading import read_tables, tables_of
from pytest_migrations.rows.table import ForeignKey
from tests.rows.filling.filled import filled

if TYPE_CHECKING:
    from tests.catalog.conftest import Server


def test_where_rows_are_alike_a_value_comes_twice_and_null_once(server: Server) -> None:
    with filled(server, "CREATE TABLE a (id int PRIMARY KEY, t text, n int NOT NULL)") as (connection, _, _):
        rows = connection.execute("SELECT t, n FROM a ORDER BY id").fetchall()
    assert None not in rows[0]
    assert [t for t, _ in rows].count(None) == 1
    assert len({n for _, n in rows}) == 4


def test_rows_that_a_migration_looks_for(server: Server) -> None:
    with server.fresh() as connection:
        connection.execute("CREATE TABLE a (id int PRIMARY KEY, state text CHECK (state IN ('new', 'old', 'gone')))")
        with connection.transaction():
            Filler(5).fill(connection, tables_of(connection), sought={"a": ("state = 'gone' AND id < 10",)})
            assert connection.execute("SELECT count(*) FROM a WHERE state = 'gone' AND id < 10").fetchone() == (1,)


def test_what_is_only_referred_to_goes_without_what_it_can_do_without(server: Server) -> None:
    sql = """
    CREATE TABLE far (x int, y int, PRIMARY KEY (x, y));
    CREATE TABLE near (id int PRIMARY KEY, x int NOT NULL, y int, FOREIGN KEY (x, y) REFERENCES far);
    CREATE TABLE full_far (x int, y int, PRIMARY KEY (x, y));
    CREATE TABLE full_near (id int PRIMARY KEY, x int NOT NULL, y int);
    ALTER TABLE full_near ADD FOREIGN KEY (x, y) REFERENCES full_far MATCH FULL;
    CREATE TABLE a (n int REFERENCES near, f int REFERENCES full_near);
    """
    with server.fresh() as connection, connection.transaction():
        connection.execute(sql.encode())
        tables, _ = read_tables(connection, names=["a"])
        found = Filler(5).fill(connection, tables)
    assert {tables[oid].bare_name: rows for oid, rows in found.rows.items()} == dict.fromkeys(
        ("near", "full_far", "full_near", "a"), 5
    )


def contents(server: Server, sql: str, query: str) -> list[tuple[Any, ...]]:
    with filled(server, sql) as (connection, found, _):
        assert set(found.values()) == {5}
        return connection.cursor(row_factory=tuple_row).execute(query.encode()).fetchall()


def test_numbers_below_zero_and_zero(server: Server) -> None:
    types = ("int2", "int4", "int8", "float4", "float8", "numeric", "numeric(12, 2)", "numeric(3, 1)", "numeric(9, -3)")
    columns = [f"c{n} {type_}" for n, type_ in enumerate((*types, "money", "interval", "interval year"))]
    found = contents(server, f"CREATE TABLE a ({', '.join(columns)})", "SELECT * FROM a")
    for column in zip(*found, strict=True):
        values = [value for value in column if value is not None]
        assert len(values) == 4
        zero = "$0.00" if isinstance(values[0], str) else type(values[0])(0)
        assert zero in values
        assert any(value.startswith("-") if isinstance(value, str) else value < zero for value in values)


@pytest.mark.parametrize("type_", ["bigint", "numeric", "numeric(20, 4)"])
def test_numbers_that_no_float_holds(server: Server, type_: str) -> None:
    found = contents(server, f"CREATE TABLE a (n {type_})", "SELECT n = n::float8::numeric FROM a WHERE n <> 0")
    assert sorted(same for (same,) in found) == [False, True, True]


def test_unusual_numbers_are_where_conditions_take_them(server: Server) -> None:
    sql = "CREATE TABLE a (n bigint CHECK (n >= 0), m bigint NOT NULL CHECK (m <> 0), k int CHECK (sqrt(k) > 1))"
    found = contents(server, sql, "SELECT n, m, k FROM a")
    above = [sorted(value for value in column if value) for column in zip(*found, strict=True)]
    assert above[0][-1] > 3_000_000_000  # beside zero
    assert [n for n, _, _ in found].count(0) == 1
    assert above[1][0] < -3_000_000_000 < 3_000_000_000 < above[1][-1]
    assert [len(set(values)) for values in above] == [2, 4, 3]  # of the usual ones the same comes twice


def test_texts_of_another_case_and_empty_ones(server: Server) -> None:
    sql = """
    CREATE TABLE a (u text NOT NULL UNIQUE, v varchar(3) PRIMARY KEY, w varchar(7) NOT NULL UNIQUE, l text NOT NULL,
      t text NOT NULL, CHECK (l = lower(l)));
    CREATE UNIQUE INDEX ON a (lower(l));
    """
    query = """
    SELECT count(DISTINCT lower(u)), count(DISTINCT u), count(DISTINCT lower(v)), count(DISTINCT v),
      count(DISTINCT lower(w)), count(DISTINCT lower(l)), count(*) FILTER (WHERE t = '') FROM a
    """
    assert contents(server, sql, query) == [(4, 5, 4, 5, 5, 5, 1)]


def test_what_conditions_ask_for_comes_twice(server: Server) -> None:
    sql = "CREATE TABLE a (code text NOT NULL CHECK (code ~ '^[a-z]+$'), n int CHECK (n > 5), id int PRIMARY KEY)"
    assert contents(server, f"{sql}; ALTER TABLE a ADD CHECK (id < 9)", "SELECT count(DISTINCT code) FROM a") == [(4,)]
    unique = "ALTER TABLE a ADD UNIQUE (code)"
    assert contents(server, f"{sql}; {unique}", "SELECT count(DISTINCT code) FROM a") == [(5,)]


@pytest.mark.parametrize(
    "table",
    [
        "a int REFERENCES u, b int REFERENCES t, PRIMARY KEY (a, b)",
        "id int PRIMARY KEY, a int NOT NULL REFERENCES u, b int REFERENCES t, UNIQUE (a, b), UNIQUE (id, a)",
        "a int REFERENCES u, b text, PRIMARY KEY (a, b)",
        "a int REFERENCES u, b text CHECK (b IN ('x', 'y', 'z', 'w')), PRIMARY KEY (a, b)",
        "a int REFERENCES u, b bool, PRIMARY KEY (b, a)",
        "id serial PRIMARY KEY, a int NOT NULL, b varchar(9), UNIQUE (a, b)",
        "a date, b bool, PRIMARY KEY (a, b)",
        "a int NOT NULL, b text NOT NULL, c int NOT NULL REFERENCES u, UNIQUE (a, c), UNIQUE (a, b)",
    ],
)
def test_each_column_of_a_key_repeats(server: Server, table: str) -> None:
    sql = f"""
    CREATE TABLE u (id serial PRIMARY KEY);
    CREATE TABLE t (id serial PRIMARY KEY);
    CREATE TABLE k ({table});
    """
    query = "SELECT count(DISTINCT a) < count(a), count(DISTINCT b) < count(b) FROM k"
    assert contents(server, sql, query) == [(True, True)]


def test_in_a_key_of_three_columns_all_but_the_first_and_all_but_the_last_repeat(server: Server) -> None:
    query = "SELECT count(DISTINCT (a, b)), count(DISTINCT (b, c)) FROM k"
    assert contents(server, "CREATE TABLE k (a int, b int, c int, PRIMARY KEY (a, b, c))", query) == [(4, 4)]


def test_without_what_would_be_refused_nothing_repeats(server: Server) -> None:
    """There is one row to refer to alone."""
    sql = """
    CREATE TABLE t (id bool PRIMARY KEY CHECK (id));
    CREATE TABLE k (t bool REFERENCES t, name text, PRIMARY KEY (t, name));
    """
    with filled(server, sql) as (_, found, _):
        assert found == {"t": 1, "k": 5}


@pytest.mark.parametrize("condition", ["gone_at IS NULL", "is_live", "state IN ('new', 'old') AND gone_at IS NULL"])
def test_what_is_unique_in_some_rows_repeats_in_others(server: Server, condition: str) -> None:
    sql = f"""
    CREATE TABLE a (id serial PRIMARY KEY, email text NOT NULL, gone_at timestamptz, is_live bool NOT NULL, state text);
    CREATE UNIQUE INDEX ON a (lower(email)) WHERE {condition};
    CREATE UNIQUE INDEX ON a (email) WHERE {condition};
    """
    assert contents(server, sql, "SELECT count(DISTINCT email) FROM a") == [(4,)]


def test_what_is_unique_in_all_rows_in_effect_does_not_repeat(server: Server) -> None:
    sql = "CREATE TABLE a (email text NOT NULL, n int); CREATE UNIQUE INDEX ON a (email) WHERE email IS NOT NULL"
    assert contents(server, sql, "SELECT count(DISTINCT email) FROM a") == [(5,)]


def test_null_is_in_two_rows_where_a_key_is_about_the_column(server: Server) -> None:
    sql = "CREATE TABLE a (ref text UNIQUE, n int, m int, UNIQUE (n, m))"
    assert contents(server, sql, "SELECT count(ref), count(n), count(m) FROM a") == [(3, 4, 4)]


def test_two_rows_that_are_alike_satisfy_a_condition(server: Server) -> None:
    sql = """
    CREATE TABLE a (id int PRIMARY KEY, tag text UNIQUE, name text, gone_at timestamptz, state text, is_main bool,
      owner int REFERENCES a, CHECK (state IN ('new', 'old')), CHECK (state <> 'old' OR gone_at IS NULL));
    """
    with server.fresh() as connection, connection.transaction():
        connection.execute(sql.encode())
        for condition in (
            "gone_at IS NULL",
            "is_main AND state = 'old' AND owner IS NULL",
            "tag <> '' AND NOT is_main",
        ):
            ((oid, table),) = tables_of(connection).items()
            found = Filler(5).fill(connection, {oid: replace(table, alike=(condition,))})
            assert found.rows == {oid: 5}
            twice = f"SELECT name FROM a WHERE {condition} GROUP BY name HAVING count(*) > 1"
            assert len(connection.execute(twice.encode()).fetchall()) == 1
            connection.execute("DELETE FROM a")


@pytest.mark.parametrize(
    ("columns", "name", "column", "expected"),
    [
        ("a int NOT NULL", "a", "id", (6, 5, 7)),  # two meet the same
        ("a bigint", "a", "id", (6, 5, 8)),  # one is NULL
        ("a bigint UNIQUE", "a", "id", (5, 5, 8)),
        ("s text NOT NULL", "s", "t", (6, 5, 7)),
    ],
)
def test_rows_meet_others_as_is_wished_but_for_one(
    server: Server, columns: str, name: str, column: str, expected: tuple[int, ...]
) -> None:
    sql = f"CREATE TABLE a (id int PRIMARY KEY, t text NOT NULL UNIQUE); CREATE TABLE b (id int PRIMARY KEY, {columns})"
    with server.fresh() as connection, connection.transaction():
        connection.execute(sql.encode())
        a, b = tables_of(connection).values()
        key = ForeignKey("to a", (name,), a.oid, (column,), is_wished=True)
        tables = {a.oid: a, b.oid: replace(b, foreign_keys=(key,))}
        assert set(Filler(5).fill(connection, tables).rows.values()) == {5}
        met = f"SELECT count(a.id), count(b.id), count(*) FROM a FULL JOIN b ON a.{column} = b.{name}"
        assert connection.execute(met.encode()).fetchone() == expected
        connection.execute("DELETE FROM b; DELETE FROM a")
        assert Filler(5).fill(connection, {b.oid: tables[b.oid]}).rows == {b.oid: 5}
        connection.execute("DELETE FROM b")
        sought = f"{name}::text = '7'"
        Filler(5).fill(connection, tables, sought={"b": (sought,)})
        assert connection.execute(f"SELECT count(*) FROM b WHERE {sought}".encode()).fetchone() == (1,)
