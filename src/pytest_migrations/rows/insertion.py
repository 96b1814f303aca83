"""The statements that put rows into tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.rows.recipes import Recipe
    from pytest_migrations.rows.table import ForeignKey, Table


def insertion(recipes: Sequence[Recipe], tables: Mapping[int, Table]) -> str:
    """One statement for the tables of some recipes, of which several refer to each other.

    It answers with the number of rows that each has got, in this order. The rows of a cycle have to come by one
    statement: only behind it are foreign keys looked at.
    """
    together = {recipe.table.oid: number for number, recipe in enumerate(recipes)}
    rows, inserts = [], []
    for number, recipe in enumerate(recipes):
        internal = [key for key in recipe.table.foreign_keys if key.target in together]
        select = _rows(recipe, [key for key in recipe.table.foreign_keys if key.target not in together], tables)
        joined = _Joined(recipe, number, internal, together)
        rows.append(f"rows_{number} AS MATERIALIZED ({select.sql})")
        inserts.append(f"inserted_{number} AS ({joined.insert(select.columns)} RETURNING 1)")
    counts = ", ".join(f"(SELECT count(*) FROM inserted_{number})" for number in range(len(recipes)))
    return f"WITH {', '.join([*rows, *inserts])} SELECT {counts}"


@dataclass
class _Select:
    """``columns`` are those of the table that it has values for, beside the number of the row."""

    recipe: Recipe
    columns: dict[str, str] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)

    @property
    def sql(self) -> str:
        values = ['r.g AS "#"', *(f"{value} AS {quoted(name)}" for name, value in self.columns.items())]
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return f"SELECT {', '.join(values)} FROM {self.recipe.rows}{''.join(self.joins)}{where}"


def _rows(recipe: Recipe, keys: Sequence[ForeignKey], tables: Mapping[int, Table]) -> _Select:
    """The rows of a recipe, with what refers to tables that have their rows already."""
    select = _Select(recipe, dict(recipe.values))
    columns = {column.name: column for column in recipe.table.columns}
    settled: dict[str, str] = {}
    counts: dict[str, str] = {}
    # The widest first: what is part of another key is then settled by it.
    for number, key in enumerate(sorted(keys, key=lambda key: (-len(key.columns), key.name))):
        new = [name for name in key.columns if name not in settled]
        if key.target not in tables:
            select.columns |= {name: f"NULL::{columns[name].type.name}" for name in new if columns[name].nullable}
            continue
        if not new:
            continue
        row = "r.g" if recipe.unique.intersection(new) else "r.d"
        target = _Target(number, tables[key.target].name, key, recipe.count)
        select.joins += target.joins(settled, row)
        for name in new:
            settled[name] = value = target.value(name)
            counts[name] = target.count(settled)
            nulls = recipe.nulls.get(name)
            select.columns[name] = f"CASE WHEN {nulls} THEN NULL ELSE {value} END" if nulls else value
            if not columns[name].nullable:
                select.conditions.append(f"{value} IS NOT NULL")
    for foreign, capacity in recipe.bounds:
        counted = dict.fromkeys(counts[name] for name in sorted(foreign) if name in counts)
        select.conditions.append(f"r.g < greatest({', '.join([*counted, str(capacity)])})")
    return select


@dataclass(frozen=True)
class _Target:
    """Rows of a table that a foreign key refers to, one for each of ours, as many as ``most``."""

    number: int
    table: str
    key: ForeignKey
    most: int

    def value(self, name: str) -> str:
        return f"f{self.number}.v{self.key.columns.index(name)}"

    def count(self, settled: Mapping[str, str]) -> str:
        """How many different rows there are."""
        return "1" if self._agreeing(settled, self.key.columns) else f"n{self.number}.c"

    def joins(self, settled: Mapping[str, str], row: str) -> list[str]:
        """Joins to the ``row`` of that number, or where another key has ``settled`` a column, to one that agrees."""
        columns = ", ".join(f"t.{quoted(name)} AS v{place}" for place, name in enumerate(self.key.referred))
        order = ", ".join(f"t.{quoted(name)} DESC" for name in self.key.referred)
        there = " AND ".join(f"t.{quoted(name)} IS NOT NULL" for name in self.key.referred)
        source, most, alias = f"FROM {self.table} t WHERE {there}", f"LIMIT {self.most}", f"f{self.number}"
        if agreeing := self._agreeing(settled, self.key.columns):
            one = f"SELECT {columns} {source} AND {agreeing} ORDER BY {order} LIMIT 1"
            return [f" LEFT JOIN LATERAL ({one}) {alias} ON true"]
        counted = f"SELECT nullif(count(*), 0) AS c FROM (SELECT {source} {most}) t"
        numbered = f"SELECT {columns}, row_number() OVER (ORDER BY {order}) - 1 AS i {source} ORDER BY {order} {most}"
        return [
            f" LEFT JOIN ({counted}) n{self.number} ON true",
            f" LEFT JOIN ({numbered}) {alias} ON {alias}.i = {row} % n{self.number}.c",
        ]

    def _agreeing(self, settled: Mapping[str, str], columns: Sequence[str]) -> str:
        pairs = zip(columns, self.key.referred, strict=True)
        mine = f"f{self.number}."
        return " AND ".join(
            f"t.{quoted(referred)} = {settled[name]}"
            for name, referred in pairs
            if name in settled and not settled[name].startswith(mine)
        )


@dataclass
class _Joined:
    """The rows of a recipe with what refers to tables that get theirs by the same statement."""

    recipe: Recipe
    number: int
    keys: Sequence[ForeignKey]
    together: Mapping[int, int]

    def insert(self, columns: Mapping[str, str]) -> str:
        values = {name: f"a.{quoted(name)}" for name in columns}
        joins = []
        for place, key in enumerate(self.keys):
            target = self.together[key.target]
            joins.append(f" LEFT JOIN rows_{target} k{place} ON {self._match(key, place)}")
            for name, referred in zip(key.columns, key.referred, strict=True):
                if name not in columns:
                    values[name] = self._value(key, name, f"k{place}.{quoted(referred)}")
        names = f" ({', '.join(map(quoted, values))})" if values else ""
        return (
            f"INSERT INTO {self.recipe.table.name}{names} OVERRIDING SYSTEM VALUE "
            f"SELECT {', '.join(values.values())} FROM rows_{self.number} a{''.join(joins)}"
        )

    def _match(self, key: ForeignKey, place: int) -> str:
        if key.target == self.recipe.table.oid:  # each to the one before it
            return f'k{place}."#" = greatest(a."#" - 1, 0)'
        target = self.together[key.target]
        return f'k{place}."#" = a."#" % (SELECT nullif(count(*), 0) FROM rows_{target})'

    def _value(self, key: ForeignKey, name: str, value: str) -> str:
        nullable = all(column.nullable for column in self.recipe.table.columns if column.name == name)
        conditions = [self.recipe.nulls[name].replace("r.g", 'a."#"')] if name in self.recipe.nulls else []
        if nullable and key.target == self.recipe.table.oid:
            conditions.append('a."#" = 0')
        return f"CASE WHEN {' OR '.join(conditions)} THEN NULL ELSE {value} END" if conditions else value
