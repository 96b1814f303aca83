"""Tables as the solver is asked about them, and whether they take its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import tuple_row

from pytest_migrations.rows.conditions.candidates import family
from pytest_migrations.rows.conditions.solving import Generated, Row, Unknown, solve
from pytest_migrations.rows.table import Type
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import psycopg

_USUAL = {
    "integer": "{n}",
    "number": "{n}",
    "text": "'t' || {n}",
    "date": "date '2020-01-01' + ({n} % 1000)",
    "moment": "timestamp '2020-01-01' + ({n} % 1000) * interval '1 hour'",
    "bool": "({n}) % 2 = 0",
    "json": "'{{\"n\": 1}}'",
    "interval": "({n}) * interval '1 second'",
    "uuid": "lpad(to_hex({n}), 32, '0')",
    "bytea": "decode(lpad(to_hex({n}), 8, '0'), 'hex')",
    "time": "time '00:00' + ({n}) * interval '1 second'",
}


def usual(type_: Type) -> Callable[[str], str] | None:  # noqa: PLR0911 (a family each)
    """Plain values, as the tests need them; int2 and numeric(4, 2) are small."""
    if type_.labels:
        labels = ", ".join("'" + label.replace("'", "''") + "'" for label in type_.labels)
        return lambda n: f"(ARRAY[{labels}])[1 + ({n}) % {len(type_.labels)}]"
    if type_.kind == "domain" and type_.element:
        return usual(type_.element)
    if type_.kind == "array" and type_.element:
        of_element, name = usual(type_.element), type_.element.name
        return of_element and (lambda n: f"ARRAY[({of_element(n)})::{name}]")
    if type_.kind == "range" and type_.element:
        of_bound, name = usual(type_.element), type_.element.name
        return of_bound and (
            lambda n: f"'[' || (({of_bound(n)})::{name})::text || ',' || (({of_bound(n)})::{name})::text || ']'"
        )
    if family(type_) in ("integer", "number"):
        small = {"int2": 30000}.get(type_.base, 10**7)
        if type_.base == "numeric" and type_.modifier > 0:
            precision, scale = (type_.modifier - 4) >> 16, (type_.modifier - 4) & 0x7FF
            small = min(small, 10 ** (precision - scale))
        return lambda n: f"({n}) % {small}"
    if family(type_) == "text" and type_.modifier > 4:
        return lambda n: f"right('t' || {n}, {type_.modifier - 4})"
    pattern = _USUAL.get(family(type_))
    return (lambda n: pattern.format(n=n)) if pattern else None


_TYPE = """
SELECT format_type(t.oid, %s), t.typtype, t.typname, t.typelem, t.typbasetype, t.typtypmod,
  (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
  (SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid), t.typcategory, NOT t.typnotnull,
  ARRAY(SELECT pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c')
FROM pg_type AS t WHERE t.oid = %s
"""
_KINDS = {"e": "enum", "d": "domain", "c": "composite", "r": "range", "m": "multirange"}


def type_of(connection: psycopg.Connection[Any], oid: int, modifier: int = -1) -> Type:
    row = connection.cursor(row_factory=tuple_row).execute(_TYPE, [modifier, oid]).fetchone()
    assert row
    name, typtype, base, element, made_from, base_modifier, labels, bounds, category, nullable, checks = row
    kind: Any = _KINDS.get(typtype, "array" if category == "A" else "base")
    inner = {"domain": made_from, "array": element, "range": bounds}.get(kind)
    return Type(
        name,
        kind,
        base,
        modifier,
        tuple(labels or ()),
        type_of(connection, inner, base_modifier if kind == "domain" else -1) if inner else None,
        checks=tuple(checks),
        nullable=nullable,
    )


@dataclass(frozen=True)
class Asked:
    """A table, and what is asked of the solver."""

    connection: psycopg.Connection[Any]
    table: str
    unknowns: list[Unknown]
    conditions: list[str]
    generated: list[Generated]

    def solve(self, count: int = 5) -> list[Row]:
        return solve(self.connection, self.unknowns, self.conditions, count=count, generated=self.generated)

    def insert(self, row: Row) -> None:
        """Put a row into the table.

        :raises psycopg.Error: where the table does not take it.
        """
        columns = ", ".join(map(quoted, row))
        values = ", ".join("NULL" if value is None else value for value in row.values())
        with self.connection.transaction():
            self.connection.execute(f"INSERT INTO {self.table} ({columns}) VALUES ({values})".encode())


_COLUMNS = """
SELECT a.attname, a.atttypid, a.atttypmod, NOT a.attnotnull, a.attgenerated <> '',
  (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = a.attrelid AND adnum = a.attnum),
  EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey))
FROM pg_attribute AS a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_CHECKS = "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"


def ask(connection: psycopg.Connection[Any], table: str, *, present: Collection[str] = ()) -> Asked:
    """What the catalog says of a table, in an open transaction."""
    connection.execute("SET LOCAL search_path = pg_catalog")
    cursor = connection.cursor(row_factory=tuple_row)
    unknowns, generated = [], []
    for name, oid, modifier, nullable, is_generated, default, distinct in cursor.execute(_COLUMNS, [table]).fetchall():
        type_ = type_of(connection, oid, modifier)
        if is_generated:
            generated.append(Generated(name, type_.name, default, nullable))
        else:
            unknowns.append(Unknown(name, type_, usual(type_), nullable, distinct, name in present))
    conditions = [row[0] for row in cursor.execute(_CHECKS, [table]).fetchall()]
    return Asked(connection, table, unknowns, conditions, generated)
