"""Sees after which statement of a migration rows are no longer what they were."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from psycopg.pq import TransactionStatus

from pytest_migrations.rows.image import whole
from pytest_migrations.rows.losses import Rows, Span, losses, moment, read_rows
from pytest_migrations.rows.touching import named_in
from pytest_migrations.timeline.culprits import IN_MIGRATION, IN_ROLLBACK, Culprit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.rows.losses import Loss
    from pytest_migrations.rows.table import Table

#: More rows than that are read before and behind the scripts, and not after each statement.
_MOST_ROWS = 20_000
_MOST_LOOKS = 200


class _Look(NamedTuple):
    statement: Statement
    script: str
    rows: dict[int, Rows]


class RowsWatch:
    """Has an eye on the rows of tables while scripts run on a connection.

    Those that come into a table which the scripts do not name are a trigger's, which keeps a record of what is done:
    they may stay.
    """

    def __init__(self, connection: psycopg.Connection, tables: Mapping[int, Table], migration: Migration) -> None:
        self._connection = connection
        self._tables = tables
        self._down = migration.down
        self._named = named_in(migration)
        self._begin = moment(connection)
        self._before = self._read()
        self._is_close = sum(len(of.rows or ()) for of in self._before.values()) <= _MOST_ROWS
        self._looks: list[_Look] = []

    def look(self, statement: Statement) -> None:
        """Look at the rows behind a statement, where that can be done."""
        if not self._is_close or len(self._looks) >= _MOST_LOOKS:
            return
        if self._connection.info.transaction_status != TransactionStatus.INERROR:
            script = IN_ROLLBACK if statement.script is self._down else IN_MIGRATION
            self._looks.append(_Look(statement, script, self._read()))

    def losses(self) -> tuple[tuple[Loss, ...], tuple[Culprit, ...]]:
        """What became of the rows, and the statements that did it."""
        found: list[Loss] = []
        culprits: list[Culprit] = []
        now = self._read()
        span = Span(self._begin, moment(self._connection))
        for table in whole(self._tables):
            before, after = self._before[table.oid], now[table.oid]
            is_named = table.bare_name in self._named
            here = [loss for loss in losses(before, after, span) if is_named or loss.change != "left behind"]
            found += here
            common = [name for name in before.columns if name in after.columns]
            culprits += filter(None, (self._culprit(table, loss, common) for loss in here))
        return tuple(found), _one_for_each_statement(culprits)

    def _culprit(self, table: Table, loss: Loss, common: Sequence[str]) -> Culprit | None:
        """The last statement by which there was more of such a loss than before it."""
        count, culprit = 0, None
        for look in self._looks:
            then = _with(common, self._rows_of(table, look))
            now = sum(each.count for each in losses(self._before[table.oid], then) if _are_alike(each, loss))
            if now > count:
                culprit = look
            count = now
        if culprit is None:
            return None
        remark = f"{_DID[loss.change]} {loss.table}"
        return Culprit(culprit.statement.place, culprit.script, remark, frozenset())

    def _rows_of(self, table: Table, look: _Look) -> Rows:
        """The rows of a table, with those that are in what was a partition of it and no longer is."""
        own = look.rows[table.oid]
        apart = [
            row
            for oid, rows in look.rows.items()
            if self._tables[oid].root == table.oid != oid and not rows.is_partition
            for row in rows.rows or ()
        ]
        return own if own.rows is None else replace(own, rows=(*own.rows, *apart))

    def _read(self) -> dict[int, Rows]:
        return {oid: read_rows(self._connection, table) for oid, table in self._tables.items()}


_DID = {"lost": "loses rows of", "changed": "changes rows of", "left behind": "puts rows into"}


def _are_alike(one: Loss, other: Loss) -> bool:
    """A row that another statement makes a changed one may be gone in between."""
    return (one.change == "left behind") == (other.change == "left behind")


def _with(columns: Sequence[str], rows: Rows) -> Rows:
    """The rows with all of these columns, those that are not there with what no value is."""
    if rows.rows is None:
        return rows
    missing = dict.fromkeys((name for name in columns if name not in rows.columns), "\0")
    with_them = tuple({**row, **missing} for row in rows.rows)
    return replace(rows, rows=with_them, columns={**rows.columns, **missing})


def _one_for_each_statement(culprits: Sequence[Culprit]) -> tuple[Culprit, ...]:
    by_place: dict[object, Culprit] = {}
    for culprit in culprits:
        by_place.setdefault(culprit.place, culprit)
    return tuple(by_place.values())
