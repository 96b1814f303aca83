"""What the solver finds is really taken by a table with these CHECKs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rows.asking import Asked, ask

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: Columns and the conditions on them. With "unique" in a column five different values are needed.
TABLES = (
    # One column, constants.
    "status text NOT NULL CHECK (status IN ('new', 'paid', 'sent'))",
    "status varchar(10) NOT NULL CHECK (status IN ('new', 'paid', 'sent'))",
    "state char(1) NOT NULL CHECK (state = ANY (ARRAY['A', 'I']))",
    "kind text NOT NULL DEFAULT 'x' CHECK (kind = 'x')",
    "kind text NOT NULL CHECK (NOT (kind <> 'x' AND kind <> 'y'))",
    "mode int NOT NULL CHECK (mode IN (1, 2, 4, 8))",
    "flag bool NOT NULL CHECK (flag)",
    "flag bool NOT NULL CHECK (flag IS NOT TRUE)",
    "flag bool NOT NULL CHECK (NOT flag)",
    "id bool PRIMARY KEY CHECK (id)  -- one row",
    "id int PRIMARY KEY DEFAULT 1 CHECK (id = 1)  -- one row",
    "age smallint NOT NULL CHECK (age BETWEEN 0 AND 150)",
    "score int NOT NULL UNIQUE CHECK (score >= 1 AND score <= 5)",
    "price numeric(10, 2) NOT NULL CHECK (price > 0 AND price < 1)",
    "price numeric NOT NULL UNIQUE CHECK (price > 0 AND price < 1)",
    "ratio double precision NOT NULL CHECK (ratio >= 0.0 AND ratio <= 1.0)",
    "lat numeric(9, 6) NOT NULL CHECK (lat >= -90 AND lat <= 90)",
    "amount bigint NOT NULL CHECK (amount < 0)",
    "amount int NOT NULL CHECK (amount <> 0 AND amount % 5 = 0)",
    "amount int NOT NULL CHECK (amount % 7 = 3 AND amount < 100)",
    "amount int NOT NULL CHECK (abs(amount) <= 10)",
    "big int NOT NULL CHECK (big >= 2147483647)",
    "port int NOT NULL CHECK (port > 0 AND port <= 65535)",
    "hour time NOT NULL CHECK (hour >= '09:00' AND hour <= '17:00')",
    "wait interval NOT NULL CHECK (wait > '1 day' AND wait < '3 days')",
    "tags text[] NOT NULL CHECK (tags <@ ARRAY['red', 'green'])",
    "tags text[] NOT NULL CHECK (array_length(tags, 1) = 3)",
    "tags text[] NOT NULL CHECK (cardinality(tags) BETWEEN 2 AND 4)",
    "roles text[] NOT NULL CHECK ('admin' = ANY (roles))",
    "point int[] NOT NULL CHECK (array_length(point, 1) = 2 AND point[1] > 0)",
    # Text.
    "code text NOT NULL UNIQUE CHECK (length(code) = 3 AND code = upper(code))",
    "code text NOT NULL UNIQUE CHECK (char_length(code) <= 4)",
    "code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z]{3}$')",
    "slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) <= 6)",
    "email text NOT NULL UNIQUE CHECK (email ~* '^[A-Z0-9._%+-]+@[A-Z0-9.-]+\\.[A-Z]{2,}$')",
    "email text NOT NULL CHECK (email LIKE '%@%.%' AND email = lower(email))",
    "email text NOT NULL CHECK (position('@' IN email) > 1)",
    "url text NOT NULL CHECK (url LIKE 'https://%')",
    "url text NOT NULL CHECK (starts_with(url, 'https://'))",
    "color text NOT NULL CHECK (color ~ '^#[[:xdigit:]]{6}$')",
    "phone text NOT NULL CHECK (phone SIMILAR TO '[+][0-9]{6,14}')",
    "iso text NOT NULL CHECK (iso ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$')",
    "word text NOT NULL CHECK (word ~ '\\mkey\\M')",
    "name text NOT NULL CHECK (btrim(name) <> '' AND name = btrim(name) AND length(name) > 30)",
    "path text NOT NULL CHECK (right(path, 1) = '/' AND left(path, 1) = '/')",
    "zip text NOT NULL CHECK (zip ~ '^\\d{5}(-\\d{4})?$' AND length(zip) = 10)",
    "hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32)",
    "name text NOT NULL CHECK (name !~ '[^a-z]')",
    "name text NOT NULL CHECK (name NOT LIKE 't%')",
    "digits text NOT NULL CHECK ((digits)::int > 3)",
    # Dates.
    "month date NOT NULL CHECK (month = date_trunc('month', month))",
    "month date NOT NULL UNIQUE CHECK (extract(day FROM month) = 1)",
    "week date NOT NULL CHECK (extract(isodow FROM week) = 1)",
    "d date NOT NULL UNIQUE CHECK (d >= '1999-01-01' AND d < '1999-02-01')",
    "at timestamptz NOT NULL CHECK (at >= '1999-01-01 00:00+00' AND at < '1999-01-02 00:00+00')",
    "due timestamptz NOT NULL CHECK (due > now())",
    # JSON and others.
    "data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'array')",
    "data jsonb NOT NULL CHECK (data ? 'name' AND jsonb_typeof(data -> 'size') = 'number')",
    "data jsonb NOT NULL CHECK (data ->> 'kind' IN ('a', 'b') AND (data ->> 'n')::int >= 1)",
    "data json NOT NULL CHECK (json_typeof(data) = 'object' AND (data #>> '{a,b}') = 'c')",
    "data jsonb NOT NULL CHECK (jsonb_array_length(data) = 2)",
    "data jsonb NOT NULL CHECK (data @> '{\"v\": 1}')",
    "net inet NOT NULL CHECK (family(net) = 6)",
    "host inet NOT NULL CHECK (masklen(host) = 32)",
    "r int4range NOT NULL CHECK (lower(r) < upper(r) AND lower(r) >= 10 AND upper(r) <= 20)",
    "r tstzrange NOT NULL CHECK (NOT isempty(r) AND upper_inf(r))",
    "r daterange NOT NULL CHECK (r <@ '[1999-01-01,1999-02-01)'::daterange)",
    "weights real[] CHECK (weights IS NULL OR cardinality(weights) = 3)",
    # Several columns.
    "a int, b int CHECK ((a IS NULL) <> (b IS NULL))",
    "a int, b int CHECK ((a IS NULL) = (b IS NULL))",
    "a int, b text, c date CHECK (num_nonnulls(a, b, c) = 1)",
    "a int, b int, c int CHECK (num_nulls(a, b, c) >= 2)",
    "a int, b int CHECK ((a IS NOT NULL)::int + (b IS NOT NULL)::int = 1)",
    "a int, b int CHECK (CASE WHEN a IS NULL THEN 0 ELSE 1 END + CASE WHEN b IS NULL THEN 0 ELSE 1 END = 1)",
    "a int NOT NULL, b int NOT NULL, total int NOT NULL CHECK (total = a + b)",
    "total int NOT NULL, a int NOT NULL, b int NOT NULL CHECK (total = a + b), CHECK (a > 0 AND b > 0)",
    "starts date NOT NULL, ends date NOT NULL CHECK (starts < ends)",
    "starts date NOT NULL, ends date NOT NULL CHECK (ends > starts AND ends - starts <= 7)",
    "a timestamptz NOT NULL, b timestamptz, c timestamptz CHECK (a < b), CHECK (b < c AND b IS NOT NULL)",
    "low numeric NOT NULL, high numeric NOT NULL CHECK (low < high AND low >= 0 AND high <= 1)",
    "a text NOT NULL, b text NOT NULL CHECK (a <> b)",
    "name text NOT NULL UNIQUE, slug text NOT NULL CHECK (slug = lower(name))",
    "name text NOT NULL, hash text NOT NULL CHECK (hash = md5(name))",
    "k text NOT NULL, done date CHECK (k IN ('new', 'done')), CHECK ((k = 'done') = (done IS NOT NULL))",
    "k text NOT NULL CHECK (k IN ('a', 'b')), at date, by_ text CHECK (k <> 'b' OR (at IS NOT NULL AND by_ > ''))",
    "k text NOT NULL, x int, y date CHECK (CASE k WHEN 'x' THEN x > 0 WHEN 'y' THEN y IS NOT NULL ELSE false END)",
    """k text NOT NULL, a int, b int, c int CHECK ((k = 'a' AND a > 5 AND b IS NULL AND c IS NULL)
    OR (k = 'b' AND a IS NULL AND b = 7 AND c IS NULL) OR (k = 'c' AND a IS NULL AND b IS NULL AND c < 0))""",
    "a bool NOT NULL, b bool NOT NULL CHECK (a <> b)",
    "a bool NOT NULL, b bool NOT NULL, c bool NOT NULL CHECK (a::int + b::int + c::int = 1)",
    "a bool, t text CHECK (NOT a OR (t IS NOT NULL AND length(t) = 2)), CHECK (a IS TRUE)",
    '"a.b" int NOT NULL, "User" text NOT NULL, é int CHECK ("a.b" = 3 AND "User" = \'it\'\'s\' AND é > "a.b")',
    "value int NOT NULL, row int NOT NULL, n int NOT NULL, c0 int CHECK (value < 10 AND n > row AND c0 = value + n)",
    "a int NOT NULL, g int GENERATED ALWAYS AS (a * 2) STORED CHECK (g < 10)",
    "j text NOT NULL, g int GENERATED ALWAYS AS (((j::json) ->> 'n')::int) STORED NOT NULL",
    ", ".join(f"c{n} int" for n in range(20))
    + " CHECK (num_nonnulls("
    + ", ".join(f"c{n}" for n in range(20))
    + ") = 1)",
    ", ".join(f"c{n} int NOT NULL CHECK (c{n} < {n + 1})" for n in range(40)),
    # Errors while they are evaluated.
    "a int NOT NULL, b int NOT NULL CHECK (100 / (a - 3) = b AND a IN (3, 4, 5))",
    "kind text NOT NULL CHECK (kind::int + 1 = 5)",
    "d text NOT NULL CHECK (d::date >= '2024-01-01')",
    "m pg_temp.mood NOT NULL CHECK (m::text LIKE 's%')",
    "m pg_temp.mood NOT NULL CHECK (m IN ('ok', 'happy')), n pg_temp.positive NOT NULL CHECK (n < 3)",
    "e pg_temp.code NOT NULL",
    "e int NOT NULL CHECK (pg_temp.no_threes(e) AND e BETWEEN 3 AND 9)",
)
_SETUP = """
CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN pg_temp.positive AS int CHECK (VALUE > 0);
CREATE DOMAIN pg_temp.code AS text CHECK (VALUE ~ '^t[0-9]+$');
CREATE FUNCTION pg_temp.no_threes(number int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN IF number = 3 THEN RAISE 'no threes, please'; END IF; RETURN true; END $$;
CREATE FUNCTION pg_temp.odd_bits(number int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT length(replace(number::bit(32)::text, '0', '')) $$;
CREATE FUNCTION pg_temp.slow(number int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM pg_sleep(60); RETURN true; END $$;
"""


@pytest.fixture(scope="module")
def place(server: Any) -> Iterator[psycopg.Connection[Any]]:
    with server.fresh() as connection:
        connection.autocommit = False
        connection.execute(_SETUP)
        connection.commit()
        yield connection


@pytest.fixture
def temporary(place: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """A connection whose transaction is not kept."""
    yield place
    place.rollback()


def _ask(connection: psycopg.Connection[Any], columns: str, *, present: Collection[str] = ()) -> Asked:
    connection.execute(f"CREATE TABLE pg_temp.t ({columns}\n)".encode())
    return ask(connection, "pg_temp.t", present=present)


@pytest.mark.parametrize("columns", TABLES)
def test_rows_are_found_and_taken(temporary: psycopg.Connection[Any], columns: str) -> None:
    asked = _ask(temporary, columns)
    began = time.monotonic()
    rows = asked.solve()
    took = time.monotonic() - began
    assert len(rows) == (1 if "-- one row" in columns else 5)
    assert asked.solve() == rows
    for row in rows:
        asked.insert(row)
    assert took < 2


@pytest.mark.parametrize(
    "columns",
    [
        "a int NOT NULL CHECK (a > 5 AND a < 3)",
        "a int NOT NULL CHECK (a <> a)",
        "a text NOT NULL CHECK (false)",
        "a text NOT NULL CHECK (length(a) < 0), b int NOT NULL",
        "a int NOT NULL, b int NOT NULL CHECK (a < b AND b < a)",
        "a int NOT NULL CHECK (a / 0 = 1)",
    ],
)
def test_what_nothing_satisfies(temporary: psycopg.Connection[Any], columns: str) -> None:
    asked = _ask(temporary, columns)
    assert asked.solve() == []


def test_what_takes_forever(temporary: psycopg.Connection[Any]) -> None:
    asked = _ask(temporary, "a int NOT NULL CHECK (pg_temp.slow(a))")
    began = time.monotonic()
    assert asked.solve() == []
    assert time.monotonic() - began < 7


def test_usual_values_are_one_round_trip(temporary: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _ask(
        temporary, "a int NOT NULL UNIQUE CHECK (a > 0), b text CHECK (b <> ''), c date, CHECK (a > 3 OR b IS NULL)"
    )
    sent: list[object] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    rows = asked.solve()
    assert len(sent) == 1
    assert [row["a"] for row in rows] == [f"(({n}) % 10000000)::integer" for n in range(1000003, 1000008)]
    assert [[name for name, value in row.items() if value is None] for row in rows] == [[], [], ["b"], ["c"], []]


def test_a_thousand_rows(temporary: psycopg.Connection[Any]) -> None:
    asked = _ask(
        temporary, "a int NOT NULL UNIQUE CHECK (a BETWEEN 1 AND 5000), b text NOT NULL CHECK (b IN ('x', 'y'))"
    )
    assert len({row["a"] for row in asked.solve(1000)}) == 1000


def test_the_session_stays_as_it_was(temporary: psycopg.Connection[Any]) -> None:
    asked = _ask(temporary, "a int NOT NULL CHECK (100 / (a - 3) = 50)")
    temporary.execute("SET LOCAL search_path = 'pg_temp'; SET LOCAL statement_timeout = 12345")
    assert asked.solve()
    settings_ = "SELECT current_setting('search_path'), current_setting('statement_timeout')"
    assert temporary.execute(settings_).fetchone() == ("pg_temp", "12345ms")
    assert temporary.info.transaction_status.name == "INTRANS"


def test_what_only_hypothesis_finds(temporary: psycopg.Connection[Any]) -> None:
    asked = _ask(temporary, "a text NOT NULL CHECK (ascii(a) > 250), b int NOT NULL CHECK (pg_temp.odd_bits(b) > 20)")
    rows = asked.solve()
    assert len(rows) == 5
    for row in rows:
        asked.insert(row)
    assert asked.solve() == rows


def test_of_a_foreign_key_only_null_is_chosen(temporary: psycopg.Connection[Any]) -> None:
    asked = _ask(temporary, "a int, b int CHECK ((a IS NULL) <> (b IS NULL))", present="ab")
    rows = asked.solve()
    assert {row["a"] for row in rows} | {row["b"] for row in rows} == {None, "((1000003) % 10000000)::integer"}


@pytest.mark.parametrize(
    "how",
    [
        "LIST (k)",
        "RANGE (d)",
        "HASH (id)",
    ],
)
def test_a_row_of_a_partition(temporary: psycopg.Connection[Any], how: str) -> None:
    bounds = {
        "LIST (k)": "IN ('x', 'y')",
        "RANGE (d)": "FROM ('1999-01-01') TO ('1999-02-01')",
        "HASH (id)": "WITH (MODULUS 20, REMAINDER 1)",
    }
    temporary.execute(
        f"CREATE TABLE pg_temp.p (id int NOT NULL, d date, k text) PARTITION BY {how};"
        f"CREATE TABLE pg_temp.t PARTITION OF pg_temp.p FOR VALUES {bounds[how]}".encode()
    )
    asked = ask(temporary, "pg_temp.t")
    found = temporary.execute("SELECT pg_get_partition_constraintdef('pg_temp.t'::regclass)").fetchone()
    assert found
    asked.conditions.append(found[0])
    rows = asked.solve()
    assert len(rows) == 5
    for row in rows:
        asked.insert(row)


_NAMES = ("a", "b", "c")


@st.composite
def _expression(draw: st.DrawFn, depth: int = 2) -> str:
    if depth and draw(st.booleans()):
        one, other = draw(_expression(depth - 1)), draw(_expression(depth - 1))
        return draw(
            st.sampled_from([f"({one} AND {other})", f"({one} OR {other})", f"NOT {one}", f"(({one}) = ({other}))"])
        )
    name, other = draw(st.sampled_from(_NAMES)), draw(st.sampled_from(_NAMES))
    number = draw(st.integers(-3, 6))
    comparison = draw(st.sampled_from(["<", "<=", "=", "<>", ">", ">="]))
    return draw(
        st.sampled_from(
            [
                f"({name} {comparison} {number})",
                f"({name} {comparison} {other})",
                f"({name} {comparison} {other} + {number})",
                f"({name} IS NULL)",
                f"({name} IS NOT NULL)",
                f"({name} IN ({number}, {number + 2}))",
                f"(num_nonnulls(a, b, c) {comparison} {abs(number) % 4})",
                f"({name} % 3 = {abs(number) % 3})",
            ]
        )
    )


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(st.lists(_expression(), min_size=1, max_size=3), st.lists(st.booleans(), min_size=3, max_size=3))
def test_random_conditions(temporary: psycopg.Connection[Any], conditions: list[str], nullable: list[bool]) -> None:
    with temporary.transaction(force_rollback=True):
        columns = [f"{name} int {'' if null else 'NOT NULL'}" for name, null in zip(_NAMES, nullable, strict=True)]
        asked = _ask(temporary, ", ".join([*columns, *(f"CHECK ({condition})" for condition in conditions)]))
        rows = asked.solve(3)
        for row in rows:
            asked.insert(row)
        if not rows:
            small = "(SELECT generate_series(-5, 9) UNION ALL SELECT NULL)"
            kept = [f"{name} IS NOT NULL" for name, null in zip(_NAMES, nullable, strict=True) if not null]
            true = " AND ".join([*kept, *(f"({condition}) IS NOT FALSE" for condition in asked.conditions)])
            found = temporary.execute(
                f"SELECT a, b, c FROM {small} AS x(a), {small} AS y(b), {small} AS z(c) WHERE {true} LIMIT 1".encode()
            ).fetchone()
            assert found is None
