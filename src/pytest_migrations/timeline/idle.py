"""Sees which statements were to change rows and changed none, where the server's count does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from pytest_migrations.catalog.session import aside
from pytest_migrations.rows.scripts.sought import finds_rows, updated

if TYPE_CHECKING:
    from pytest_migrations.migration import Statement

#: The rows that the open transaction has written so far; NULL where the server does not count them.
_WRITTEN = """
SELECT sum(pg_catalog.pg_stat_get_xact_tuples_inserted(oid) + pg_catalog.pg_stat_get_xact_tuples_updated(oid)
    + pg_catalog.pg_stat_get_xact_tuples_deleted(oid))
FROM pg_catalog.pg_class
WHERE relkind = 'r' AND oid >= 16384 AND pg_catalog.current_setting('track_counts') = 'on'
"""


class Idle:
    """To be told ``before`` and ``after`` each statement on a connection.

    ``found`` are DO blocks that have written no row, and UPDATEs behind which all rows are what they were: they have
    met some, and yet nothing is known of what they do to others.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.found: list[Statement] = []
        self._connection = connection
        self._state: bytes | None = None

    def before(self, statement: Statement) -> None:
        self._state = self._seen(statement)

    def after(self, statement: Statement) -> None:
        if self._state is not None and self._seen(statement) == self._state:
            self.found.append(statement)

    def _seen(self, statement: Statement) -> bytes | None:
        """What is another one if the statement has changed a row; None where nothing is to be seen."""
        if statement.kind == "do_stmt" and finds_rows(statement):
            inside = self._connection.info.transaction_status == TransactionStatus.INTRANS
            return self._ask(_WRITTEN) if inside else None
        table = updated(statement)
        if table is None:
            return None
        query = sql.SQL("SELECT count(*) || ' ' || sum(pg_catalog.hashtextextended(t::text, 0)) FROM {} t").format(
            sql.Identifier(*table)
        )
        return self._ask(query.as_string(self._connection))

    def _ask(self, query: str) -> bytes | None:
        """The answer, as the script's own session sees it."""
        try:
            (result,) = aside(self._connection, query)
        except psycopg.Error:  # the statement will say so itself
            return None
        return result.get_value(0, 0)
