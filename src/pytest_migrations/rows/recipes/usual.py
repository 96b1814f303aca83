"""The values of a column as long as no condition asks for others: those of its type, by the number of the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.session import pinned
from pytest_migrations.derive.names import literal
from pytest_migrations.rows import types
from pytest_migrations.rows.conditions.candidates import family
from pytest_migrations.rows.recipes.content import Content
from pytest_migrations.rows.recipes.nulls import Nulls, usual_nulls
from pytest_migrations.rows.recipes.numbering import (
    FIRST_NUMBER,
    LAST,
    REPEATING,
    ImpossibleError,
    first_number,
    places,
)
from pytest_migrations.rows.recipes.unusual import in_other_case, unusual

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_migrations.rows.recipes.differing import Differing
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

    def contents(
        self, differing: Differing, turns: Mapping[str, str], referring: Collection[str]
    ) -> dict[str, Content]:
        """What each column holds: the last row repeats the first in what may be the same, or the same but for its case.

        Those that take ``turns`` go by other numbers of rows.
        Nothing unusual is in those that foreign keys choose, the ``referring`` ones, and in those that keys are about.
        """
        nulls = usual_nulls(self._table, self.columns.values(), self._wanted.nulls, differing.rows)
        never = self._wanted.nulls is Nulls.NONE
        made = {}
        for name, column in self.columns.items():
            alone = never or name in differing.columns or family(column.type) in _TELLING
            content = made[name] = Content(self.value(column, turns.get(name) or ("r.g" if alone else "r.d")), alone)
            if empty := nulls.get(name):
                content.null = f"r.p IN ({', '.join(map(str, empty))})"
            content.room = [
                place for place in places(column.position, differing.rows) if place not in nulls.get(name, ())
            ]
            if name in referring:
                content.unusual = [content.usual] if name in self._table.meeting else []
            elif not alone and turns.get(name) != REPEATING:
                content.unusual = unusual(
                    column.type, content.usual, self._number(column, "r.g"), modest=self._wanted.modest
                )
            elif name in differing.by_value and not never and not self._wanted.texts:
                content.room = [LAST]
                content.unusual = in_other_case(column.type, self.value(column, "r.d"))
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
