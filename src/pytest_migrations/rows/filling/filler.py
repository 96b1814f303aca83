"""Fills tables with rows."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.rows.filling.attempt import PLAIN, Attempt
from pytest_migrations.rows.filling.order import in_order
from pytest_migrations.rows.filling.putting import Putting
from pytest_migrations.rows.filling.reasons import why_empty
from pytest_migrations.rows.recipes.memory import Recipes
from pytest_migrations.rows.recipes.nulls import Nulls
from pytest_migrations.rows.recipes.numbering import SEEDS, ImpossibleError
from pytest_migrations.rows.recipes.recipe import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_migrations.rows.recipes.recipe import Recipe
    from pytest_migrations.rows.table import Table

#: So many conditions of a migration on one table are each given a row of their own.
_MOST_SOUGHT = 50
#: Within the context of an error, which begins with the innermost.
_FUNCTION = re.compile(r"function (\S+\(.*?\)) line.*$")


@dataclass(frozen=True)
class Filled:
    """What came of filling tables, by OID: how many rows each got, and why one that holds none got none."""

    rows: Mapping[int, int] = field(default_factory=dict)
    empty: Mapping[int, str] = field(default_factory=dict)
    #: Why others got rows without their triggers being called.
    without_triggers: Mapping[int, str] = field(default_factory=dict)
    #: Why others hold one row alone, NULL where it may be: of it next to nothing can be lost.
    bare: Mapping[int, str] = field(default_factory=dict)


class Filler:
    """Puts ``rows`` rows into each table; remembers of tables what satisfies their conditions, from fill to fill."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._recipes = Recipes()
        #: Why nothing is put into some tables any more.
        self._slow: dict[Table, str] = {}

    def fill(
        self,
        connection: psycopg.Connection[Any],
        tables: Mapping[int, Table],
        *,
        seed: int = 0,
        sought: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        most: Mapping[int, int] = MappingProxyType({}),
        modest: bool = False,
    ) -> Filled:
        """Fill these tables, among which are all that they refer to, in the open transaction.

        Another ``seed`` gives other values. ``sought`` has, by the name of a table without its schema, conditions that
        a row of it should satisfy, ``most`` by its OID how many rows it gets at most. Unless it is ``modest``, some
        numbers are so large that one can hardly reckon with them. What cannot be filled is left as it is.
        """
        wanted = {oid: conditions for oid, table in tables.items() if (conditions := sought.get(table.bare_name, ()))}
        filling = _Filling(connection, tables, self._recipes, self._slow, most)
        filling.fill(Attempt(self._rows, seed % SEEDS, wanted, modest=modest))
        return Filled(filling.rows, filling.empty, filling.without_triggers, filling.bare)


class _Filling:
    def __init__(
        self,
        connection: psycopg.Connection[Any],
        tables: Mapping[int, Table],
        recipes: Recipes,
        slow: dict[Table, str],
        most: Mapping[int, int],
    ) -> None:
        self.empty: dict[int, str] = {}
        self.without_triggers: dict[int, str] = {}
        #: By which functions of triggers rows were refused.
        self._refused: dict[int, str] = {}
        self.bare: dict[int, str] = {}
        self._connection = connection
        self._tables = tables
        self._putting = Putting(connection, tables)
        self._recipes = recipes
        self._slow = slow
        self._most = most

    @property
    def rows(self) -> dict[int, int]:
        return self._putting.rows

    def fill(self, attempt: Attempt) -> None:
        groups = in_order(self._tables)
        wanted, least = dict(attempt.sought), dict[int, int]()
        attempt = replace(attempt, sought=wanted, least=least)
        made: list[list[Recipe]] = []
        for group in reversed(groups):  # what refers to others says what it demands of them
            made.append(self._made(group, attempt))
            for recipe in made[-1]:
                for target, conditions in recipe.demands.items():
                    wanted[target] = tuple(dict.fromkeys((*wanted.get(target, ()), *conditions)))
                for key in recipe.table.foreign_keys:
                    if recipe.unique.intersection(key.columns):
                        least[key.target] = max(recipe.count, least.get(key.target, 0))
        self._halve([recipes for recipes in reversed(made) if recipes], attempt)
        self._explain()

    def _made(self, group: Iterable[Table], attempt: Attempt) -> list[Recipe]:
        """The recipes of a group, without those of its tables that take no row."""
        return [recipe for table in group if (recipe := self._recipe(table, attempt))]

    def _recipe(self, table: Table, attempt: Attempt) -> Recipe | None:
        if table in self._slow:
            self.empty[table.oid] = self._slow[table]
            return None
        sought = len(attempt.sought.get(table.oid, ()))
        of_sought = min(sought + 1, _MOST_SOUGHT) if sought else 0  # the first satisfies none
        rows = max(attempt.rows, of_sought, attempt.least.get(table.oid, 0))
        rows = min(rows, self._most.get(table.oid, rows))
        if not rows:
            self.empty[table.oid] = "any row is in the way of those that the migration puts in"
            return None
        wanted = self._wanted(table, rows, attempt)
        try:
            return self._recipes.recipe(self._connection, table, wanted)
        except ImpossibleError as error:
            self.empty[table.oid] = str(error)
        with suppress(ImpossibleError):  # a function that reads texts may take these
            recipe = self._recipes.recipe(self._connection, table, replace(wanted, texts=PLAIN))
            del self.empty[table.oid]
            return recipe
        return None

    def _wanted(self, table: Table, rows: int, attempt: Attempt) -> Wanted:
        sought = attempt.sought.get(table.oid, ())
        lacking = {name for key in table.foreign_keys if key.target not in self._tables for name in key.columns}
        lacking &= {column.name for column in table.columns if column.takes_null}
        return Wanted(
            rows,
            attempt.seed,
            sought,
            attempt.nulls,
            repeating=attempt.repeating and attempt.nulls is Nulls.SOME,
            texts=attempt.texts,
            lacking=frozenset(lacking),
            modest=attempt.modest,
        )

    def _halve(self, groups: Sequence[Sequence[Recipe]], attempt: Attempt) -> None:
        """Put in all at once, or if some are refused, one half after the other."""
        try:
            self._putting.put_in(groups, attempt)
        except psycopg.Error as error:
            if len(groups) == 1 and isinstance(error, psycopg.errors.QueryCanceled):
                self._give_up(recipe.table for recipe in groups[0])
            elif len(groups) == 1:
                self._insist([recipe.table for recipe in groups[0]], attempt)
            else:
                self._halve(groups[: len(groups) // 2], attempt)
                self._halve(groups[len(groups) // 2 :], attempt)
            return
        for recipes in groups:
            if not self._came(recipes):
                self._insist([recipe.table for recipe in recipes], attempt)

    def _insist(self, group: Sequence[Table], attempt: Attempt) -> None:
        """Put in what the tables of a group take, be it less and less like rows of production."""
        if any(self._ends(group, each) for each in attempt.insisting()):
            return
        parts = in_order({table.oid: table for table in group}, strictly=True)
        if len(parts) > 1:
            for part in parts:
                self._insist(part, attempt)

    def _ends(self, group: Sequence[Table], attempt: Attempt) -> bool:
        """Whether there is nothing more to try for a group behind this attempt."""
        if not attempt.triggers and not self._is_refused_by_triggers(group):
            return False
        recipes = self._made(group, attempt)
        try:
            self._putting.put_in([recipes] if recipes else [], attempt)
        except psycopg.errors.QueryCanceled:
            self._give_up(group)
            return True
        except psycopg.Error as error:
            refused = error.diag.message_primary or str(error)
            # What is said of NULLs would lead astray, as what is said of who may switch triggers off.
            if attempt.nulls is not Nulls.ALL and attempt.triggers:
                self.empty |= {recipe.table.oid: f"its rows are refused: {refused}" for recipe in recipes}
                if function := _FUNCTION.search(error.diag.context or ""):
                    refused = f"{function[1]} refuses rows: {refused}"
                    self._refused |= {recipe.table.oid: refused for recipe in recipes if recipe.table.has_triggers}
            return False
        for recipe in recipes:
            refused = self.empty.pop(recipe.table.oid, "")
            if not attempt.triggers and recipe.table.has_triggers:
                self.without_triggers[recipe.table.oid] = self._refused[recipe.table.oid]
            if attempt.nulls is Nulls.ALL and refused:
                self.bare[recipe.table.oid] = f"only one, NULL where it may be, since {refused}"
        return not recipes or self._came(recipes)

    def _is_refused_by_triggers(self, group: Iterable[Table]) -> bool:
        """Whether a trigger is in the way, and no foreign key, which without triggers would not be looked at."""
        computed = {column.name for table in group for column in table.columns if column.generated}
        keys = {name for table in group for key in table.foreign_keys for name in key.columns}
        return not computed & keys and any(table.oid in self._refused for table in group)

    def _came(self, recipes: Sequence[Recipe]) -> bool:
        """Whether rows have come of them, or others are in their way.

        None have where what they refer to holds none that their checks take.
        """
        tables = [recipe.table for recipe in recipes]
        if any(self.rows.get(table.oid) or table.acts for table in tables):
            return True
        return bool(self._putting.holding([table.oid for table in tables]))

    def _give_up(self, group: Iterable[Table]) -> None:
        for table in group:
            why = "putting rows into it takes too long"
            self._slow[table] = self.empty[table.oid] = why

    def _explain(self) -> None:
        """Say of each table without a row why it has none."""
        bare = [oid for oid in self._tables if not self.rows.get(oid)]
        if not bare:
            return
        holding = self._putting.holding(bare)
        for oid in bare:
            if oid in holding:
                self.empty.pop(oid, None)
            elif oid not in self.empty:
                self.empty[oid] = why_empty(self._tables[oid], self._tables, self.rows)
