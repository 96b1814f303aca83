"""Values beside what one expects of a type: each is in one row of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.types.numbers import precision
from pytest_migrations.rows.types.texts import is_of_digits

if TYPE_CHECKING:
    from pytest_migrations.rows.table import Type

#: Odd and beyond 2^53, from where on floats have even ones alone; and merely beyond the largest integer.
_BEYOND, _MODEST = 2**53 + 1, 3_000_000_001
_LONG = 300
#: A shorter column has no room for more than the usual text.
_ROOM = 40


def unusual(type_: Type, usual: str, number: str, *, modest: bool) -> list[str]:
    """SQL of values beside the ``usual`` one, the most telling first; none of a type that has no such values.

    A number below zero that no smaller type holds, nor a float if it is not to be ``modest``, zero, and such a number
    above it. A text with blanks around it, two in a row, and one word more than the others have, which is as long as it
    may be, or a few hundred characters; and one without a character.
    """
    if type_.kind != "base":
        return []
    if type_.base in ("text", "citext", "varchar"):
        return [*_long(type_, usual), f"CAST('' AS {type_.name})"]
    zero = f"CAST('0' AS {type_.name})"
    if type_.base in ("int2", "int4", "float4", "float8", "money", "interval"):
        return [f"CAST({usual} * -1 AS {type_.name})", zero]
    if type_.base in ("int8", "numeric"):
        beyond = _MODEST if modest else _BEYOND
        large = f"({number} * 2 + {beyond})" if type_.base == "int8" else _large(type_, usual, beyond)
        above = [f"CAST({large} AS {type_.name})"] if large else []
        return [f"CAST({large or usual} * -1 AS {type_.name})", zero, *above]
    return []


def _long(type_: Type, usual: str) -> list[str]:
    longest = type_.modifier - 4 if type_.modifier >= 0 else _LONG
    if longest < _ROOM:
        return []
    text = f"pg_catalog.concat('  ', {usual}, '  Zwei ')"
    return [f"CAST(pg_catalog.rpad({text}, {min(longest, 1000)}, 'x') AS {type_.name})"]


def _large(type_: Type, usual: str, beyond: int) -> str:
    """A number with as many digits in front of the point as the type has; nothing where usual ones have as many."""
    if type_.modifier < 0:
        return f"({usual} + {beyond})"
    digits, scale = precision(type_)
    return f"({10 ** (digits - scale)} - {usual})" if scale >= 0 and digits - scale in range(8, 100) else ""


def in_other_case(type_: Type, text: str) -> list[str]:
    """SQL of a text that differs from one in case alone, whatever the collation; none where it has no letters."""
    if type_.base not in ("text", "varchar", "bpchar") or type_.kind != "base" or is_of_digits(type_):
        return []
    return [f"CAST(pg_catalog.lower({text}) AS {type_.name})"]
