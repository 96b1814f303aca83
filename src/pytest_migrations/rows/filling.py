"""Fills tables with rows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg

from pytest_migrations.rows.insertion import insertion
from pytest_migrations.rows.numbering import ImpossibleError
from pytest_migrations.rows.order import in_order
from pytest_migrations.rows.recipes import Recipe, Recipes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_migrations.rows.table import Table

#: A trigger of the user's may take its time, or never end.
_MOST_MILLISECONDS = 10_000
_SAVEPOINT = "pytest_migrations_rows"


@dataclass(frozen=True)
class Filled:
    """What came of filling tables, by OID: how many rows each got, and why one that holds none got none."""

    rows: Mapping[int, int] = field(default_factory=dict)
    empty: Mapping[int, str] = field(default_factory=dict)


class Filler:
    """Puts ``rows`` rows into each table; remembers of tables what satisfies their conditions, from fill to fill."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._recipes = Recipes()

    def fill(
        self,
        connection: psycopg.Connection[Any],
        tables: Mapping[int, Table],
        *,
        seed: int = 0,
        sought: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        most: Mapping[int, int] = MappingProxyType({}),
    ) -> Filled:
        """Fill these tables, among which are all that they refer to, in the open transaction.

        Another ``seed`` gives other values. ``sought`` has, by the name of a table without its schema, conditions that
        a row of it should satisfy, ``most`` by its OID how many rows it gets at most. What cannot be filled is left as
        it is. The session's statement_timeout is not what it was.
        """
        filling = _Filling(connection, tables, self._recipes, rows=self._rows, seed=seed, sought=sought, most=most)
        filling.fill()
        return Filled(filling.rows, filling.empty)


class _Attempt(NamedTuple):
    """How many rows to put in, and which."""

    rows: int
    seed: int
    sought: Mapping[str, tuple[str, ...]]
    bare: bool = False


class _Filling:
    def __init__(
        self,
        connection: psycopg.Connection[Any],
        tables: Mapping[int, Table],
        recipes: Recipes,
        *,
        rows: int,
        seed: int,
        sought: Mapping[str, tuple[str, ...]],
        most: Mapping[int, int],
    ) -> None:
        self.rows: dict[int, int] = {}
        self.empty: dict[int, str] = {}
        self._connection = connection
        self._tables = tables
        self._recipes = recipes
        self._count = rows
        self._seed = seed
        self._sought = sought
        self._most = most

    def fill(self) -> None:
        groups = in_order(self._tables)
        attempt = _Attempt(self._count, self._seed, self._sought)
        made = [self._made(group, attempt) for group in groups]
        whole = [recipes for recipes in made if recipes]
        try:
            self._put_in(whole)
        except psycopg.Error:
            for group in groups:
                self._fill_alone(group)
        self._explain()

    def _made(self, group: Iterable[Table], attempt: _Attempt) -> list[Recipe]:
        """The recipes of a group; none where one of its tables takes no row, and the others cannot without it."""
        return [recipe for table in group if (recipe := self._recipe(table, attempt))]

    def _recipe(self, table: Table, attempt: _Attempt) -> Recipe | None:
        rows, seed, sought, bare = attempt
        rows = min(rows, self._most.get(table.oid, rows))
        if not rows:
            self.empty[table.oid] = "any row is in the way of those that the migration puts in"
            return None
        conditions = sought.get(table.bare_name, ())
        try:
            return self._recipes.recipe(self._connection, table, rows, seed=seed, sought=conditions, bare=bare)
        except ImpossibleError as error:
            self.empty[table.oid] = str(error)
            return None

    def _fill_alone(self, group: tuple[Table, ...]) -> None:
        """Put in what a table takes: many rows, or one, which meets neither itself nor so easily what is there."""
        nothing: Mapping[str, tuple[str, ...]] = {}
        attempts = [
            _Attempt(self._count, self._seed, self._sought),
            _Attempt(self._count, self._seed, nothing),
            _Attempt(1, self._seed, nothing),
            _Attempt(1, self._seed + 1, nothing),
            _Attempt(1, self._seed + 1, nothing, bare=True),
        ]
        for attempt in attempts:
            recipes = self._made(group, attempt)
            if not recipes:
                return
            try:
                self._put_in([recipes])
            except psycopg.Error as error:
                refused = error.diag.message_primary or str(error)
                self.empty |= {recipe.table.oid: f"its rows are refused: {refused}" for recipe in recipes}
            else:
                for recipe in recipes:
                    self.empty.pop(recipe.table.oid, None)
                return

    def _put_in(self, groups: Sequence[Sequence[Recipe]]) -> None:
        """Put in the rows of all groups by one message, or none of them."""
        if not groups:
            return
        statements = [insertion(recipes, self._tables) for recipes in groups]
        begin = f"SAVEPOINT {_SAVEPOINT}; SET LOCAL statement_timeout = {_MOST_MILLISECONDS}"
        parts = [begin, *statements, *_settled(self._tables.values()), f"RELEASE SAVEPOINT {_SAVEPOINT}"]
        cursor = self._connection.cursor()
        try:
            cursor.execute("; ".join(parts).encode())
        except psycopg.Error:
            with suppress(psycopg.Error):
                undo = f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}"
                self._connection.execute(undo.encode())
            raise
        answers = [row for result in cursor.results() if result.description for row in result.fetchall()]
        for recipes, counts in zip(groups, answers, strict=True):
            self.rows |= {recipe.table.oid: count for recipe, count in zip(recipes, counts, strict=True)}

    def _explain(self) -> None:
        """Say of each table without a row why it has none."""
        bare = [oid for oid in self._tables if not self.rows.get(oid)]
        if not bare:
            return
        there = " UNION ALL ".join(f"SELECT {oid}, EXISTS (SELECT FROM {self._tables[oid].name})" for oid in bare)
        for oid, holds_rows in self._connection.execute(there.encode()).fetchall():
            if holds_rows:
                self.empty.pop(oid, None)
            elif oid not in self.empty:
                self.empty[oid] = self._why(self._tables[oid])

    def _why(self, table: Table) -> str:
        targets = [self._tables[key.target] for key in table.foreign_keys if key.target in self._tables]
        for target in targets:
            if not self.rows.get(target.oid) and target.oid != table.oid:
                return f"it refers to {target.shown}, which is empty"
        return "a trigger or a rule on it takes its rows away" if table.has_triggers else "no row was put into it"


def _settled(tables: Iterable[Table]) -> list[str]:
    """Have what is deferred looked at now, as at the commit behind which a migration finds the rows."""
    deferrable = [constraint for table in tables for constraint in table.deferrable]
    if not deferrable:
        return []
    now = [f"SET CONSTRAINTS {', '.join(name for name, _ in deferrable)} IMMEDIATE"]
    deferred = [name for name, initially in deferrable if initially]
    return now + ([f"SET CONSTRAINTS {', '.join(deferred)} DEFERRED"] if deferred else [])
