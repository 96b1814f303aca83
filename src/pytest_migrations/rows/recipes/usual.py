"""The usual value of a column in a row: one of its type, by the number of the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import pinned
from pytest_migrations.derive.names import literal
from pytest_migrations.rows import types
from pytest_migrations.rows.conditions.candidates import family
from pytest_migrations.rows.recipes.edges import edge
from pytest_migrations.rows.recipes.nulls import Nulls, row_of_edge
from pytest_migrations.rows.recipes.numbering import FIRST_NUMBER, ImpossibleError, first_number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_migrations.rows.recipes.recipe import Wanted
    from pytest_migrations.rows.table import Column, Table

#: Families of types whose values are not the same twice in production.
_TELLING = ("moment", "uuid")
#: Types whose values may be any text, if it is not longer than that.
_TEXTS = ("text", "varchar", "citext")
_LONG = 20


class Usual:
    """The ``columns`` of a table that get values, and their usual ones.

    ``chosen`` has, by the name of a domain, the only values that are known of it.
    """

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
        self.columns = {column.name: column for column in table.columns if self._is_made(column)}

    def value(self, column: Column, row: str) -> str:
        """SQL of the value in the row of this number."""
        number = self._number(column, row)
        if self._wanted.texts and column.type.base in _TEXTS and not 0 <= column.type.modifier < _LONG:
            return f"CAST(concat({literal(self._wanted.texts)}, {number}) AS {column.type.name})"
        return types.expression(column.type, number, self._chosen) or "NULL"

    def _number(self, column: Column, row: str) -> str:
        first = first_number(self._table.shown, column.position, rows=self._wanted.rows, seed=self._wanted.seed)
        return f"({first} + {row})"

    def values(self, unique: Collection[str]) -> dict[str, str]:
        """SQL of the values in each row; the last row repeats the first in what may be the same."""
        never = self._wanted.nulls is Nulls.NONE
        referring = {name for key in self._table.foreign_keys for name in key.columns}
        made = {}
        for name, column in self.columns.items():
            alone = never or name in unique or family(column.type) in _TELLING
            value = self.value(column, "r.g" if alone else "r.d")
            beside = None if alone or name in referring else edge(column.type, value, self._number(column, "r.g"))
            made[name] = f"CASE WHEN {row_of_edge(column)} THEN {beside} ELSE {value} END" if beside else value
        return made

    def capacities(self, checked: Collection[str]) -> dict[str, int]:
        """After how many rows the values of columns come again; those that are ``checked`` may get others, so last."""
        last = sorted(self.columns.values(), key=lambda column: (column.name in checked, column.position))
        return {column.name: types.capacity(column.type, self._chosen) for column in last}

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
