"""Strategies and ``fill`` as tests of users call them."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from pytest_migrations.strategies import fill, rows, tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUICK = settings(
    max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
SCHEMA = r"""
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
CREATE TYPE point2 AS (x int, y int);
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email email NOT NULL, name varchar(20) NOT NULL, born date,
    data jsonb, list jsonb[], at point2, during tstzrange, tags text[],
    twice text GENERATED ALWAYS AS (name || name) STORED
);
CREATE UNIQUE INDEX ON users (lower(email));
CREATE TABLE "User" (id int PRIMARY KEY, "user" bigint NOT NULL REFERENCES users, parent int REFERENCES "User");
CREATE TABLE prices (net numeric(8, 2) NOT NULL, gross numeric(8, 2) NOT NULL, CHECK (net > 0 AND gross > net * 1.1));
CREATE TABLE codes (code text PRIMARY KEY CHECK (code ~ '^[A-Z]{3}-\d+$'), emails email[] NOT NULL, n int UNIQUE);
CREATE TABLE orders (a int, b text, PRIMARY KEY (a, b));
CREATE TABLE lines (a int, b text NOT NULL, n serial, FOREIGN KEY (a, b) REFERENCES orders);
CREATE TABLE never (id int CHECK (id > 0 AND id < 0) NOT NULL);
CREATE TABLE nothing ();
CREATE TABLE "q%d" ("100%" int NOT NULL, "%s" text NOT NULL);
CREATE VIEW view AS SELECT 1;
"""


@pytest.fixture
def schema(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    connection.execute(SCHEMA.encode())
    return connection


def insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    """Put a row in as a user would, and leave nothing of it."""
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join(map(sql.Literal, row.values()))
    with connection.transaction(force_rollback=True):
        query = sql.SQL("INSERT INTO {} ({}) VALUES ({})") if row else sql.SQL("INSERT INTO {} DEFAULT VALUES")
        connection.execute(query.format(sql.SQL(table), names, values))
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("table", ["users", '"User"', "prices", "codes", "orders", "lines", "nothing", '"q%d"'])
@pytest.mark.parametrize("way", ["autocommit", "in a transaction", "not autocommit"])
def test_rows_are_taken(schema: psycopg.Connection[Any], table: str, way: str) -> None:
    for other in ("users", "orders"):
        fill(schema, other, 3)
    schema.autocommit = way != "not autocommit"
    with schema.transaction() if way == "in a transaction" else nullcontext():
        drawn = rows(schema, table)

        @QUICK
        @given(drawn)
        def check(row: dict[str, Any]) -> None:
            insert(schema, table, row)
            assert not {"twice", "n"} & row.keys() or table == "codes"

        check()
        assert schema.info.transaction_status != TransactionStatus.INERROR
    schema.rollback()
    schema.autocommit = True


def test_sequences_are_where_they_were(schema: psycopg.Connection[Any]) -> None:
    schema.execute("CREATE TABLE counted (id serial PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY, t text)")
    schema.execute("INSERT INTO counted (t) VALUES ('a')")

    @QUICK
    @given(rows(schema, "counted"))
    def check(row: dict[str, Any]) -> None:
        insert = "INSERT INTO counted (t) VALUES (%(t)s) RETURNING id = (SELECT max(id) + 1 FROM counted), n = id"
        assert schema.execute(insert, row).fetchone() == (True, True)

    check()


def test_rows_on_a_connection_with_rows_as_dicts(schema: psycopg.Connection[Any]) -> None:
    schema.row_factory = dict_row
    assert fill(schema, "lines", 4) == 4
    drawn = rows(schema, "lines")

    @QUICK
    @given(drawn)
    def check(row: dict[str, Any]) -> None:
        insert(schema, "lines", row)

    check()
    assert fill(schema, "users", 2) == 2


def test_values_are_those_of_python(schema: psycopg.Connection[Any]) -> None:
    @QUICK
    @given(rows(schema, "prices"), rows(schema, "codes"))
    def check(price: dict[str, Any], code: dict[str, Any]) -> None:
        assert price["gross"] > price["net"] > 0
        assert code["n"] is None or isinstance(code["n"], int)
        assert re.fullmatch(r"[A-Z]{3}-\d+", code["code"])

    check()


def test_no_value_of_a_key_is_drawn_that_is_there(schema: psycopg.Connection[Any]) -> None:
    schema.execute("INSERT INTO codes VALUES ('ABC-1', '{}', 0)")

    @QUICK
    @given(rows(schema, "codes"))
    def check(row: dict[str, Any]) -> None:
        assert row["n"] != 0
        insert(schema, "codes", row)

    check()


@pytest.mark.parametrize("name", ["users", "public.users", '"users"', '"public"."users"'])
def test_names_as_sql_writes_them(schema: psycopg.Connection[Any], name: str) -> None:
    assert fill(schema, name, 2) == 2
    assert schema.execute("SELECT count(*) FROM users").fetchone() == (2,)


@pytest.mark.parametrize("name", ["User", '"User"', 'public."User"'])
def test_names_with_large_letters(schema: psycopg.Connection[Any], name: str) -> None:
    assert fill(schema, name, 2) == 2
    assert schema.execute('SELECT count(*) FROM "User"').fetchone() == (2,)


@pytest.mark.parametrize(
    "name", ["missing", "missing.users", "", "a.b.c.d", '"', "users; DROP TABLE users", "view", "'"]
)
@pytest.mark.parametrize("call", [rows, lambda connection, name: fill(connection, name, 1)])
def test_a_table_that_is_not_there(
    schema: psycopg.Connection[Any], call: Callable[[psycopg.Connection[Any], str], object], name: str
) -> None:
    with schema.transaction():
        with pytest.raises(ValueError, match="there is no table"):
            call(schema, name)
        assert schema.execute("SELECT 1").fetchone() == (1,)


def test_a_table_that_refers_to_an_empty_one(schema: psycopg.Connection[Any]) -> None:
    message = r"no row of public.User can be told: user of public.User refer to public.users, which holds no row. "
    with pytest.raises(ValueError, match=message + r"Fill it first: fill\(connection, 'public.users', 5\)"):
        rows(schema, '"User"')


def test_a_table_that_takes_no_row(schema: psycopg.Connection[Any]) -> None:
    with pytest.raises(ValueError, match=r"no row of public.never can be told: no values were found that satisfy"):
        rows(schema, "never")
    with pytest.raises(ValueError, match=r"public.never takes no row: no values were found that satisfy never_"):
        fill(schema, "never", 1)
    with pytest.raises(ValueError, match="0 rows cannot be put into a table"):
        fill(schema, "users", 0)


@pytest.mark.parametrize(
    ("n", "seed", "said"), [("5", 0, "'5' rows"), (2.5, 0, "2.5 rows"), (3, "x", "'x' is no seed")]
)
def test_what_is_no_number(schema: psycopg.Connection[Any], n: Any, seed: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fill(schema, "users", n, seed=seed)


def test_a_trigger_that_refuses_rows_in_its_own_words(schema: psycopg.Connection[Any]) -> None:
    schema.execute("""CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF NEW.b = '''' THEN RAISE EXCEPTION ''no'' USING ERRCODE = ''A0001''; END IF; RETURN NEW; END';
        CREATE TRIGGER f BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()""")

    @QUICK
    @given(rows(schema, "orders"))
    def check(row: dict[str, Any]) -> None:
        assert row["b"]

    check()


def test_fill_keeps_nothing_where_it_fails(schema: psycopg.Connection[Any]) -> None:
    schema.execute("CREATE TABLE n (u bigint NOT NULL REFERENCES users, CHECK (u < 0 AND u > 0))")
    with pytest.raises(ValueError, match=r"public.n takes no row"):
        fill(schema, "n", 5)
    assert schema.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_fill_and_what_is_referred_to(schema: psycopg.Connection[Any]) -> None:
    assert fill(schema, '"User"', 4) == 4
    assert schema.execute("SELECT count(*) FROM users").fetchone() == (4,)
    assert schema.info.transaction_status == TransactionStatus.IDLE
    assert fill(schema, '"User"', 4, seed=1) == 4
    assert schema.execute("SELECT count(*) FROM users").fetchone() == (8,)


def test_fill_twice_gives_nothing_new(schema: psycopg.Connection[Any]) -> None:
    assert [fill(schema, "orders", 3), fill(schema, "orders", 3)] == [3, 0]


def test_fill_leaves_the_time_limit_of_the_session(schema: psycopg.Connection[Any]) -> None:
    schema.execute("SET statement_timeout = '70s'")
    with schema.transaction():
        schema.execute("SET LOCAL statement_timeout = '80s'")
        fill(schema, "users", 1)
        assert schema.execute("SHOW statement_timeout").fetchone() == ("80s",)
    assert schema.execute("SHOW statement_timeout").fetchone() == ("70s",)


def test_fill_many(schema: psycopg.Connection[Any]) -> None:
    assert fill(schema, "lines", 20_000) == 20_000


def test_tables(schema: psycopg.Connection[Any]) -> None:
    schema.execute("CREATE TABLE p (id int) PARTITION BY LIST (id)")
    found = set()

    @settings(QUICK, max_examples=200)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        found.add(data.draw(tables(schema)))

    check()
    assert found == {
        "public.users", 'public."User"', "public.prices", "public.codes", "public.orders", "public.lines",
        "public.never", "public.nothing", 'public."q%d"',
    }  # fmt: skip


def test_no_tables(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(ValueError, match="the database has no table that can hold rows"):
        tables(connection)


def test_a_run_that_draws_nothing_does_not_load_hypothesis(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_users.sql").write_text(
        "CREATE TABLE users (id int PRIMARY KEY, n int CHECK (n > 5));"
    )
    (tmp_path / "migrations" / "002_users.sql").write_text("ALTER TABLE users ADD name text NOT NULL DEFAULT '';")
    (tmp_path / "conftest.py").write_text(
        "import sys\ndef pytest_unconfigure():\n    print('loaded:', 'hypothesis' in sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "--migrations-dir=migrations", "--migrations-rows=5", "--migrations-server=embedded"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "loaded: False" in run.stdout, run.stdout + run.stderr
