"""Rows by their numbers: no two tables, columns of a table or seeds have the same, but by chance.

A number is ``FIRST_NUMBER`` and what the names of the table, the place of the column and the seed add to it. Others are
not enough to tell rows apart where a migration puts rows of one table into another: the ids of these never meet in
production. With up to 1,000 rows no number has more than seven digits, and float4 still has a place behind the point.
"""

from __future__ import annotations

from zlib import crc32

from pytest_migrations.rows.types.scalar import FIRST

#: Generated numbers begin here, where few numbers of a user's are.
FIRST_NUMBER = FIRST
#: Tables begin within so many numbers.
_TABLES = 2_000_000
#: So many numbers at least, and at most, are between those of one column and of the next.
_LEAST, _MOST = 100, 10_000
#: A multiple of all small numbers: what is one more is another value even of an enum.
_SMALL_ONES = 2 * 3 * 5 * 7 * 11 * 13
#: There are so many seeds.
SEEDS = 64
#: Of fewer rows none repeats another.
FEWEST = 3
#: The place of the row that repeats the first.
LAST = -1
#: Places come again after so many rows.
EVERY = 5
#: By what a column goes that repeats as much as a key of several columns lets it.
REPEATING = "r.b"


class ImpossibleError(Exception):
    """No row for a table is known; its text is why."""


def first_number(table: str, position: int, *, rows: int, seed: int) -> int:
    """The number of the first row in the column at this position."""
    span = max(rows, _LEAST)
    by_table = span * (crc32(table.encode()) % (_TABLES // span or 1))
    by_seed = seed * (1 + _SMALL_ONES * -(-rows // _SMALL_ONES))
    return FIRST_NUMBER + by_table + min(span, _MOST) * position + by_seed


def rows_of(count: int) -> str:
    """A source of rows for SQL: numbered by ``r.g`` from 0; ``r.d`` is that too, but the last repeats the first.

    By ``r.e`` the last but one repeats that before it, and by ``r.b`` both do so. ``r.p`` is the place of a row among
    five: in the first, and in the fifth, nothing is NULL or unusual.
    """
    first, again = (f"WHEN {count - 1} THEN 0", f"WHEN {count - 2} THEN {count - 3}") if count >= FEWEST else ("", "")
    return (
        f"(SELECT g, {_numbered(first)} AS d, {_numbered(again)} AS e, {_numbered(first, again)} AS b, "
        f"CASE g WHEN {count - 1 if count >= FEWEST else -1} THEN {LAST} ELSE g % {EVERY} END AS p "
        f"FROM pg_catalog.generate_series(0::bigint, {count - 1}) AS g) r"
    )


def _numbered(*repeating: str) -> str:
    return f"CASE g {' '.join(repeating)} ELSE g END" if any(repeating) else "g"


def places(position: int, count: int) -> list[int]:
    """Of so many rows the places that have room for NULL and unusual values, in turn for a column at this position."""
    room = max(min(EVERY, count) - 2, 1)
    return [1 + (position + place) % room for place in range(room)]
