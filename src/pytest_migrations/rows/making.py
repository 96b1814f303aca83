"""Makes the recipe of one table: first the usual values, then others for what its conditions do not take."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned
from pytest_migrations.derive.names import literal
from pytest_migrations.rows import types
from pytest_migrations.rows.conditions.candidates import Unknown, family
from pytest_migrations.rows.conditions.judging import Generated
from pytest_migrations.rows.conditions.solving import solve
from pytest_migrations.rows.conditions.trees import names_in, tree_of
from pytest_migrations.rows.demands import demands
from pytest_migrations.rows.differing import Differing
from pytest_migrations.rows.grouping import grouped
from pytest_migrations.rows.nulls import Nulls, usual_nulls
from pytest_migrations.rows.numbering import FIRST_NUMBER, ImpossibleError, first_number, rows_of
from pytest_migrations.rows.recipe import Recipe
from pytest_migrations.rows.table import Check
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_migrations.rows.conditions.solving import Row
    from pytest_migrations.rows.recipe import Wanted
    from pytest_migrations.rows.table import Column, Table, Type

#: Where values may come again, so many are sought.
_ENOUGH = 20

#: Families of types whose values are not the same twice in production.
_TELLING = ("moment", "uuid")
#: Types whose values may be any text, if it is not longer than that.
_TEXTS = ("text", "varchar", "citext")
_LONG = 20


class Making:
    """Makes one recipe."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        wanted: Wanted,
        chosen: Mapping[str, tuple[str, ...]],
    ) -> None:
        if table.cannot:
            raise ImpossibleError(table.cannot)
        self._connection = connection
        self._table = table
        self._wanted = wanted
        self._chosen = chosen
        self._generated = tuple(
            Generated(column.name, column.type.name, column.generated, column.nullable)
            for column in table.columns
            if column.generated
        )
        self._made_from = {each.name: frozenset(names_in(tree_of(each.expression))) for each in self._generated}
        self._columns = {column.name: column for column in table.columns if self._is_made(column)}
        #: That generated columns can be evaluated.
        self._computed = [
            Check(f"the generated column {each.name}", needs, f"num_nulls({quoted(each.name)}) {nulls} 0")
            for each in self._generated
            for needs, nulls in [(self._made_from[each.name], ">=" if each.nullable else "=")]
            if needs
        ]
        self._checks = [
            *(
                replace(check, columns=self._sources(check.columns))
                for check in (*table.checks, *table.evaluated)
                if check.columns
            ),
            *self._computed,
        ]
        self._referring = frozenset(name for key in table.foreign_keys for name in key.columns) - wanted.lacking
        #: By row, in turn, the values of columns of foreign keys that these do not choose.
        self._settled: dict[str, list[str | None]] = {
            each.name: [f"({each.expression})"] for each in self._generated if not self._made_from[each.name]
        }
        self._capacity = self._capacities()
        differing = self._differing(wanted.rows)
        self._unique, self._alone, self._count = differing.columns, differing.alone, differing.rows
        self._values = {name: self._usual(column) for name, column in self._columns.items()}
        self._nulls = usual_nulls(table, self._columns.values(), wanted.nulls, self._count)
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
            tuple(check for check in self._table.checks if self._sources(check.columns) & elsewhere),
            {each.name: (f"({each.expression})::{each.type}", self._made_from[each.name]) for each in self._generated},
            demands(self._table, self._settled, self._count),
            self._wanted.nulls,
        )

    def _is_made(self, column: Column) -> bool:
        """Whether a value is made for a column; where nothing is known of its type, it gets along without one."""
        if column.generated:
            return False
        value = types.expression(column.type, str(FIRST_NUMBER), self._chosen)
        if value is not None and not (column.type.base == "xml" and self._is_refused(value)):
            return True
        if column.has_default or column.nullable:
            return False
        raise ImpossibleError(f"no value of the type {column.type.name} is known for its column {column.name}")

    def _is_refused(self, value: str) -> bool:
        """Whether the server does not know a value of one of its types, as it can be built without XML."""
        try:
            pinned(self._connection, f"SELECT {value}")
        except psycopg.Error:
            return True
        return False

    def _sources(self, columns: Iterable[str]) -> frozenset[str]:
        """The columns, those that are generated by what they are made from."""
        return frozenset[str]().union(*(self._made_from.get(name, {name}) for name in columns))

    def _capacities(self) -> dict[str, int]:
        """After how many rows the usual values of columns come again; those that may need others come last."""
        checked = frozenset[str]().union(*(check.columns for check in self._checks))
        last = sorted(self._columns.values(), key=lambda column: (column.name in checked, column.position))
        return {column.name: types.capacity(column.type, self._chosen) for column in last}

    def _differing(self, rows: int) -> Differing:
        keys = [
            replace(key, columns=columns, by_value=key.by_value and columns == key.columns)
            for key in self._table.keys
            for columns in [self._sources(key.columns)]
        ]
        return Differing(keys, rows, self._capacity, self._referring - self._settled.keys())

    def _usual(self, column: Column) -> str:
        """The last row repeats the first in what may be the same."""
        differs = column.name in self._unique or family(column.type) in _TELLING
        return self._numbered(column, "r.g" if differs or self._wanted.nulls is Nulls.NONE else "r.d")

    def _numbered(self, column: Column, row: str) -> str:
        """The usual value of a column in the row of this number."""
        first = first_number(self._table.shown, column.position, rows=self._wanted.rows, seed=self._wanted.seed)
        number = f"({first} + {row})"
        if self._wanted.texts and column.type.base in _TEXTS and not 0 <= column.type.modifier < _LONG:
            return f"CAST(concat({literal(self._wanted.texts)}, {number}) AS {column.type.name})"
        return types.expression(column.type, number, self._chosen) or "NULL"

    def _value(self, name: str) -> str:
        value, nulls = self._values[name], self._nulls.get(name)
        return f"CASE WHEN {nulls} THEN NULL ELSE {value} END" if nulls else value

    def _broken(self) -> list[list[Check]]:
        """The checks that the usual rows do not satisfy, each with all that are about the same columns."""
        checks = self._checks
        if not checks:
            return []
        rows = ", ".join(f"{self._value(name)} AS {quoted(name)}" for name in self._values)
        generated = "".join(f", ({each.expression})::{each.type} AS {quoted(each.name)}" for each in self._generated)
        satisfied = ", ".join(f"bool_and(({check.condition}) IS NOT FALSE)" for check in checks)
        source = f"SELECT t.*{generated} FROM (SELECT {rows} FROM {rows_of(self._count)}) t"
        try:
            (result,) = pinned(self._connection, f"{NOT_TEMPORARY} SELECT {satisfied} FROM ({source}) t")
        except psycopg.Error:
            return grouped(checks)
        broken = [check for place, check in enumerate(checks) if result.get_value(0, place) != b"t"]
        return [group for group in grouped(checks) if any(check in group for check in broken)]

    def _solve(self, group: Sequence[Check]) -> None:
        """Take values that satisfy some checks in place of the usual ones.

        Foreign keys choose their own, unless none of these will do.
        """
        named = frozenset[str]().union(*(check.columns for check in group))
        conditions = [check.condition for check in group if check not in self._computed]  # which are looked at anyway
        if named & self._alone:  # behind those of other seeds
            count, known = self._count * (1 + self._wanted.seed), self._count
        else:
            count = known = min(self._count, _ENOUGH)
        solved = self._solved(named, conditions, count)[-known:]
        referring = named & self._referring
        if not solved and referring:
            solved = self._solved(named, conditions, count, choosing=frozenset())[-known:]
            self._settled |= {name: [row[name] for row in solved] for name in referring if solved}
        if not solved and referring:
            return  # the checks are asked of what there is
        if not solved:
            names = " and ".join(dict.fromkeys(check.name for check in group))
            what = " AND ".join(conditions or [each.expression for each in self._generated])
            raise ImpossibleError(f"no values were found that satisfy {names}: {what}")
        if self._alone.intersection(solved[0]):
            self._count = min(self._count, len(solved))
        for name in solved[0]:
            by_row = [row[name] for row in solved]
            self._values[name] = _in_turn(by_row, self._columns[name].type)
            self._capacity[name] = len(set(by_row))
            self._nulls.pop(name, None)
            if empty := [str(row) for row, value in enumerate(by_row) if value is None]:
                self._nulls[name] = f"r.g % {len(solved)} IN ({', '.join(empty)})"

    def _have_one(self, row: int, condition: str) -> bool:
        """Let the row of this number satisfy a condition; False where no such row is found."""
        names = {name for name in self._columns if name in condition}
        together = [group for group in grouped(self._checks) if names.intersection(*(check.columns for check in group))]
        names = names.union(*(check.columns for group in together for check in group)) & self._columns.keys()
        conditions = [
            condition,
            *(check.condition for group in together for check in group if check not in self._computed),
        ]
        solved = self._solved(names, conditions, 1, number=row)
        for found in solved:
            for name, value in found.items():
                others = self._nulls.pop(name, None)
                if value is None or others:
                    self._nulls[name] = f"CASE r.g WHEN {row} THEN {value is None} ELSE {others or 'false'} END"
                if value is not None:
                    self._values[name] = f"CASE r.g WHEN {row} THEN {value} ELSE {self._values[name]} END"
        return bool(solved)

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
                None if name in self._wanted.lacking else partial(self._numbered, column),
                nullable=column.takes_null,
                distinct=name in self._alone,
                present=name in choosing or name in self._wanted.lacking,
            )
            for name, column in self._columns.items()
            if name in names
        ]
        return solve(self._connection, unknowns, conditions, count=count, number=number, generated=self._generated)


def _in_turn(values: Sequence[str | None], type_: Type) -> str:
    """SQL that gives each row its own of these values, in turn."""
    if len(set(values)) == 1:
        return values[0] or f"NULL::{type_.name}"
    whens = " ".join(f"WHEN {row} THEN {value or 'NULL'}" for row, value in enumerate(values))
    return f"(CASE r.g % {len(values)} {whens} END)::{type_.name}"
