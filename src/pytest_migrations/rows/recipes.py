"""Decides what the columns of a table's rows are made from, so that the table takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned
from pytest_migrations.rows import types
from pytest_migrations.rows.conditions.candidates import Unknown
from pytest_migrations.rows.conditions.judging import Generated
from pytest_migrations.rows.conditions.solving import solve
from pytest_migrations.rows.domains import Domains
from pytest_migrations.rows.numbering import FIRST_NUMBER, ImpossibleError, rows_of
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pytest_migrations.rows.table import Check, Column, Table, Type

#: Between the numbers of one column and those of the next, so that no two columns hold the same.
_APART = 100
#: The values of another seed are not those of this one, not even of an enum.
_SEED_APART = 7
#: Rows of a partition are not those that its table has got.
_PARTITION_APART = 10_000
#: One row of so many has NULL in a column.
_NULL_EVERY = 5


@dataclass(frozen=True)
class Recipe:
    """``count`` rows of a table, numbered as ``rows_of`` does.

    ``values`` has SQL by the name of the column. Those of foreign keys come from elsewhere, and are NULL where
    ``nulls`` says so.
    """

    table: Table
    count: int
    values: Mapping[str, str]
    nulls: Mapping[str, str]
    #: The columns that no two rows may share a value of.
    unique: frozenset[str]
    #: Of keys whose columns hold few values, foreign keys aside: those, and how many values the others hold.
    bounds: tuple[tuple[frozenset[str], int], ...]

    @property
    def rows(self) -> str:
        """The numbered rows, for the FROM of a query."""
        return rows_of(self.count)


class Recipes:
    """Remembers what was found for a table or a domain, which costs questions to the server."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Recipe | ImpossibleError] = {}
        self._domains = Domains()

    def recipe(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        rows: int,
        *,
        seed: int = 0,
        sought: tuple[str, ...] = (),
        bare: bool = False,
    ) -> Recipe:
        """What rows of the table are made from, as many as there can be up to ``rows``.

        Where it can be, one of them satisfies each of the conditions that are ``sought``. ``bare`` rows are NULL where
        they can be.

        :raises ImpossibleError: where none can be.
        """
        key = (table, rows, seed, sought, bare)
        if key not in self._found:
            try:
                chosen = self._domains.chosen(connection, [column.type for column in table.columns], rows)
                self._found[key] = _Making(connection, table, rows, seed, chosen, bare=bare).recipe(sought)
            except ImpossibleError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, ImpossibleError):
            raise found
        return found


class _Making:
    """Makes the recipe of one table: first the usual values, then others for what its checks do not take."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        table: Table,
        rows: int,
        seed: int,
        chosen: Mapping[str, tuple[str, ...]],
        *,
        bare: bool,
    ) -> None:
        if table.cannot:
            raise ImpossibleError(table.cannot)
        self._connection = connection
        self._table = table
        self._chosen = chosen
        self._first = FIRST_NUMBER + _SEED_APART * seed
        if table.root != table.oid:
            self._first += _PARTITION_APART * (1 + table.oid % 100)
        self._checks = [check for check in table.checks if check.columns]
        self._referring = {name for key in table.foreign_keys for name in key.columns}
        self._unique = {name for key in table.keys for name in key.columns}
        self._columns = {column.name: column for column in table.columns if self._is_made(column)}
        self._generated = tuple(
            Generated(column.name, column.type.name, column.generated) for column in table.columns if column.generated
        )
        self._count = min([rows, *(most for foreign, most in self._capacities() if not foreign)])
        self._values = {name: self._usual(column) for name, column in self._columns.items()}
        self._nulls = self._usual_nulls(always=bare)

    def recipe(self, sought: Sequence[str]) -> Recipe:
        for group in self._broken():
            self._solve(group)
        hopeless = set[str]()
        for row, condition in zip(range(1, self._count) if self._count > 1 else [0], sought, strict=False):
            if condition not in hopeless and not self._have_one(row, condition):
                hopeless.add(condition)
        return Recipe(
            self._table,
            self._count,
            {name: self._value(name) for name in self._values if name not in self._referring},
            {name: condition for name, condition in self._nulls.items() if name in self._referring},
            frozenset(self._unique),
            tuple((foreign, most) for foreign, most in self._capacities() if foreign and most < self._count),
        )

    def _is_made(self, column: Column) -> bool:
        """Whether a value is made for a column; where nothing is known of its type, it gets along without one."""
        if column.generated:
            return False
        if types.expression(column.type, str(FIRST_NUMBER), self._chosen) is not None:
            return True
        if column.has_default or column.nullable:
            return False
        raise ImpossibleError(f"no value of the type {column.type.name} is known for its column {column.name}")

    def _capacities(self) -> list[tuple[frozenset[str], int]]:
        """Of each key its foreign keys' columns, and in how many rows the others can differ."""
        capacity = {column.name: types.capacity(column.type, self._chosen) for column in self._table.columns}
        return [
            (key.columns & self._referring, max((capacity[name] for name in key.columns - self._referring), default=1))
            for key in self._table.keys
        ]

    def _usual(self, column: Column) -> str:
        return self._numbered(column, "r.g" if column.name in self._unique else "r.d")

    def _numbered(self, column: Column, row: str) -> str:
        """The usual value of a column in the row of this number."""
        number = f"({self._first + _APART * column.position} + {row})"
        return types.expression(column.type, number, self._chosen) or "NULL"

    def _usual_nulls(self, *, always: bool) -> dict[str, str]:
        """In which rows a column is NULL: not all in the same, but so all of a foreign key.

        Never in the first, nor in the last, which repeats it.
        """
        every, last = min(_NULL_EVERY, self._count), max(self._count - 1, 2)
        strict = {name for key in self._table.keys if not key.takes_nulls for name in key.columns}
        nulls = {
            name: "true" if always else f"r.g % {every} = {1 + column.position % max(every - 2, 1)} AND r.g < {last}"
            for name, column in self._columns.items()
            if name not in strict and _is_nullable(column)
        }
        for key in self._table.foreign_keys:
            if first := nulls.get(key.columns[0]):
                nulls |= {name: first for name in key.columns if name in nulls}
        return nulls

    def _value(self, name: str) -> str:
        value, nulls = self._values[name], self._nulls.get(name)
        return f"CASE WHEN {nulls} THEN NULL ELSE {value} END" if nulls else value

    def _broken(self) -> list[list[Check]]:
        """The checks that the usual rows do not satisfy, each with all that are about the same columns."""
        checks = self._checks
        if not checks:
            return []
        rows = ", ".join(f"{self._value(name)} AS {quoted(name)}" for name in self._values)
        generated = "".join(f", ({each.expression}) AS {quoted(each.name)}" for each in self._generated)
        satisfied = ", ".join(f"bool_and(({check.condition}) IS NOT FALSE)" for check in checks)
        source = f"SELECT t.*{generated} FROM (SELECT {rows} FROM {rows_of(self._count)}) t"
        try:
            (result,) = pinned(self._connection, f"{NOT_TEMPORARY} SELECT {satisfied} FROM ({source}) t")
        except psycopg.Error:
            return _groups(checks)
        broken = [check for place, check in enumerate(checks) if result.get_value(0, place) != b"t"]
        return [group for group in _groups(checks) if any(check in group for check in broken)]

    def _solve(self, group: Sequence[Check]) -> None:
        """Take values that satisfy some checks in place of the usual ones."""
        named = frozenset[str]().union(*(check.columns for check in group))
        unknowns = [self._unknown(column) for name, column in self._columns.items() if name in named]
        conditions = [check.condition for check in group]
        solved = solve(self._connection, unknowns, conditions, count=self._count, number=0, generated=self._generated)
        if not solved:
            names = " and ".join(dict.fromkeys(check.name for check in group))
            raise ImpossibleError(f"no values were found that satisfy {names}: {' AND '.join(conditions)}")
        if self._unique.intersection(solved[0]):
            self._count = min(self._count, len(solved))
        for name in solved[0]:
            by_row = [row[name] for row in solved]
            self._values[name] = _in_turn(by_row, self._columns[name].type)
            self._nulls.pop(name, None)
            if empty := [str(row) for row, value in enumerate(by_row) if value is None]:
                self._nulls[name] = f"r.g % {len(solved)} IN ({', '.join(empty)})"

    def _have_one(self, row: int, condition: str) -> bool:
        """Let the row of this number satisfy a condition; False where no such row is found."""
        names = {name for name in self._columns if name in condition}
        together = [group for group in _groups(self._checks) if names.intersection(*(check.columns for check in group))]
        names = names.union(*(check.columns for group in together for check in group)) & self._columns.keys()
        unknowns = [self._unknown(self._columns[name]) for name in names]
        conditions = [condition, *(check.condition for group in together for check in group)]
        solved = solve(self._connection, unknowns, conditions, count=1, number=row, generated=self._generated)
        for found in solved:
            for name, value in found.items():
                others = self._nulls.pop(name, None)
                if value is None or others:
                    self._nulls[name] = f"CASE r.g WHEN {row} THEN {value is None} ELSE {others or 'false'} END"
                if value is not None:
                    self._values[name] = f"CASE r.g WHEN {row} THEN {value} ELSE {self._values[name]} END"
        return bool(solved)

    def _unknown(self, column: Column) -> Unknown:
        name = column.name
        return Unknown(
            name,
            column.type,
            lambda row: self._numbered(column, row),
            nullable=_is_nullable(column),
            distinct=name in self._unique,
            present=name in self._referring,
        )


def _groups(checks: Collection[Check]) -> list[list[Check]]:
    """Checks that share a column come together."""
    groups: list[tuple[frozenset[str], list[Check]]] = []
    for check in checks:
        sharing = [group for group in groups if group[0] & check.columns]
        groups = [group for group in groups if not group[0] & check.columns]
        merged = [member for _, members in sharing for member in members]
        groups.append((check.columns.union(*(columns for columns, _ in sharing)), [*merged, check]))
    return [members for _, members in groups]


def _in_turn(values: Sequence[str | None], type_: Type) -> str:
    """SQL that gives each row its own of these values, in turn."""
    if len(set(values)) == 1:
        return values[0] or f"NULL::{type_.name}"
    whens = " ".join(f"WHEN {row} THEN {value or 'NULL'}" for row, value in enumerate(values))
    return f"(CASE r.g % {len(values)} {whens} END)::{type_.name}"


def _is_nullable(column: Column) -> bool:
    return column.nullable and all(type_.nullable for type_ in _domains_of(column.type))


def _domains_of(type_: Type) -> Iterable[Type]:
    """The domains that a type is, each made from the next."""
    while type_.kind == "domain" and type_.element is not None:
        yield type_
        type_ = type_.element
