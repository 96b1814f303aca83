"""What is known of a type that has no parts: data and three functions."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Type

#: The first number of a row; what a type has too few values for counts from here.
FIRST = 1_000_003
UNLIMITED = sys.maxsize


def unlimited(_: Type) -> int:
    return UNLIMITED


@dataclass(frozen=True)
class Scalar:
    """``sql`` is the value for a type and a number, in parentheses, of any type that can be cast to it.

    The ``capacity`` of a type says after how many numbers the same values come again. Until then they ascend if there
    is no end to them, and ascend or descend otherwise. ``strategy`` gives what psycopg sends to a column of the type.
    """

    sql: Callable[[Type, str], str]
    strategy: Callable[[Type], SearchStrategy[Any]]
    capacity: Callable[[Type], int] = unlimited


def offset(number: str, modulus: int = UNLIMITED) -> str:
    """How many numbers are before this one; counted anew after ``modulus`` of them."""
    return f"({number} - {FIRST})" if modulus >= UNLIMITED else f"(({number} - {FIRST}) % {modulus})"


def as_int(expression: str) -> str:
    return f"{expression}::pg_catalog.int4"


def joined(template: str, *values: str) -> str:
    """A text with values in the places of ``{n}``: the first of them in all that are left over."""
    first, *rest = template.split("{n}")
    given = [*values, *(values[:1] * (len(rest) - len(values)))]
    parts = [literal(first)] if first else []
    for value, text in zip(given, rest, strict=True):
        parts += [value, literal(text)] if text else [value]
    return f"pg_catalog.concat({', '.join(parts)})"


def written(template: str) -> Callable[[Type, str], str]:
    """The value as text, with the number in the places of ``{n}``."""
    return lambda _, number: joined(template, number)
