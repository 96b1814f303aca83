"""Puts rows in by one message to the server, and looks which tables hold some."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import tuple_row

from pytest_migrations.rows.filling.insertion import insertion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_migrations.rows.filling.attempt import Attempt
    from pytest_migrations.rows.recipes.recipe import Recipe
    from pytest_migrations.rows.table import Table

#: A trigger of the user's may take its time, or never end: so many milliseconds for a message, and one more a row. Once
#: that was not enough, there is less patience.
_MOST = 5_000
_LESS = 1_000
_ROLE = "session_replication_role"
_SAVEPOINT = "pytest_migrations_rows"


class Putting:
    """Puts rows into tables; ``rows`` has by OID how many each has got."""

    def __init__(self, connection: psycopg.Connection[Any], tables: Mapping[int, Table]) -> None:
        self.rows: dict[int, int] = {}
        self._connection = connection
        self._tables = tables
        self._patience = _MOST
        settings = "SELECT pg_catalog.current_setting('statement_timeout'), pg_catalog.current_setting(%s)"
        ((self._timeout, self._role),) = connection.cursor(row_factory=tuple_row).execute(settings, [_ROLE]).fetchall()

    def put_in(self, groups: Sequence[Sequence[Recipe]], attempt: Attempt) -> None:
        """Put in the rows of all groups, or none of them.

        :raises psycopg.Error: where the server refuses some.
        """
        if not groups:
            return
        statements = [insertion(recipes, self._tables, avoiding=attempt.avoiding) for recipes in groups]
        if not attempt.triggers:
            statements = [f"SET LOCAL {_ROLE} = replica", *statements, f"SET LOCAL {_ROLE} = {self._role}"]
        rows = sum(recipe.count for recipes in groups for recipe in recipes)
        statements += [*_looked_at_now(self._tables.values()), f"SET LOCAL statement_timeout = '{self._timeout}'"]
        statements.append(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        # By itself: of a message that cannot be parsed nothing is run.
        begin = f"SAVEPOINT {_SAVEPOINT}; SET LOCAL statement_timeout = {self._patience + rows}"
        self._connection.execute(begin.encode())
        cursor = self._connection.cursor(row_factory=tuple_row)
        try:
            cursor.execute("; ".join(statements).encode())
        except BaseException as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                self._patience = _LESS
            with suppress(psycopg.Error):
                undo = f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}"
                self._connection.execute(undo.encode())
            raise
        answers = [row for result in cursor.results() if result.description for row in result.fetchall()]
        for recipes, counts in zip(groups, answers, strict=True):
            self.rows |= {recipe.table.oid: count for recipe, count in zip(recipes, counts, strict=True)}

    def holding(self, oids: Sequence[int]) -> set[int]:
        """Those of the tables that hold rows, as far as who the session has become may know."""
        there = " UNION ALL ".join(f"SELECT {oid} WHERE EXISTS (SELECT FROM {self._tables[oid].name})" for oid in oids)
        cursor = self._connection.cursor(row_factory=tuple_row)
        try:
            with self._connection.transaction():
                return {oid for (oid,) in cursor.execute(there.encode()).fetchall()}
        except psycopg.errors.InsufficientPrivilege:
            return {oid for each in oids for oid in self.holding([each])} if len(oids) > 1 else set()


def _looked_at_now(tables: Iterable[Table]) -> list[str]:
    """Have what is deferred looked at now, as at the commit behind which a migration finds the rows."""
    deferrable = [constraint for table in tables for constraint in table.deferrable]
    if not deferrable:
        return []
    names = [name for name, _ in deferrable]
    deferred = [name for name, initially in deferrable if initially and name]
    now = f"SET CONSTRAINTS {', '.join(names) if all(names) else 'ALL'} IMMEDIATE"
    return [now, *([f"SET CONSTRAINTS {', '.join(deferred)} DEFERRED"] if deferred else [])]
