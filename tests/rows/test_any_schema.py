"""Schemas that hypothesis thinks of: no table of them stays empty, and what is said of the others is true."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.pq import TransactionStatus

from pytest_migrations.rows.filling.filler import Filler
from pytest_migrations.rows.reading import tables_of

if TYPE_CHECKING:
    import psycopg
    from hypothesis.strategies import DrawFn

    from tests.catalog.conftest import Server

TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN code AS text NOT NULL CHECK (VALUE ~ '^[A-Z]{2}\\d*$');
CREATE TYPE pair AS (a int, b text);
"""
#: Of each type conditions on a column of it.
CONDITIONS = {
    "int": ("{c} > 0", "{c} BETWEEN 1 AND 9", "{c} % 2 = 0", "{c} <> 5", "{c} < 0 OR {c} > 100"),
    "bigint": ("{c} >= 0", "{c} IN (1, 2, 3)"),
    "smallint": ("{c} BETWEEN 0 AND 150", "{c} <> 0"),
    "text": ("length({c}) <= 8", "{c} IN ('new', 'old')", "{c} LIKE 'a%'", "{c} = lower({c})", "btrim({c}) <> ''"),
    "varchar(5)": ("{c} <> ''", "{c} ~ '^[a-z]+$'"),
    "char(2)": ("{c} = upper({c})",),
    "boolean": ("{c}", "NOT {c}"),
    "numeric(6, 2)": ("{c} > 0", "{c} < 100"),
    "date": ("{c} > '2000-01-01'", "{c} < '1999-01-01'", "extract(day FROM {c}) = 1"),
    "timestamptz": ("{c} < now()",),
    "uuid": (),
    "jsonb": ("jsonb_typeof({c}) = 'object'", "{c} ? 'a'"),
    "text[]": ("cardinality({c}) = 2", "array_length({c}, 1) < 5"),
    "int4range": ("NOT isempty({c})", "lower({c}) > 3"),
    "mood": ("{c} <> 'sad'", "{c} IN ('ok', 'happy')"),
    "percent": ("{c} > 50",),
    "code": ("length({c}) > 2",),
    "pair": (),
    "bytea": ("octet_length({c}) = 4",),
    "float8": ("{c} BETWEEN 0 AND 1",),
    "inet": (),
    "interval": ("{c} > '0'",),
}
#: Conditions on two columns of one type.
BETWEEN = ("{a} <> {b}", "{a} <= {b}", "num_nonnulls({a}, {b}) >= 1", "({a} IS NULL) = ({b} IS NULL)")
KEY_TYPES = ("int", "bigint", "text", "uuid", "mood", "date", "boolean", "code", "varchar(5)", "smallint")


@dataclass
class Table:
    name: str
    #: By name their type, and whether they are NOT NULL.
    columns: dict[str, tuple[str, bool]]
    key: tuple[str, ...]
    others: list[str] = field(default_factory=list)

    @property
    def sql(self) -> str:
        columns = [f"{name} {type_}{' NOT NULL' * strict}" for name, (type_, strict) in self.columns.items()]
        parts = ", ".join([*columns, f"PRIMARY KEY ({', '.join(self.key)})", *self.others])
        return f"CREATE TABLE {self.name} ({parts});"


@st.composite
def schemas(draw: DrawFn) -> str:
    tables = [draw(_tables(f"t{number}")) for number in range(draw(st.integers(1, 4)))]
    keys = []
    for table in tables:
        targets = draw(st.lists(st.sampled_from(tables), max_size=3))
        keys += [_foreign_key(draw, table, target, number) for number, target in enumerate(targets)]
        table.others += draw(_checks(table.columns))
        table.others += draw(_unique(table.columns))
    indexes = [index for table in tables for index in draw(_indexes(table))]
    return "\n".join([*(table.sql for table in tables), *keys, *indexes])


@st.composite
def _tables(draw: DrawFn, name: str) -> Table:
    key = {
        f"k{n}": (type_, True)
        for n, type_ in enumerate(draw(st.lists(st.sampled_from(KEY_TYPES), min_size=1, max_size=2)))
    }
    types = draw(st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=5))
    others = {f"c{number}": (type_, draw(st.booleans())) for number, type_ in enumerate(types)}
    return Table(name, key | others, tuple(key))


def _foreign_key(draw: DrawFn, table: Table, target: Table, number: int) -> str:
    """By columns of its own, or by such as there are already."""
    columns = []
    for place, name in enumerate(target.key):
        type_ = target.columns[name][0]
        alike = [own for own, (other, _) in table.columns.items() if other == type_ and own not in columns]
        if alike and target is not table and draw(st.integers(0, 3)) == 0:
            columns.append(draw(st.sampled_from(alike)))
        else:
            columns.append(f"f{number}_{place}")
            table.columns[columns[-1]] = (type_, draw(st.booleans()))
    how = draw(st.sampled_from(["", "", " MATCH FULL", " DEFERRABLE INITIALLY DEFERRED", " ON DELETE CASCADE"]))
    return f"ALTER TABLE {table.name} ADD FOREIGN KEY ({', '.join(columns)}) REFERENCES {target.name}{how};"


@st.composite
def _checks(draw: DrawFn, columns: dict[str, tuple[str, bool]]) -> list[str]:
    """At most one on each column."""
    found = []
    free = [name for name in columns if name[0] == "c"]
    for name in free:
        conditions = CONDITIONS[columns[name][0]]
        if conditions and draw(st.integers(0, 2)) == 0:
            found.append(f"CHECK ({draw(st.sampled_from(conditions)).format(c=name)})")
    alike = [
        (a, b) for a in columns for b in columns
        if a < b and columns[a][0] == columns[b][0] and not {a[0], b[0]} & {"k"} and columns[a][0] != "boolean"
    ]  # fmt: skip
    if alike and not found and draw(st.booleans()):
        a, b = draw(st.sampled_from(alike))
        found.append(f"CHECK ({draw(st.sampled_from(BETWEEN)).format(a=a, b=b)})")
    return found


@st.composite
def _unique(draw: DrawFn, columns: dict[str, tuple[str, bool]]) -> list[str]:
    comparable = [name for name, (type_, _) in columns.items() if type_ not in ("jsonb", "pair")]
    names = draw(st.lists(st.sampled_from(comparable), max_size=2, unique=True)) if comparable else []
    return [f"UNIQUE ({', '.join(names)})"] if names else []


@st.composite
def _indexes(draw: DrawFn, table: Table) -> list[str]:
    texts = [name for name, (type_, _) in table.columns.items() if type_ in ("text", "varchar(5)")]
    bools = [name for name, (type_, _) in table.columns.items() if type_ == "boolean"]
    found: list[str] = []
    with_texts, with_bools = draw(st.booleans()), draw(st.booleans())
    if texts and with_texts:
        found.append(f"CREATE UNIQUE INDEX ON {table.name} (lower({draw(st.sampled_from(texts))}));")
    if bools and with_bools:
        found.append(f"CREATE UNIQUE INDEX ON {table.name} ({table.key[0]}) WHERE {draw(st.sampled_from(bools))};")
    return found


def test_any_schema(server: Server) -> None:
    """Some of what hypothesis thinks of no row can satisfy: of all tables fewer than 2 % may stay empty."""
    counted = Counted()

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(sql=schemas(), seed=st.integers(0, 2))
    def check(sql: str, seed: int) -> None:
        connection.execute("BEGIN")
        counted.add(connection, sql, seed)
        connection.execute("ROLLBACK")

    with server.fresh() as connection:
        connection.execute(TYPES.encode())
        check()
    assert counted.tables > 40
    assert counted.empty < 0.02 * counted.tables


@dataclass
class Counted:
    tables: int = 0
    empty: int = 0

    def add(self, connection: psycopg.Connection[Any], sql: str, seed: int) -> None:
        """Fill the tables of a schema, and see that what is said of them is so."""
        connection.execute(sql.encode())
        tables = tables_of(connection)
        filled = Filler(5).fill(connection, tables, seed=seed)
        assert connection.info.transaction_status == TransactionStatus.INTRANS
        for oid, table in tables.items():
            count = connection.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchone()
            assert count == (filled.rows.get(oid, 0),)
            assert (count == (0,)) == (oid in filled.empty)
        self.tables += len(tables)
        self.empty += len(filled.empty)
