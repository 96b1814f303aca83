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
from pytest_migrations.rows.recipes.nulls import Nulls
from pytest_migrations.rows.recipes.numbering import FEWEST, LAST, ImpossibleError, rows_of
from pytest_migrations.rows.recipes.recipe import Recipe
from pytest_migrations.rows.recipes.usual import Usual
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_migrations.rows.conditions.solving import Row
    from pytest_migrations.rows.recipes.recipe import Wanted
    from pytest_migrations.rows.table import Check, Key, Table

#: Where values may come again, so many are sought.
_ENOUGH = 20
#: What the place of a row is called beside the table's own columns.
_PLACE = '"pytest_migrations place"'


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
        self._chosen = chosen
        self._usual = Usual(connection, table, wanted, chosen)
        self._computed = Computed(table)
        self._checks = [*self._computed.by_sources((*table.checks, *table.evaluated)), *self._computed.checks]
        self._referring = frozenset(name for key in table.foreign_keys for name in key.columns) - wanted.lacking
        #: By row, in turn, the values of columns of foreign keys that these do not choose.
        self._settled: dict[str, list[str | None]] = {name: [sql] for name, sql in self._computed.constant.items()}
        self._checked = _columns_of([*self._computed.by_sources(table.checks), *self._computed.checks])
        self._capacity = self._usual.capacities(_columns_of(self._checks))
        #: Keys on some rows, of which the last is none, so that it can repeat the first.
        self._partial: list[Key] = []
        differing = self._differing(wanted.rows)
        if wanted.repeating and not table.alike and differing.rows >= FEWEST:
            self._partial = [key for key in table.keys if key.where and any(map(differing.is_long, key.columns))]
            differing = self._differing(wanted.rows)
        self._unique, self._alone, self._count = differing.columns, differing.alone, differing.rows
        #: The columns of foreign keys in which a row may refer to a certain one, if that is there.
        self._settling = table.settling - self._unique - wanted.lacking
        bound = wanted.lacking | (self._referring & (self._checked | table.entangled | self._settled.keys()))
        self._turns = differing.turns(bound, _columns_of(self._partial)) if wanted.repeating else {}
        self._contents = self._usual.contents(differing, self._turns, self._referring)
        for name in wanted.lacking & self._contents.keys():
            self._contents[name].null = "true"

    def recipe(self) -> Recipe:
        for group in self._broken():
            self._solve(group)
        outside = " AND ".join(f"NOT ({key.where})" for key in self._partial)
        if outside and not self._have_one(self._count - 1, outside, leaving=_columns_of(self._partial)):
            return Making(self._connection, self._table, replace(self._wanted, repeating=False), self._chosen).recipe()
        if self._wanted.nulls is not Nulls.NONE:
            for condition in self._table.alike:
                self._have_two(condition)
        hopeless = set[str]()
        for row, condition in zip(range(1, self._count) if self._count > 1 else [0], self._wanted.sought, strict=False):
            if condition not in hopeless and not self._have_one(row, condition):
                hopeless.add(condition)
        elsewhere = self._referring - self._settled.keys()
        contents = self._contents
        return Recipe(
            table=self._table,
            count=self._count,
            values={name: content.sql for name, content in contents.items() if name not in elsewhere},
            nulls={name: content.null for name, content in contents.items() if name in elsewhere and content.null},
            apart={
                name: contents[name].apart
                for name in (self._table.meeting | self._settling) & contents.keys()
                if contents[name].apart
            },
            unique=self._unique,
            turns=self._turns,
            bounds=self._differing(self._count).bounds(),
            usual={name: content.sql for name, content in contents.items() if name in elsewhere},
            settled={
                name: contents[name].sql if name in contents else str(found[0]) for name, found in self._settled.items()
            },
            constant=frozenset(name for name in self._settled if name not in contents or not contents[name].differs),
            checks=tuple(check for check in self._table.checks if self._computed.sources(check.columns) & elsewhere),
            generated=self._computed.expressions,
            demands=demands(self._table, self._settled, self._count),
            nulled=self._wanted.nulls,
        )

    def _differing(self, rows: int) -> Differing:
        keys = [
            replace(key, columns=columns, by_value=key.by_value and columns == key.columns)
            for key in self._table.keys
            if key not in self._partial
            for columns in [self._computed.sources(key.columns)]
        ]
        return Differing(keys, rows, self._capacity, self._referring - self._settled.keys(), self._checked)

    def _broken(self) -> list[list[Check]]:
        """The checks that the rows do not satisfy as they are, each with all that are about the same columns.

        Unusual values are withdrawn from the rows that do not satisfy some, as long as that helps.
        """
        if not self._checks:
            return []
        while True:
            places = self._places_broken(self._checks)
            told = list(zip(self._checks, places, strict=True))
            withdrawn = [
                content.withdraw({place for check, broken in told if name in check.columns for place in broken})
                for name, content in self._contents.items()
            ]
            if not any(withdrawn):
                break
        broken = [check for check, where in told if where]
        return [group for group in grouped(self._checks) if any(check in group for check in broken)]

    def _places_broken(self, checks: Sequence[Check]) -> list[Collection[int]]:
        """Of each check the places of rows that do not satisfy it: all, where the server cannot evaluate it."""
        rows = "".join(f", {content.sql} AS {quoted(name)}" for name, content in self._contents.items())
        generated = "".join(f", {sql} AS {quoted(name)}" for name, (sql, _) in self._computed.expressions.items())
        source = f"SELECT t.*{generated} FROM (SELECT r.p AS {_PLACE}{rows} FROM {rows_of(self._count)}) t"
        broken = ", ".join(f"array_agg(DISTINCT {_PLACE}) FILTER (WHERE NOT ({check.condition}))" for check in checks)
        try:
            (result,) = pinned(self._connection, f"{IN_TIME} {NOT_TEMPORARY} SELECT {broken} FROM ({source}) t")
        except psycopg.Error:
            if len(checks) > 1:
                return [places for check in checks for places in self._places_broken([check])]
            return [range(LAST, self._count)]
        found = [(result.get_value(0, place) or b"{}").decode()[1:-1] for place in range(result.nfields)]
        return [[int(place) for place in each.split(",")] if each else [] for each in found]

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
        solved = self._solved(named, conditions, count, choosing=self._referring)[-known:]
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
        """Let rows have these values, in turn: the last those of the first, where none of them has to be another."""
        row = "r.g" if any(self._contents[name].is_alone for name in solved[0]) else "r.d"
        if self._alone.intersection(solved[0]):
            self._count = min(self._count, len(solved))
        for name in solved[0]:
            values = [row[name] for row in solved]
            self._contents[name].take(values, row, self._usual.columns[name].type)
            self._capacity[name] = len(set(values))

    def _have_one(self, row: int, condition: str, *, leaving: Collection[str] = ()) -> bool:
        """Let the row of this number satisfy a condition; False where no such row is found.

        Those that it is ``leaving`` stay as they are, unless the condition names them.
        """
        found = self._having(row, condition)
        for name, value in found.items():
            if name in condition or name not in leaving:
                self._contents[name].put(f"r.g = {row}", value)
        return bool(found)

    def _have_two(self, condition: str) -> None:
        """Let the first row and that which repeats it satisfy a condition."""
        for name, value in self._having(0, condition).items():
            if name not in self._unique:
                self._contents[name].put("r.d = 0", value)

    def _having(self, row: int, condition: str) -> Row:
        """Values with which the row of this number satisfies a condition; none where none are found."""
        named = {name for name in self._usual.columns if name in condition}
        together = [check for group in grouped(self._checks) if named & _columns_of(group) for check in group]
        names = (named | _columns_of(together)) & self._usual.columns.keys()
        conditions = [f"({condition}) IS TRUE", *self._conditions(together)]  # checks take NULL as well
        choosing = self._referring - self._table.meeting
        solved = self._solved(names, conditions, 1, number=row, choosing=choosing)
        if not solved and names & self._settling:
            solved = self._solved(names, conditions, 1, number=row, choosing=choosing - self._settling)
        return solved[0] if solved else {}

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
        choosing: Collection[str],
    ) -> list[Row]:
        """Values for columns, of which those that foreign keys choose can only be NULL or not."""
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


def _columns_of(checks: Iterable[Check | Key]) -> frozenset[str]:
    return frozenset[str]().union(*(check.columns for check in checks))
