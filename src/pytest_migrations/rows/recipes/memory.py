"""Remembers the recipes of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.recipes.domains import Domains
from pytest_migrations.rows.recipes.making import Making
from pytest_migrations.rows.recipes.numbering import ImpossibleError

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.rows.recipes.recipe import Recipe, Wanted
    from pytest_migrations.rows.table import Table


class Recipes:
    """Remembers what was found for a table or a domain, which costs questions to the server."""

    def __init__(self) -> None:
        self._found: dict[tuple[Table, Wanted], Recipe | ImpossibleError] = {}
        self._domains = Domains()

    def recipe(self, connection: psycopg.Connection[Any], table: Table, wanted: Wanted) -> Recipe:
        """What rows of the table are made from, as many as there can be.

        :raises ImpossibleError: where none can be.
        """
        if table.cannot:
            raise ImpossibleError(table.cannot)
        key = (table, wanted)
        if key not in self._found:
            try:
                chosen = self._domains.chosen(connection, [column.type for column in table.columns], wanted.rows)
                self._found[key] = Making(connection, table, wanted, chosen).recipe()
            except ImpossibleError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, ImpossibleError):
            raise found
        return found
