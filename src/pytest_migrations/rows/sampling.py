"""What strategies of hypothesis draw the rows of a table from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Json, Jsonb

from pytest_migrations.rows import types
from pytest_migrations.rows.numbering import ImpossibleError
from pytest_migrations.rows.recipes import Recipes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from hypothesis.strategies import SearchStrategy

    from pytest_migrations.rows.table import Column, ForeignKey, Table

#: Values of one row, by the names of some columns.
Values = dict[str, Any]

#: Of a table that is referred to more rows are not looked at.
_MOST_KEYS = 1000
#: So many rows that satisfy all CHECKs are at hand.
_SAMPLES = 50


class Sampler:
    """Draws values for columns of a table: ``parts`` of a row, and ``samples`` which satisfy its CHECKs."""

    def __init__(self, connection: psycopg.Connection[Any], table: Table, tables: dict[int, Table]) -> None:
        """Look at what the table refers to.

        :raises ImpossibleError: where that holds no row, or nothing is known of a type.
        """
        self._connection = connection
        self._tables = tables
        self.table = table
        referring = {name for key in table.foreign_keys for name in key.columns}
        self.parts: list[SearchStrategy[Values]] = [
            *(self._column(column) for column in table.columns if self._is_drawn(column, referring)),
            *self._references(),
        ]

    def samples(self) -> SearchStrategy[Values] | None:
        """Values of the columns that CHECKs speak of; None where there are no CHECKs.

        :raises ImpossibleError: where no values that satisfy them were found.
        """
        from hypothesis import strategies as st  # noqa: PLC0415 (loaded only by who draws)

        checked = frozenset[str]().union(*(check.columns for check in self.table.checks))
        recipe = Recipes().recipe(self._connection, self.table, _SAMPLES)
        made = {name: value for name, value in recipe.values.items() if name in checked}
        if not made:
            return None
        query = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(map(sql.SQL, made.values())), sql.SQL(recipe.rows)
        )
        found = self._connection.execute(query).fetchall()
        of = {column.name: column.type.base for column in self.table.columns}
        wrapped = [{name: _as_sent(of[name], value) for name, value in zip(made, row, strict=True)} for row in found]
        return st.sampled_from(wrapped)

    def _is_drawn(self, column: Column, referring: set[str]) -> bool:
        if column.generated or column.counts or column.name in referring:
            return False
        if types.strategy(column.type) is not None:
            return True
        if column.has_default or column.nullable:
            return False
        raise ImpossibleError(f"no value of the type {column.type.name} is known for its column {column.name}")

    def _column(self, column: Column) -> SearchStrategy[Values]:
        from hypothesis import strategies as st  # noqa: PLC0415 (as above)

        values = types.strategy(column.type)
        assert values is not None
        return st.builds(partial(_named, column.name), st.none() | values if column.nullable else values)

    def _references(self) -> Iterator[SearchStrategy[Values]]:
        from hypothesis import strategies as st  # noqa: PLC0415 (as above)

        nullable = {column.name for column in self.table.columns if column.nullable}
        for key in sorted(self.table.foreign_keys, key=lambda key: len(key.columns)):  # the widest has the last word
            keys = [dict(zip(key.columns, row, strict=True)) for row in self._keys(key)]
            if nullable.issuperset(key.columns):
                keys.append(dict.fromkeys(key.columns))
            if not keys:
                target = self._tables[key.target]
                raise ImpossibleError(
                    f"{' and '.join(key.columns)} of {self.table.shown} refer to {target.shown}, which holds no row. "
                    f"Fill it first: fill(connection, {target.name!r}, 5)"
                )
            yield st.sampled_from(keys)

    def _keys(self, key: ForeignKey) -> list[tuple[Any, ...]]:
        columns = sql.SQL(", ").join(map(sql.Identifier, key.referred))
        present = sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(sql.Identifier(name)) for name in key.referred)
        query = sql.SQL("SELECT {columns} FROM {table} WHERE {present} ORDER BY {columns} LIMIT {most}").format(
            columns=columns, table=sql.SQL(self._tables[key.target].name), present=present, most=_MOST_KEYS
        )
        return self._connection.execute(query).fetchall()


def _named(name: str, value: Any) -> Values:
    return {name: value}


def _as_sent(base: str, value: Any) -> Any:
    """A value as psycopg takes it, where that is not as it gives it."""
    wrap = {"json": Json, "jsonb": Jsonb}.get(base)
    return wrap(value) if wrap and value is not None else value
