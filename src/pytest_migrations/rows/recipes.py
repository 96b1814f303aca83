"""Remembers the recipes of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.domains import Domains
from pytest_migrations.rows.making import Making
from pytest_migrations.rows.nulls import Nulls
from pytest_migrations.rows.numbering import ImpossibleError

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.rows.recipe import Recipe
    from pytest_migrations.rows.table import Table


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
        nulls: Nulls = Nulls.SOME,
    ) -> Recipe:
        """What rows of the table are made from, as many as there can be up to ``rows``.

        Where it can be, one of them satisfies each of the conditions that are ``sought``.

        :raises ImpossibleError: where none can be.
        """
        key = (table, rows, seed, sought, nulls)
        if key not in self._found:
            try:
                chosen = self._domains.chosen(connection, [column.type for column in table.columns], rows)
                self._found[key] = Making(connection, table, rows, seed=seed, nulls=nulls, chosen=chosen).recipe(sought)
            except ImpossibleError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, ImpossibleError):
            raise found
        return found
