"""The constants within conditions, and what is made of them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from pytest_migrations.rows.conditions.candidates import Value, text
from pytest_migrations.rows.conditions.trees import elements, literal
from pytest_migrations.sql.grammar import SyntaxMistakeError, sql_of

if TYPE_CHECKING:
    from pytest_migrations.rows.scripts.nodes import Node

#: By families of types what a step from a constant to the next value is multiplied by.
_UNITS = {
    "date": "",
    "moment": " * interval '1 day'",
    "interval": " * interval '1 day'",
    "time": " * interval '1 min'",
}


def value_of(node: Node) -> Value | None:
    """A constant, or an expression that names no column; None of NULL."""
    constant = literal(node)
    sql = text(constant).sql if constant is not None else as_sql(node)
    return Value(sql) if sql and sql.upper() != "NULL" else None


def literals(node: Node) -> list[str]:
    """The texts of the constants that a list consists of, or of the only one."""
    return [found for part in elements(node) if (found := literal(part)) is not None]


def as_sql(node: Node) -> str | None:
    """The SQL of a tree; None where it has none."""
    try:
        return f"({sql_of(node)})"
    except SyntaxMistakeError:
        return None


def as_number(found: str | None) -> Decimal | None:
    """The number that a text is, if it is one."""
    try:
        made = Decimal(found or "")
    except InvalidOperation:
        return None
    return made if made.is_finite() else None


def ranges(bounds: Value) -> list[Value]:
    """From a bound on, up to it, and of nothing but it."""
    bound = f"({bounds.sql})::text"
    return [
        Value(f"('[' || {bound} || ',)')"),
        Value(f"('(,' || {bound} || ']')"),
        Value(f"('[' || {bound} || ',' || {bound} || ']')"),
    ]


def steps(value: Value, type_: str, family: str, count: int) -> list[Value]:
    """What is before and behind a value, so many steps each way."""
    if family == "text":
        return [Value(f"({value.sql}::text || 'a')")]
    if family not in _UNITS:
        return []
    far = [step for n in range(1, min(count, 100) + 1) for step in (n, -n)]
    return [Value(f"({value.sql}::{type_} + {step}{_UNITS[family]})") for step in far]


def around(arguments: list[str], results: list[str], count: int) -> list[Value]:
    """Texts with the constants at their beginning, their end, and within."""
    found = list(map(text, results))
    for n in range(count):
        for constant in (*results, *arguments):
            found += (text(made) for made in (f"{constant}a{n}", f"a{n}{constant}", f"a{n}{constant}b"))
        found += (text(f"a{n}{argument}{result}") for argument in arguments for result in results)
    return found
