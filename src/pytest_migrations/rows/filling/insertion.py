"""The statements that put rows into tables.

What a row of its own can say, and what it takes from tables that have their rows already, is one query. What tables of
a cycle take from each other is joined to these, and only then all are inserted, by the same statement: only behind it
are foreign keys looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.rows.filling.referring import Referring
from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.rows.recipes.recipe import Recipe
    from pytest_migrations.rows.table import Check, ForeignKey, Table

#: What the number of a row is called beside the table's own columns.
_NUMBER = '"pytest_migrations row"'


def insertion(recipes: Sequence[Recipe], tables: Mapping[int, Table], *, avoiding: bool = False) -> str:
    """The SQL that puts in the rows of some recipes, of which several refer to each other.

    The answer of its last statement is how many rows each has got, in this order. ``avoiding`` rows keep out of the way
    of those that are there: what meets another in a key is left out.
    """
    together = _Together(recipes, tables)
    avoid = " ON CONFLICT DO NOTHING" if avoiding else ""
    if len(recipes) == 1 and recipes[0].table.has_rules:  # PostgreSQL rewrites no statement within another
        table = recipes[0].table
        return f"{together.insert(table, inlined=True)}; SELECT count(*) FROM {table.name}"
    inserts = [f"inserted_{n} AS ({together.insert(r.table)}{avoid} RETURNING 1)" for n, r in enumerate(recipes)]
    counts = ", ".join(f"(SELECT count(*) FROM inserted_{number})" for number in range(len(recipes)))
    return f"WITH {', '.join([*together.queries, *inserts])} SELECT {counts}"


@dataclass(frozen=True)
class _Rows:
    """A query for rows of a table: its ``name``, the SQL, and which columns of the table it has so far."""

    name: str
    sql: str
    columns: tuple[str, ...]


@dataclass
class _Together:
    """The rows of tables that refer to each other."""

    recipes: Sequence[Recipe]
    tables: Mapping[int, Table]
    queries: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._recipes = {recipe.table.oid: recipe for recipe in self.recipes}
        self._rows: dict[int, _Rows] = {}
        self._waiting: list[tuple[Recipe, ForeignKey]] = []
        for recipe in self.recipes:
            among = [key for key in recipe.table.foreign_keys if key.target in self._recipes]
            others = [key for key in recipe.table.foreign_keys if key.target not in self._recipes]
            self._add(recipe, _first_rows(recipe, others, self.tables))
            self._waiting += [(recipe, key) for key in among if not recipe.table.has_rules]
        while self._waiting:
            ready = next((each for each in self._waiting if self._is_ready(each[1])), None)
            if ready:
                self._waiting.remove(ready)
                self._join(*ready)
            elif not self._begin():
                break

    def insert(self, table: Table, *, inlined: bool = False) -> str:
        rows = self._rows[table.oid]
        names = ", ".join(map(quoted, rows.columns))
        source = f"({rows.sql}) a" if inlined else f"{rows.name} a"
        into = f"INSERT INTO {table.name}{names and f' ({names})'} OVERRIDING SYSTEM VALUE"
        return f"{into} SELECT {names} FROM {source}"

    def _add(self, recipe: Recipe, sql_and_columns: tuple[str, tuple[str, ...]]) -> None:
        sql, columns = sql_and_columns
        before = self._rows.get(recipe.table.oid)
        known = before.columns if before else ()
        filtered = _satisfying(recipe, sql, columns, since=known)
        rows = _Rows(f"rows_{len(self.queries)}", filtered, columns)
        self.queries.append(f"{rows.name} AS MATERIALIZED ({rows.sql})")
        self._rows[recipe.table.oid] = rows

    def _is_ready(self, key: ForeignKey) -> bool:
        """Whether all that the key refers to is known."""
        return set(key.referred) <= set(self._rows[key.target].columns)

    def _begin(self) -> bool:
        """Where each key waits for another, let one of the columns that they wait for have a value of its own."""
        for recipe, key in self._waiting:
            rows = self._rows[recipe.table.oid]
            sought = {name for _, other in self._waiting if other.target == recipe.table.oid for name in other.referred}
            for name in key.columns:
                if name in sought and name in recipe.usual and name not in rows.columns:
                    sql = f"SELECT a.*, {recipe.usual[name]} AS {quoted(name)} FROM {_numbered(rows, recipe)}"
                    self._add(recipe, (sql, (*rows.columns, name)))
                    return True
        return False

    def _join(self, recipe: Recipe, key: ForeignKey) -> None:
        mine, theirs = self._rows[recipe.table.oid], self._rows[key.target]
        pairs = dict(zip(key.columns, key.referred, strict=True))
        new = [name for name in pairs if name not in mine.columns and name not in recipe.generated]
        if not new:
            return
        is_own, lacking = key.target == recipe.table.oid, recipe.can_lack(new)
        agreeing = [f"t.{quoted(pairs[name])} = a.{quoted(name)}" for name in pairs if name in mine.columns]
        if agreeing:
            before = [f"t.{_NUMBER} {'<' if lacking else '<='} a.{_NUMBER}"] if is_own else []
            where, order = " AND ".join([*agreeing, *before]), f"t.{_NUMBER} = a.{_NUMBER}, t.{_NUMBER} DESC"
            source = f"LATERAL (SELECT * FROM {theirs.name} t WHERE {where} ORDER BY {order} LIMIT 1) k ON true"
        else:
            number = self._number(recipe, key, new) if is_own else f"a.{_NUMBER} % {_count(theirs)}"
            source = f"{theirs.name} k ON k.{_NUMBER} = {number}"
        values = [f"{self._value(recipe, name, pairs[name])} AS {quoted(name)}" for name in new]
        sql = f"SELECT a.*, {', '.join(values)} FROM {_numbered(mine, recipe)} LEFT JOIN {source}"
        self._add(recipe, (sql, (*mine.columns, *new)))

    def _number(self, recipe: Recipe, key: ForeignKey, new: Sequence[str]) -> str:
        """To which row of its own table one refers: to that before it, the first to none or else to itself."""
        if recipe.can_lack(new):
            return f"a.{_NUMBER} - 1"
        if any(check.columns.intersection(new) for check in recipe.checks):  # which may forbid that
            others, count = recipe.table.foreign_keys.index(key), _count(self._rows[key.target])
            return f"(a.{_NUMBER} + {others} * ({count} - 1) + {count} - 1) % {count}"
        return f"a.{_NUMBER}" if recipe.unique.intersection(new) else f"greatest(a.{_NUMBER} - 1, 0)"

    def _value(self, recipe: Recipe, name: str, referred: str) -> str:
        nulls, value = recipe.nulls.get(name), f"k.{quoted(referred)}"
        return f"CASE WHEN {nulls} THEN NULL ELSE {value} END" if nulls else value


def _numbered(rows: _Rows, recipe: Recipe) -> str:
    """These rows, for the FROM of a query, beside the numbered ones that they were made from."""
    return f"{rows.name} a JOIN {recipe.rows} ON r.g = a.{_NUMBER}"


def _count(rows: _Rows) -> str:
    return f"(SELECT nullif(count(*), 0) FROM {rows.name})"


def _first_rows(recipe: Recipe, keys: Sequence[ForeignKey], tables: Mapping[int, Table]) -> tuple[str, tuple[str, ...]]:
    """The rows of a recipe, with what refers to tables that have their rows already, and their columns."""
    referring = Referring(recipe, keys, tables)
    columns = {**recipe.values, **referring.values}
    values = [f"r.g AS {_NUMBER}", *(f"{value} AS {quoted(name)}" for name, value in columns.items())]
    where = f" WHERE {' AND '.join(referring.conditions)}" if referring.conditions else ""
    return f"SELECT {', '.join(values)} FROM {recipe.rows}{''.join(referring.joins)}{where}", tuple(columns)


def _satisfying(recipe: Recipe, sql: str, columns: Sequence[str], *, since: Sequence[str]) -> str:
    """Of some rows those that satisfy the checks which can be told of these columns, and not of those ``since``."""
    checks = [check for check in recipe.checks if _told(recipe, check, columns) and not _told(recipe, check, since)]
    if not checks:
        return sql
    generated = "".join(
        f", ({expression}) AS {quoted(name)}"
        for name, (expression, needs) in recipe.generated.items()
        if needs <= set(columns)
    )
    where = " AND ".join(f"({check.condition}) IS NOT FALSE" for check in checks)
    names = "".join(f", {quoted(name)}" for name in columns)
    number = f"row_number() OVER (ORDER BY {_NUMBER}) - 1 AS {_NUMBER}"
    return f"SELECT {number}{names} FROM (SELECT a.*{generated} FROM ({sql}) a) a WHERE {where}"


def _told(recipe: Recipe, check: Check, columns: Sequence[str]) -> bool:
    known = set(columns)
    known |= {name for name, (_, needs) in recipe.generated.items() if needs <= known}
    return check.columns <= known
