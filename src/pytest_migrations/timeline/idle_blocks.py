"""Sees which DO blocks were to change rows and found none to change: of them the server gives no count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.pq import TransactionStatus

from pytest_migrations.rows.sought import finds_rows

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Statement

#: The rows that the open transaction has written so far; NULL where the server does not count them.
_WRITTEN = b"""
SELECT sum(pg_catalog.pg_stat_get_xact_tuples_inserted(oid) + pg_catalog.pg_stat_get_xact_tuples_updated(oid)
    + pg_catalog.pg_stat_get_xact_tuples_deleted(oid))
FROM pg_catalog.pg_class
WHERE relkind = 'r' AND oid >= 16384 AND pg_catalog.current_setting('track_counts') = 'on'
"""


class IdleBlocks:
    """To be told ``before`` and ``after`` each statement on a connection."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.found: list[Statement] = []
        self._connection = connection
        self._written: int | None = None

    def before(self, statement: Statement) -> None:
        self._written = self._count() if statement.kind == "do_stmt" and finds_rows(statement) else None

    def after(self, statement: Statement) -> None:
        if self._written is not None and self._count() == self._written:
            self.found.append(statement)

    def _count(self) -> int | None:
        if self._connection.info.transaction_status != TransactionStatus.INTRANS:
            return None
        row = self._connection.execute(_WRITTEN).fetchone()
        return row[0] if row else None
