"""Makes the recipe of one table: first the usual values, then others for what its conditions do not take."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned
from pytest_migrations.rows.conditions.candidates import Unknown
from pytest_migrations.rows.conditions.judging import IN_TIME
from pytest_migrations.rows.conditions.solving import solve
from pytest_migrations.rows.recipes.computed import Computed
from pytest_migrations.rows.recipes.demands import demands
from pytest_migrations.rows.recipes.differing import Differing
from pytest_migrations.rows.recipes.grouping import grouped
from pytest_migrations.rows.recipes.nulls import usual_nulls
from pytest_migrations.rows.recipes.numbering import ImpossibleError, rows_of
from pytest_migrations.rows.recipes.recipe import Recipe
from pytest_migrations.rows.recipes.usual import Usual
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_migrations.rows.conditions.solving import Row
    from pytest_migrations.rows.recipes.recipe import Wanted
    from pytest_migrations.rows.table import Check, Table, Type

#: Where values may come again, so many are sought.
_ENOUGH = 20


class Making:
    """Makes one recipe."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        wanted: Wanted,
        chosen: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._connection = connection
        self._table = table
        self._wanted = wanted
        self._usual = Usual(connection, table, wanted, chosen)
        self._computed = Computed(table)
        self._checks = [
            *(
                replace(check, columns=self._computed.sources(check.columns))
                for check in (*table.checks, *table.evaluated)
                if check.columns
            ),
            *self._computed.checks,
        ]
        self._referring = frozenset(name for key in table.foreign_keys for name in key.columns) - wanted.lacking
        #: By row, in turn, the values of columns of foreign keys that these do not choose.
        self._settled: dict[str, list[str | None]] = {name: [sql] for name, sql in self._computed.constant.items()}
        self._capacity = self._usual.capacities(_columns_of(self._checks))
        differing = self._differing(wanted.rows)
        self._unique, self._alone, self._count = differing.columns, differing.alone, differing.rows
        #: By the name of a column SQL of its value, and of when it is NULL.
        self._values = self._usual.values(self._unique)
        self._nulls = usual_nulls(table, self._usual.columns.values(), wanted.nulls, self._count)
        self._nulls |= dict.fromkeys(wanted.lacking, "true")

    def recipe(self) -> Recipe:
        for group in self._broken():
            self._solve(group)
        hopeless = set[str]()
        for row, condition in zip(range(1, self._count) if self._count > 1 else [0], self._wanted.sought, strict=False):
            if condition not in hopeless and not self._have_one(row, condition):
                hopeless.add(condition)
        elsewhere = self._referring - self._settled.keys()
        return Recipe(
            self._table,
            self._count,
            {name: self._value(name) for name in self._values if name not in elsewhere},
            {name: condition for name, condition in self._nulls.items() if name in elsewhere},
            self._unique,
            self._differing(self._count).bounds(),
            {name: self._value(name) for name in self._values if name in elsewhere},
            {
                name: self._value(name) if name in self._values else str(found[0])
                for name, found in self._settled.items()
            },
            tuple(check for check in self._table.checks if self._computed.sources(check.columns) & elsewhere),
            self._computed.expressions,
            demands(self._table, self._settled, self._count),
            self._wanted.nulls,
        )

    def _differing(self, rows: int) -> Differing:
        keys = [
            replace(key, columns=columns, by_value=key.by_value and columns == key.columns)
            for key in self._table.keys
            for columns in [self._computed.sources(key.columns)]
        ]
        return Differing(keys, rows, self._capacity, self._referring - self._settled.keys())

    def _value(self, name: str) -> str:
        value, nulls = self._values[name], self._nulls.get(name)
        return f"CASE WHEN {nulls} THEN NULL ELSE {value} END" if nulls else value

    def _broken(self) -> list[list[Check]]:
        """The checks that the usual rows do not satisfy, each with all that are about the same columns."""
        checks = self._checks
        if not checks:
            return []
        rows = ", ".join(f"{self._value(name)} AS {quoted(name)}" for name in self._values)
        generated = "".join(f", {sql} AS {quoted(name)}" for name, (sql, _) in self._computed.expressions.items())
        satisfied = ", ".join(f"bool_and(({check.condition}) IS NOT FALSE)" for check in checks)
        source = f"SELECT t.*{generated} FROM (SELECT {rows} FROM {rows_of(self._count)}) t"
        try:
            (result,) = pinned(self._connection, f"{IN_TIME} {NOT_TEMPORARY} SELECT {satisfied} FROM ({source}) t")
        except psycopg.Error:
            return grouped(checks)
        broken = [check for place, check in enumerate(checks) if result.get_value(0, place) != b"t"]
        return [group for group in grouped(checks) if any(check in group for check in broken)]

    def _solve(self, group: Sequence[Check]) -> None:
        """Take values that satisfy some checks in place of the usual ones.

        Foreign keys choose their own, unless none of these will do.
        """
        named, conditions = _columns_of(group), self._conditions(group)
        referring = named & self._referring
        if named & self._alone:  # behind those of other seeds
            count, known = self._count * (1 + self._wanted.seed), self._count
        else:
            count = known = min(self._count, _ENOUGH)
        solved = self._solved(named, conditions, count)[-known:]
        if not solved and referring:
            solved = self._solved(named, conditions, count, choosing=frozenset())[-known:]
            self._settled |= {name: [row[name] for row in solved] for name in referring if solved}
        if solved:
            self._take(solved)
        elif not referring:  # else the checks are asked of what there is
            names = " and ".join(dict.fromkeys(check.name for check in group))
            what = " AND ".join(conditions or [each.expression for each in self._computed.columns])
            raise ImpossibleError(f"no values were found that satisfy {names}: {what}")

    def _take(self, solved: Sequence[Row]) -> None:
        """Let rows have these values, in turn."""
        if self._alone.intersection(solved[0]):
            self._count = min(self._count, len(solved))
        for name in solved[0]:
            by_row = [row[name] for row in solved]
            self._values[name] = _in_turn(by_row, self._usual.columns[name].type)
            self._capacity[name] = len(set(by_row))
            self._nulls.pop(name, None)
            if empty := [str(row) for row, value in enumerate(by_row) if value is None]:
                self._nulls[name] = f"r.g % {len(solved)} IN ({', '.join(empty)})"

    def _have_one(self, row: int, condition: str) -> bool:
        """Let the row of this number satisfy a condition; False where no such row is found."""
        named = {name for name in self._usual.columns if name in condition}
        together = [check for group in grouped(self._checks) if named & _columns_of(group) for check in group]
        names = (named | _columns_of(together)) & self._usual.columns.keys()
        solved = self._solved(names, [condition, *self._conditions(together)], 1, number=row)
        for found in solved:
            for name, value in found.items():
                others = self._nulls.pop(name, None)
                if value is None or others:
                    self._nulls[name] = f"CASE r.g WHEN {row} THEN {value is None} ELSE {others or 'false'} END"
                if value is not None:
                    self._values[name] = f"CASE r.g WHEN {row} THEN {value} ELSE {self._values[name]} END"
        return bool(solved)

    def _conditions(self, checks: Iterable[Check]) -> list[str]:
        """Those of checks, without those on generated columns, which are looked at anyway."""
        return [check.condition for check in checks if check not in self._computed.checks]

    def _solved(
        self,
        names: Collection[str],
        conditions: Sequence[str],
        count: int,
        *,
        number: int = 0,
        choosing: Collection[str] | None = None,
    ) -> list[Row]:
        """Values for columns, of which those that foreign keys choose can only be NULL or not."""
        choosing = self._referring if choosing is None else choosing
        unknowns = [
            Unknown(
                name,
                column.type,
                None if name in self._wanted.lacking else partial(self._usual.value, column),
                nullable=column.takes_null,
                distinct=name in self._alone,
                present=name in choosing or name in self._wanted.lacking,
            )
            for name, column in self._usual.columns.items()
            if name in names
        ]
        return solve(
            self._connection, unknowns, conditions, count=count, number=number, generated=self._computed.columns
        )


def _columns_of(checks: Iterable[Check]) -> frozenset[str]:
    return frozenset[str]().union(*(check.columns for check in checks))


def _in_turn(values: Sequence[str | None], type_: Type) -> str:
    """SQL that gives each row its own of these values, in turn."""
    if len(set(values)) == 1:
        return values[0] or f"NULL::{type_.name}"
    whens = " ".join(f"WHEN {row} THEN {value or 'NULL'}" for row, value in enumerate(values))
    return f"(CASE r.g % {len(values)} {whens} END)::{type_.name}"
