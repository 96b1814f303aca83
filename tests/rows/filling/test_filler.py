"""Tables of all kinds get rows from their catalog alone; those that stay empty are reported with the reason."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.filling.putting import Putting
from pytest_migrations.rows.reading import read_tables, tables_of
from tests.rows.filling.filled import filled, settings

if TYPE_CHECKING:
    from tests.catalog.conftest import Server

_TEXT = Path(__file__).with_name("schemas.sql").read_text()
SCHEMAS = dict(re.findall(r"^-- # (.*)\n((?:(?!-- # ).*\n)+)", _TEXT, re.MULTILINE))
_TABLE = r"^CREATE (?:UNLOGGED )?TABLE (?:public\.)?(?!\S+ PARTITION)(\S+)"
_EXPECTED = rf"{_TABLE} .*-- (?:(\d+) rows?|empty: (.*)|(without triggers: .*))$"


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
