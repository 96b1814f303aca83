"""What strategies of hypothesis draw the rows of a table from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import tuple_row

from pytest_migrations.rows import types
from pytest_migrations.rows.recipes.memory import Recipes
from pytest_migrations.rows.recipes.numbering import ImpossibleError
from pytest_migrations.rows.recipes.recipe import Wanted
from pytest_migrations.rows.types.lazily import st

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Column, ForeignKey, Table, Type

#: Values of one row, by the names of some columns.
Values = dict[str, Any]

#: Of a table that is referred to more rows are not looked at.
_MOST_KEYS = 1000
#: So many rows that satisfy all conditions are at hand.
_SAMPLES = 50


class Sampler:
    """Draws values for columns of a table: ``parts`` of a row, and ``samples`` which satisfy its conditions."""

    def __init__(self, connection: psycopg.Connection[Any], table: Table, tables: dict[int, Table]) -> None:
        """Look at what the table refers to.

        :raises ImpossibleError: where that holds no row, or nothing is known of a type.
        """
        self._cursor = connection.cursor(row_factory=tuple_row)
        self._connection = connection
        self._tables = tables
        self.table = table
        referring = {name for key in table.foreign_keys for name in key.columns}
        self.parts: list[SearchStrategy[Values]] = [
            *(self._column(column) for column in table.columns if self._is_drawn(column, referring)),
            *self._references(),
        ]

    def samples(self) -> SearchStrategy[Values] | None:
        """Values of the columns that CHECKs, domains and indexes speak of; None where there are none such.

        :raises ImpossibleError: where no values that satisfy them were found.
        """
        recipe = Recipes().recipe(self._connection, self.table, Wanted(_SAMPLES))
        conditional = frozenset[str]().union(*(check.columns for check in (*self.table.checks, *self.table.evaluated)))
        made = [
            (column.name, recipe.values[column.name], column.type)
            for column in self.table.columns
            if column.name in recipe.values and (column.name in conditional or _has_checks(column.type))
        ]
        if not made:
            return None
        values = ", ".join(value if _comes_back(type_) else f"({value})::text" for _, value, type_ in made)
        found = self._cursor.execute(f"SELECT {values} FROM {recipe.rows}".encode()).fetchall()
        names = [name for name, _, _ in made]
        return st.sampled_from([dict(zip(names, row, strict=True)) for row in found])

    def _is_drawn(self, column: Column, referring: set[str]) -> bool:
        if column.generated or column.counts or column.name in referring:
            return False
        if types.strategy(column.type) is not None:
            return True
        if column.has_default or column.nullable:
            return False
        raise ImpossibleError(f"no value of the type {column.type.name} is known for its column {column.name}")

    def _column(self, column: Column) -> SearchStrategy[Values]:
        values = types.strategy(column.type)
        assert values is not None
        return st.builds(partial(_named, column.name), st.none() | values if column.takes_null else values)

    def _references(self) -> Iterator[SearchStrategy[Values]]:
        for key in sorted(self.table.foreign_keys, key=lambda key: len(key.columns)):  # the widest has the last word
            generated = {column.name for column in self.table.columns if column.generated}
            drawn = [name for name in key.columns if name not in generated]
            nullable = {column.name for column in self.table.columns if column.takes_null}
            keys = [{name: row[name] for name in drawn} for row in self._keys(key)]
            if nullable.issuperset(drawn):
                keys.append(dict.fromkeys(drawn))
            if not keys:
                target = self._tables[key.target]
                raise ImpossibleError(
                    f"{' and '.join(key.columns)} of {self.table.shown} refer to {target.shown}, which holds no row. "
                    f"Fill it first: fill(connection, {target.name!r}, 5)"
                )
            yield st.sampled_from(keys)

    def _keys(self, key: ForeignKey) -> list[Values]:
        columns = sql.SQL(", ").join(map(sql.Identifier, key.referred))
        present = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier(name)) for name in key.referred)
        query = sql.SQL("SELECT {columns} FROM {table} WHERE {present} ORDER BY {columns} LIMIT {most}").format(
            columns=columns, table=sql.SQL(self._tables[key.target].referred), present=present, most=_MOST_KEYS
        )
        return [dict(zip(key.columns, row, strict=True)) for row in self._cursor.execute(query).fetchall()]


def _named(name: str, value: Any) -> Values:
    return {name: value}


def _has_checks(type_: Type) -> bool:
    parts = [part for part in (type_.element, *(part for _, part in type_.attributes)) if part]
    return bool(type_.checks) or any(map(_has_checks, parts))


def _comes_back(type_: Type) -> bool:
    """Whether psycopg sends what it has read of a type, as it does not with the dicts of JSON."""
    if type_.kind in ("domain", "array") and type_.element:
        return _comes_back(type_.element)
    return type_.kind in ("base", "enum", "range", "multirange") and type_.base not in ("json", "jsonb")
