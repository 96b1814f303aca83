"""Values that a column may be tried with, from its type alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_migrations.derive.names import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.rows.table import Type


@dataclass(frozen=True)
class Value:
    """An expression that is cast to the column's type; None for NULL.

    It may name columns of the same row, those in ``needs``.
    """

    sql: str | None
    needs: frozenset[str] = frozenset()


NULL = Value(None)


@dataclass(frozen=True)
class Unknown:
    """A column whose value is sought; the ``VALUE`` of a domain is one named ``value``.

    ``expression`` makes the SQL of its usual value from that of a number, and is None where nothing is known of the
    type. ``distinct`` says that no two rows may have the same value, ``present`` that a foreign key will put a value
    of its own there, so that no more can be chosen than whether it is NULL.
    """

    name: str
    type: Type
    expression: Callable[[str], str] | None
    nullable: bool
    distinct: bool = False
    present: bool = False

    def usual(self, number: int) -> Value | None:
        return Value(self.expression(str(number))) if self.expression else None


def text(value: str) -> Value:
    return Value(literal(value))


_FAMILIES = {
    "number": ("numeric", "float4", "float8"),
    "integer": ("int2", "int4", "int8"),
    "text": ("text", "varchar", "bpchar", "name", "citext", "char"),
    "date": ("date",),
    "moment": ("timestamp", "timestamptz"),
    "json": ("json", "jsonb"),
    "address": ("inet", "cidr"),
}
_FAMILY = {base: family for family, bases in _FAMILIES.items() for base in bases}


def family(type_: Type) -> str:
    """What kind of values a type has, however it is stored; that of a domain is what it is made from."""
    if type_.kind == "domain" and type_.element:
        return family(type_.element)
    return _FAMILY.get(type_.base, type_.base) if type_.kind == "base" else type_.kind


_DAYS = (
    "2024-01-01",  # a Monday, the first of its month and year
    *(f"2024-01-{day:02}" for day in range(2, 8)),
    "2024-01-31",
    "2024-02-01",
    "2024-02-29",
    "2024-04-01",
    "2024-07-01",
    "2023-12-31",
    "1970-01-01",
)
_NOW = ("now()", "(now() + interval '1 day')", "(now() - interval '1 day')", "(now() + interval '400 days')")
_TYPICAL: dict[str, tuple[str, ...]] = {
    "number": ("1", "0", "-1", "0.5", "2", "10", "100", "0.01", "1.5", "1000000"),
    "integer": ("1", "0", "-1", *map(str, range(2, 13)), "-2", "-3", "100", "1000000"),
    "money": ("1", "0", "-1", "0.5"),
    "date": (*map(literal, _DAYS), *_NOW),
    "moment": (*map(literal, _DAYS), *_NOW, "'2024-01-01 12:00'", "'2024-01-01 00:00:01'"),
    "time": ("'00:00'", "'12:00'", "'23:59:59'", "'09:30'"),
    "timetz": ("'00:00+00'", "'12:00+00'", "'23:59:59+00'"),
    "interval": ("'1 day'", "'1 hour'", "'1 minute'", "'0'", "'1 month'", "'1 year'", "'-1 day'", "'1 second'"),
    "bool": ("true", "false"),
    "uuid": (
        "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'",
        "'0190163d-8694-739b-aea5-966c26f8ad91'",
        "'f47ac10b-58cc-4372-a567-0e02b2c3d479'",
        "'00000000-0000-0000-0000-000000000000'",
    ),
    "json": ("'{}'", "'[]'", "'[\"a\"]'", "'{\"a\": 1}'", "'\"a\"'", "'1'", "'true'", "'null'", "'[1]'", "'[{}]'"),
    "address": ("'192.0.2.1'", "'2001:db8::1'", "'192.0.2.0/24'", "'2001:db8::/32'", "'10.0.0.0/8'", "'0.0.0.0/0'"),
    "macaddr": ("'02:00:00:00:00:01'",),
    "bytea": ("''", "'\\x00'", "'\\x01ab'"),
    "array": ("'{}'",),
    "range": ("'(,)'", "'empty'"),
    "multirange": ("'{}'", "'{(,)}'"),
    "xml": ("'<a/>'", "'<a>b</a>'"),
    "tsvector": ("'a'", "''"),
    "point": ("'(0,0)'", "'(1,1)'"),
    "text": tuple(
        map(
            literal,
            (
                *("a", "A", "1", "0", "", "abc", "ABC", "Abc", "a b", "a-b", "a_b", "A1", "abc123", "true", "x" * 20),
                *(
                    "a@example.com",
                    "https://example.com/a",
                    "http://example.com",
                    "example.com",
                    "/a",
                    "/a/",
                    "/",
                    "a/b",
                ),
                *("+15550100", "5550100", "#a1b2c3", "#A1B2C3", "1.0.0", "v1.0.0", "192.0.2.1", "12:30", "12345"),
                *("EUR", "DE", "de", "de-DE", "en_US", "2024-01-01", "2024-01", "2024", "{}", "[]", "a.b", "0x1", "-1"),
                *("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "0a" * 16, "0a" * 20, "0a" * 32, "Europe/Berlin", "a:b", "$"),
            ),
        )
    ),
}


def typical(type_: Type) -> list[Value]:
    """Values that conditions often ask for."""
    if type_.labels:
        return [text(label) for label in type_.labels]
    if type_.kind == "domain" and type_.element:
        return typical(type_.element)
    return [Value(sql) for sql in _TYPICAL.get(family(type_), ())]


_STEPS = {"integer": "1", "number": "1", "date": "1", "moment": "interval '1 day'", "interval": "interval '1 day'"}


def neighbours(sql: str, type_: Type) -> list[str]:
    """Expressions of what is a step above and a step below the value of an expression, where the type has steps."""
    kind = family(type_)
    if kind == "text":
        return [f"({sql} || 'a')"]
    step = _STEPS.get(kind)
    if step is None:
        return [f"({sql} + interval '1 hour')", f"({sql} - interval '1 hour')"] if kind in ("time", "timetz") else []
    return [f"({sql} + {step})", f"({sql} - {step})"]
