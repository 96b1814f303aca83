"""Tables of all kinds get rows from their catalog alone; those that stay empty are reported with the reason."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, tuple_row

from pytest_migrations.rows.filling.filler import Filled, Filler
from pytest_migrations.rows.filling.putting import Putting
from pytest_migrations.rows.reading import read_tables, tables_of
from pytest_migrations.rows.table import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.catalog.conftest import Server

_TEXT = Path(__file__).with_name("schemas.sql").read_text()
SCHEMAS = dict(re.findall(r"^-- # (.*)\n((?:(?!-- # ).*\n)+)", _TEXT, re.MULTILINE))
#: PostgreSQL before this does not know what is in it.
_SINCE = (("NULLS NOT DISTINCT", 15), (") VIRTUAL", 18), ("WITHOUT OVERLAPS", 18), ("NOT ENFORCED", 18))
_TABLE = r"^CREATE (?:UNLOGGED )?TABLE (?:public\.)?(?!\S+ PARTITION)(\S+)"
_EXPECTED = rf"{_TABLE} .*-- (?:(\d+) rows?|empty: (.*)|(without triggers: .*))$"


@contextmanager
def filled(
    server: Server, sql: str, *, rows: int = 5, seed: int = 0
) -> Iterator[tuple[psycopg.Connection[Any], dict[str, int], dict[str, str]]]:
    """A new database with a schema, how many rows each table of it has got, and why not in the usual way.

    Nothing but rows is changed, and the transaction goes on.
    """
    with server.fresh() as connection:
        if any(word in sql and connection.info.server_version < since * 10000 for word, since in _SINCE):
            pytest.skip("PostgreSQL does not know that yet")
        connection.execute(sql.encode())
        connection.execute("BEGIN")
        tables = tables_of(connection)
        before = settings(connection)
        was = counts(connection)
        found = Filler(rows).fill(connection, tables, seed=seed)
        assert connection.info.transaction_status == TransactionStatus.INTRANS
        assert settings(connection) == before
        assert_told(found, was, counts(connection))
        shown = {oid: tables[oid].name.removeprefix("public.") for oid in tables}
        yield (
            connection,
            {shown[oid]: count for oid, count in found.rows.items() if count},
            {shown[oid]: why for oid, why in found.empty.items()}
            | {shown[oid]: f"without triggers: {why}" for oid, why in found.without_triggers.items()},
        )
        connection.execute("ROLLBACK")


def settings(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    query = "SELECT name, setting FROM pg_settings ORDER BY name"
    return connection.cursor(row_factory=tuple_row).execute(query).fetchall()


def counts(connection: psycopg.Connection[Any]) -> dict[int, int]:
    """How many rows there are in each table and what inherits from it."""
    cursor = connection.cursor(row_factory=tuple_row)
    return {
        oid: cursor.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchall()[0][0]
        for oid, table in tables_of(connection).items()
    }


def assert_told(found: Filled, before: dict[int, int], after: dict[int, int]) -> None:
    """No table is empty silently, and none is called empty that is not."""
    assert {oid for oid, count in after.items() if not count} == found.empty.keys()
    for oid, count in found.rows.items():
        assert after[oid] - before[oid] >= count


@pytest.mark.parametrize("name", SCHEMAS)
def test_tables_of_all_kinds(server: Server, name: str) -> None:
    sql = SCHEMAS[name]
    expected = dict.fromkeys(re.findall(_TABLE, sql, re.MULTILINE), 5)
    said: dict[str, str] = {}
    for table, rows, why, how in re.findall(_EXPECTED, sql, re.MULTILINE):
        expected[table] = int(rows or (5 if how else 0))
        said |= {table: why or how} if why or how else {}
    with filled(server, sql) as (_, found, reasons):
        assert found == {table: rows for table, rows in expected.items() if rows}
        assert reasons == said


MANY_COLUMNS = ", ".join(f"c{n} {('int', 'text NOT NULL', 'numeric', 'timestamptz')[n % 4]}" for n in range(500))


def test_500_columns(server: Server) -> None:
    with filled(server, f"CREATE TABLE a ({MANY_COLUMNS})") as (_, found, _):
        assert found == {"a": 5}


def test_the_same_seed_gives_the_same_rows(server: Server) -> None:
    sql = "".join(SCHEMAS[name] for name in ("tenants", "cycles three")) + "CREATE TABLE j (j jsonb, t text, u uuid);"
    seen = []
    for seed in (3, 3, 4):
        with filled(server, sql, seed=seed) as (connection, found, _):
            seen.append([connection.execute(f"SELECT t::text FROM {table} t".encode()).fetchall() for table in found])
    assert seen[0] == seen[1]
    assert all(before != after for before, after in zip(seen[1], seen[2], strict=True))


def test_rows_of_another_seed_come_beside_those_that_are_there(server: Server) -> None:
    with filled(server, SCHEMAS["tenants"]) as (connection, _, _):
        found = Filler(5).fill(connection, tables_of(connection), seed=1)
        assert set(found.rows.values()) == {5}


def test_rows_that_are_there_already(server: Server) -> None:
    with filled(server, SCHEMAS["tenants"]) as (connection, _, _):
        found = Filler(5).fill(connection, tables_of(connection))
        assert not found.empty
        assert connection.info.transaction_status == TransactionStatus.INTRANS


ROW_SECURITY = """
CREATE TABLE a (id int PRIMARY KEY, t text);
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
CREATE TABLE b (id int PRIMARY KEY, t text);
ALTER TABLE b ENABLE ROW LEVEL SECURITY;
ALTER TABLE b FORCE ROW LEVEL SECURITY;
CREATE TABLE c (id int PRIMARY KEY, t text);
ALTER TABLE c ENABLE ROW LEVEL SECURITY;
ALTER TABLE c FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON c USING (id > 5);
CREATE TABLE d (id int PRIMARY KEY, c int REFERENCES c);
"""


def test_row_security(server: Server) -> None:
    with filled(server, ROW_SECURITY) as (_, found, _):
        assert found == {"a": 5, "b": 5, "c": 5, "d": 5}


def test_row_security_of_an_owner(server: Server) -> None:
    with server.fresh() as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO app")
        connection.execute("SET ROLE app")
        connection.execute(ROW_SECURITY.encode())
        with connection.transaction():
            tables = tables_of(connection)
            found = Filler(5).fill(connection, tables)
        assert {tables[oid].bare_name: count for oid, count in found.rows.items()} == {"a": 5, "c": 5, "d": 5}
        refused = 'its rows are refused: new row violates row-level security policy for table "b"'
        assert {tables[oid].bare_name: why for oid, why in found.empty.items()} == {"b": refused}


SLEEPS = """
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(100); RETURN NEW; END $$;
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY);
CREATE TRIGGER f BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION f();
"""


def test_of_one_who_may_not_switch_triggers_off(server: Server) -> None:
    with server.fresh() as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO app")
        connection.execute("SET ROLE app")
        connection.execute(SCHEMAS["trigger validates"].encode())
        with connection.transaction():
            found = Filler(5).fill(connection, tables_of(connection))
    assert list(found.empty.values()) == ["its rows are refused: kind"]
    assert not found.without_triggers


def test_tables_of_others(server: Server) -> None:
    """What may be read only is referred to; what may not be read is as if it were not there."""
    sql = """
    CREATE TABLE a (id int PRIMARY KEY);
    INSERT INTO a VALUES (1);
    CREATE TABLE hidden (id int PRIMARY KEY);
    CREATE TABLE c (id int PRIMARY KEY, a int NOT NULL REFERENCES a, hidden int REFERENCES hidden);
    GRANT SELECT, INSERT ON c TO app;
    GRANT SELECT ON a TO app;
    """
    with server.fresh() as connection:
        connection.execute(sql.encode())
        with server.connect(connection.info.dbname, "app") as theirs, theirs.transaction():
            tables = tables_of(theirs)
            found = Filler(5).fill(theirs, tables)
        assert {tables[oid].bare_name: rows for oid, rows in found.rows.items()} == {"c": 5}
        assert not found.empty
        connection.execute("SET ROLE app")
        with connection.transaction():
            tables = tables_of(connection)
            found = Filler(5).fill(connection, tables, seed=1)
        refused = "its rows are refused: permission denied for table hidden"
        assert {tables[oid].bare_name: why for oid, why in found.empty.items()} == {"hidden": refused}


def test_ids_of_tables_differ_whatever_the_seed(server: Server) -> None:
    tables = "abcdefghij"
    sql = "".join(f"CREATE TABLE {name} (id int PRIMARY KEY, t text);" for name in tables)
    union = " UNION ALL ".join(f"SELECT id FROM {name}" for name in tables)
    for seed in (0, 1):
        with filled(server, sql, rows=1000, seed=seed) as (connection, _, _):
            found = connection.execute(f"SELECT count(DISTINCT id), max(id) < 3900000 FROM ({union}) t".encode())
            assert found.fetchone() == (10_000, True)
            again = Filler(1000).fill(connection, tables_of(connection), seed=seed + 1)
            assert set(again.rows.values()) == {1000}


def test_ids_of_many_rows(server: Server) -> None:
    sql = "CREATE TABLE a (id int PRIMARY KEY, code varchar(7) UNIQUE, n int CHECK (n < 100)); CREATE TABLE b (LIKE a);"
    with filled(server, sql, rows=100_000) as (connection, found, _):
        assert found == {"a": 100_000, "b": 100_000}
        assert set(Filler(100_000).fill(connection, tables_of(connection), seed=2).rows.values()) == {100_000}
        assert connection.execute("SELECT count(*) FROM a JOIN b USING (id)").fetchone() == (0,)


def test_a_row_for_each_condition(server: Server) -> None:
    conditions = tuple(f"state = 's{n}'" for n in range(12))
    with filled(server, "CREATE TABLE a (id int PRIMARY KEY, state text NOT NULL)") as (connection, _, _):
        found = Filler(5).fill(connection, tables_of(connection), seed=1, sought={"a": conditions})
        assert list(found.rows.values()) == [13]
        count = connection.execute("SELECT count(DISTINCT state) FROM a WHERE state ~ '^s'").fetchone()
        assert count == (12,)


def test_a_row_for_each_condition_where_none_may_refer_to_the_same(server: Server) -> None:
    sql = """
    CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY REFERENCES a);
    CREATE TABLE c (id int PRIMARY KEY, b_id int NOT NULL UNIQUE REFERENCES b, kind text, b_too int REFERENCES b);
    """
    with server.fresh() as connection, connection.transaction():
        connection.execute(sql.encode())
        found = Filler(2).fill(
            connection, tables_of(connection), sought={"c": tuple(f"kind = '{n}'" for n in range(9))}
        )
        assert list(found.rows.values()) == [10, 10, 10]
        assert connection.execute("SELECT count(*) FROM c WHERE kind BETWEEN '0' AND '8'").fetchone() == (9,)


def test_rows_of_the_same_moment_and_uuid_are_not_there(server: Server) -> None:
    sql = "CREATE TABLE a (n int, t text NOT NULL, at timestamptz NOT NULL, u uuid NOT NULL)"
    with filled(server, sql) as (connection, _, _):
        distinct = "SELECT count(DISTINCT t), count(DISTINCT at), count(DISTINCT u) FROM a"
        assert connection.execute(distinct.encode()).fetchone() == (4, 5, 5)


def test_keys_to_what_gets_no_rows_are_null_and_checks_know(server: Server) -> None:
    sql = """
    CREATE TABLE currencies (id int PRIMARY KEY);
    CREATE TABLE a (id int PRIMARY KEY, currency int REFERENCES currencies, code text UNIQUE, n int UNIQUE);
    ALTER TABLE a ADD CHECK ((code IS NULL) <> (currency IS NULL));
    ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES currencies;
    CREATE TABLE b (id int PRIMARY KEY, a int NOT NULL REFERENCES a);
    """
    with server.fresh() as connection, connection.transaction():
        connection.execute(sql.encode())
        tables, _ = read_tables(connection, names=["b"])
        found = Filler(5).fill(connection, tables)
    assert {tables[oid].bare_name: rows for oid, rows in found.rows.items()} == {"a": 5, "b": 5}


def test_two_ways_to_a_row_lead_to_the_same(server: Server) -> None:
    sql = """
    CREATE TABLE users (id int PRIMARY KEY);
    CREATE TABLE orders (id int PRIMARY KEY, by_user int NOT NULL REFERENCES users, seller int REFERENCES users);
    CREATE TABLE teams (id int PRIMARY KEY, lead int REFERENCES users);
    CREATE TABLE a (id int PRIMARY KEY, by_user int REFERENCES users, for_order int NOT NULL REFERENCES orders);
    CREATE TABLE b (id int PRIMARY KEY, buyer int NOT NULL REFERENCES users, team int REFERENCES teams);
    CREATE TABLE c (id int PRIMARY KEY, lead int NOT NULL UNIQUE REFERENCES users, team int REFERENCES teams);
    """
    with filled(server, sql) as (connection, found, _):
        assert set(found.values()) == {5}
        wrong = "SELECT FROM a JOIN orders o ON o.id = for_order WHERE a.by_user <> o.by_user"
        assert connection.execute(wrong.encode()).rowcount == 0
        wrong = "SELECT FROM b JOIN teams t ON t.id = team WHERE buyer <> lead"
        assert connection.execute(wrong.encode()).rowcount == 0


def test_a_trigger_that_does_not_end(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{Putting.__module__}._MOST", 300)
    monkeypatch.setattr(f"{Putting.__module__}._LESS", 100)
    with filled(server, SLEEPS) as (_, found, reasons):
        assert found == {"a": 5, "c": 5}
        assert reasons == {"b": "putting rows into it takes too long"}


def test_a_trigger_that_does_not_end_is_waited_for_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{Putting.__module__}._MOST", 300)
    with server.fresh() as connection:
        connection.execute(SLEEPS.encode())
        filler = Filler(5)
        for seconds in (10, 0.25):
            with connection.transaction(force_rollback=True):
                started = time.perf_counter()
                assert len(filler.fill(connection, tables_of(connection)).empty) == 1
                assert time.perf_counter() - started < seconds


def test_a_function_that_is_replaced_is_asked_anew(server: Server) -> None:
    function = "CREATE OR REPLACE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS 'SELECT {}'"
    with server.fresh() as connection:
        connection.execute(function.format("false").encode())
        connection.execute("CREATE TABLE a (n int NOT NULL CHECK (ok(n)))")
        filler = Filler(5)
        with connection.transaction():
            assert filler.fill(connection, tables_of(connection)).empty
        connection.execute(function.format("true").encode())
        with connection.transaction():
            assert not filler.fill(connection, tables_of(connection)).empty


def test_a_function_that_reads_versions(server: Server) -> None:
    sql = """
    CREATE FUNCTION is_version(text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN RETURN 1 / ($1 ~ '^\\d+\\.\\d+\\.\\d+$')::int; END $$;
    CREATE TABLE a (version text NOT NULL UNIQUE, n bool GENERATED ALWAYS AS (is_version(version)) STORED);
    """
    with filled(server, sql) as (_, rows, empty):
        assert (rows, empty) == ({"a": 5}, {})


def test_settings_of_the_transaction_are_as_before(server: Server) -> None:
    with server.fresh() as connection:
        connection.execute("""CREATE TABLE a (n int);
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
            CREATE TRIGGER f BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()""")
        with connection.transaction():
            connection.execute("SET LOCAL statement_timeout = '70s'; SET LOCAL session_replication_role = 'local'")
            before = settings(connection)
            assert Filler(5).fill(connection, tables_of(connection)).without_triggers
            assert settings(connection) == before


def test_deferred_constraints_are_as_before(server: Server) -> None:
    sql = """
    CREATE TABLE a (id int PRIMARY KEY);
    CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);
    """
    with filled(server, sql) as (connection, _, _):
        connection.execute("ALTER TABLE b ADD c int")  # no events are pending
        connection.execute("INSERT INTO b VALUES (1, 2)")  # deferred as it was
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_session_with_rows_as_dicts(server: Server) -> None:
    with server.fresh() as connection:
        connection.execute(SCHEMAS["tenants"].encode())
        connection.row_factory = dict_row
        with connection.transaction():
            assert set(Filler(5).fill(connection, tables_of(connection)).rows.values()) == {5}


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
