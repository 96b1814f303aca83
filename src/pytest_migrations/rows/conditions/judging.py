"""Asks the server which candidates satisfy conditions, and leaves the transaction as it was."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.rows import tuple_row

from pytest_migrations.rows.conditions.candidates import NULL, Unknown, Value
from pytest_migrations.rows.conditions.trees import names_in, tree_of
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Which candidate of each column, by its place in the column's list.
Choice = tuple[int, ...]

#: Expressions mean the same under these as when they were read; those of a script may name what is in public.
_PINNED = """
SAVEPOINT pytest_migrations_solving;
SET LOCAL search_path = pg_catalog, public;
SET LOCAL statement_timeout = {timeout};
SET LOCAL standard_conforming_strings = on;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL jit = off;
"""
_BACK = "ROLLBACK TO SAVEPOINT pytest_migrations_solving; RELEASE SAVEPOINT pytest_migrations_solving"
#: A function that sleeps or loops costs no more than this a query, and all queries of a table this many seconds.
_TIMEOUT = 1000
#: The same for whoever evaluates conditions elsewhere, behind the settings that are pinned.
IN_TIME = f"set local statement_timeout = {_TIMEOUT};"
_LONGEST = 4.0
_MOST_QUERIES = 400
#: So many choices in turn for which a condition cannot be evaluated, and none for which it can: there will be none.
_MOST_FAILURES = 64


@dataclass(frozen=True)
class Generated:
    """A generated column: its ``type`` and its expression as SQL."""

    name: str
    type: str
    expression: str
    nullable: bool = True


@dataclass(frozen=True)
class Satisfying:
    """A choice that satisfies all conditions, with what tells its values from others in columns that are distinct.

    That is None where the value is NULL.
    """

    choice: Choice
    identities: tuple[Any, ...]


class Judge:
    """Evaluates conditions on rows of candidates."""

    def __init__(self, connection: psycopg.Connection[Any], generated: Sequence[Generated]) -> None:
        self._connection = connection
        self._generated = generated
        self._end = time.monotonic() + _LONGEST
        self._queries = 0
        self._orderable = True

    def usual(
        self, unknowns: Sequence[Unknown], groups: Sequence[Sequence[str]], count: int, number: int
    ) -> list[list[tuple[bool, bool]]]:
        """Whether the usual values of each row satisfy each group of conditions: as they are, and with some NULL.

        :raises psycopg.Error: where the server cannot tell.
        """
        columns = ", ".join(
            f"({self._usual(unknown, place, count, number)})::{unknown.type.name} AS {quoted(unknown.name)}"
            for place, unknown in enumerate(unknowns)
        )
        asked = ", ".join(_all_of(conditions) for conditions in groups)
        values = f"CROSS JOIN LATERAL (SELECT {columns} OFFSET 0) AS pytest_migrations_values"
        rows = f"generate_series(0, {2 * count - 1}) AS pytest_migrations(pytest_migrations_row)"
        made = self._generated_columns(unknowns)
        found = self._query(f"SELECT {asked} FROM {rows} {values} {made} ORDER BY pytest_migrations_row")
        return [list(zip(found[row], found[row + count], strict=True)) for row in range(count)]

    def _usual(self, unknown: Unknown, place: int, count: int, number: int) -> str:
        row = f"(pytest_migrations_row % {count})"
        expression = unknown.expression(f"({number} + {row})") if unknown.expression else "NULL"
        if not unknown.nullable or count < 2:
            return expression
        null = f"pytest_migrations_row = {count + null_in(place, count)}"
        return f"CASE WHEN {null} THEN NULL ELSE {expression} END"

    def satisfying(
        self,
        unknowns: Sequence[Unknown],
        candidates: Sequence[Sequence[Value]],
        choices: list[Choice],
        conditions: Sequence[str],
        enough: int,
    ) -> list[Satisfying]:
        """Those of the choices which satisfy all conditions; where evaluating some fails, those that remain."""
        present = [f"{quoted(unknown.name)} IS NOT NULL" for unknown in unknowns if not unknown.nullable]
        trial = _Trial(unknowns, candidates, [*present, *conditions])
        found = self._judged(trial, choices) if choices else []
        if found is not None:
            return found
        refused = self._refused(trial, choices)
        fitting = [choice for choice in choices if refused.isdisjoint(enumerate(choice))]
        return self._bisected(trial, fitting, enough)

    def _bisected(self, trial: _Trial, choices: list[Choice], enough: int) -> list[Satisfying]:
        found: list[Satisfying] = []
        waiting = [choices] if choices else []
        failed = 0
        while waiting and len(found) < enough and not (failed > _MOST_FAILURES and not found):
            some = waiting.pop()
            judged = self._judged(trial, some)
            if judged is not None:
                found += judged
            elif self._exhausted:
                break
            elif len(some) > 1:
                waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
            else:
                failed += 1
        return found

    def _refused(self, trial: _Trial, choices: list[Choice]) -> set[tuple[int, int]]:
        """The candidates that their column's type refuses, as (column, candidate)."""
        refused: set[tuple[int, int]] = set()
        fine: list[int] = []
        for place in range(len(trial.unknowns)):
            upto = _Trial(trial.unknowns[: place + 1], trial.candidates[: place + 1], ())
            used = list(dict.fromkeys(choice[place] for choice in choices))
            passed = {item.choice[-1] for item in self._bisected(upto, [(*fine, one) for one in used], len(used))}
            refused |= {(place, one) for one in used if one not in passed}
            fine.append(next((one for one in used if one in passed), used[0]))
        return refused

    @property
    def _exhausted(self) -> bool:
        return self._queries > _MOST_QUERIES or time.monotonic() > self._end

    def _judged(self, trial: _Trial, choices: list[Choice]) -> list[Satisfying] | None:
        """Those that satisfy the conditions; None where the server cannot tell."""
        try:
            found = self._query(trial.sql(choices, self._generated_columns(trial.unknowns), orderable=self._orderable))
        except errors.UndefinedFunction:
            if not self._orderable:
                return None
            self._orderable = False
            judged = self._judged(trial, choices)
            self._orderable = judged is None
            return judged
        except psycopg.Error:
            return None
        return [Satisfying(choices[row[0]], tuple(row[1:])) for row in found]

    def _generated_columns(self, unknowns: Sequence[Unknown]) -> str:
        """The generated columns that need no others than these."""
        names = {unknown.name for unknown in unknowns}
        columns = ", ".join(
            f"({item.expression})::{item.type} AS {quoted(item.name)}"
            for item in self._generated
            if names.issuperset(names_in(tree_of(item.expression)))
        )
        return f"CROSS JOIN LATERAL (SELECT {columns} OFFSET 0) AS pytest_migrations_generated" if columns else ""

    def _query(self, sql: str) -> list[tuple[Any, ...]]:
        if self._exhausted:
            raise errors.QueryCanceled
        self._queries += 1
        with psycopg.Cursor(self._connection, row_factory=tuple_row) as cursor:
            try:
                cursor.execute(f"{_PINNED.format(timeout=_TIMEOUT)}{sql};{_BACK}".encode())
            except psycopg.Error:
                cursor.execute(_BACK.encode())
                raise
            while cursor.description is None and cursor.nextset():
                pass
            return cursor.fetchall()


def null_in(place: int, count: int) -> int:
    """The row in which a nullable column is NULL: never the first."""
    return 1 + place % (count - 1)


def _all_of(conditions: Sequence[str]) -> str:
    return " AND ".join(f"({condition}) IS NOT FALSE" for condition in conditions) or "true"


@dataclass(frozen=True)
class _Trial:
    unknowns: Sequence[Unknown]
    candidates: Sequence[Sequence[Value]]
    conditions: Sequence[str]

    def sql(self, choices: list[Choice], generated: str, *, orderable: bool) -> str:
        """Each column is chosen from its candidates, of which only those are named that are used: none else may fail.

        OFFSET 0 keeps the planner from evaluating it anew wherever it is named.
        """
        names = [f"pytest_migrations_{place}" for place in range(len(self.unknowns))]
        arrays = [f"'{{{','.join(str(choice[place]) for choice in choices)}}}'::int[]" for place in range(len(names))]
        named = ", ".join((*names, "pytest_migrations_n"))
        table = f"unnest({', '.join(arrays)}) WITH ORDINALITY AS pytest_migrations({named})"
        columns = [
            f"CROSS JOIN LATERAL (SELECT {self._chosen(place, {choice[place] for choice in choices})}"
            f" AS {quoted(unknown.name)} OFFSET 0) AS pytest_migrations_v{place}"
            for place, unknown in enumerate(self.unknowns)
        ]
        identities = [
            f", CASE WHEN pytest_migrations_v{place}.{quoted(unknown.name)} IS NOT NULL THEN dense_rank() OVER"
            f" (ORDER BY pytest_migrations_v{place}.{quoted(unknown.name)}{'' if orderable else '::text'}) END"
            for place, unknown in enumerate(self.unknowns)
            if unknown.distinct
        ]
        rows = f"{table} {' '.join(columns)} {generated if self.conditions else ''}"
        selected = f"pytest_migrations_n::int - 1{''.join(identities)}"
        return f"SELECT {selected} FROM {rows} WHERE {_all_of(self.conditions)} ORDER BY pytest_migrations_n"

    def _chosen(self, place: int, used: set[int]) -> str:
        type_ = self.unknowns[place].type.name
        arms = " ".join(
            f"WHEN {number} THEN ({value.sql})::{type_}"
            for number in sorted(used)
            if (value := self.candidates[place][number]) != NULL
        )
        return f"CASE pytest_migrations_{place} {arms} ELSE NULL END" if arms else f"NULL::{type_}"
