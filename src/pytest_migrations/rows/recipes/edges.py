"""Values at the edge of what a type holds, or beside what one expects: for one row of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_migrations.rows.table import Type

#: Beyond the largest integer.
_BEYOND = 3_000_000_000
_LONG = 300
#: A shorter column has no room for more than the usual text.
_ROOM = 40


def edge(type_: Type, usual: str, number: str) -> str | None:
    """SQL of a value beside the ``usual`` one; None where there is none.

    A text with blanks around it, two in a row, and one word more than the others have, which is as long as it may be,
    or a few hundred characters; a number that no smaller type holds.
    """
    if type_.base in ("text", "citext", "varchar"):
        longest = type_.modifier - 4 if type_.modifier >= 0 else _LONG
        if longest < _ROOM:
            return None
        text = f"pg_catalog.concat('  ', {usual}, '  Zwei ')"
        return f"CAST(pg_catalog.rpad({text}, {min(longest, 1000)}, 'x') AS {type_.name})"
    if type_.base == "int8":
        return f"CAST({number} + {_BEYOND} AS {type_.name})"
    if type_.base == "numeric" and type_.modifier >= 0:
        digits = ((type_.modifier - 4) >> 16) - ((type_.modifier - 4) & 0x7FF)
        return f"CAST({10**digits} - {usual} AS {type_.name})" if digits in range(8, 100) else None
    return None
