"""Rows by their numbers."""

from __future__ import annotations

#: Generated numbers begin here, where few numbers of a user's are.
FIRST_NUMBER = 1_000_003
#: The values of another seed are not those of this one, not even of an enum.
SEED_APART = 7


class ImpossibleError(Exception):
    """No row for a table is known; its text is why."""


def rows_of(count: int) -> str:
    """A source of rows for SQL: numbered by ``r.g`` from 0; ``r.d`` is that too, but the last repeats the first."""
    last = count - 1 if count > 2 else -1
    return (
        f"(SELECT g, CASE WHEN g = {last} THEN 0 ELSE g END AS d "
        f"FROM pg_catalog.generate_series(0::bigint, {count - 1}) AS g) r"
    )
