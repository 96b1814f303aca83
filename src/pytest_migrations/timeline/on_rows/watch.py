"""Sees after which statement of a migration rows are no longer what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from psycopg.pq import TransactionStatus

from pytest_migrations.rows.losses.contents import read_rows
from pytest_migrations.rows.losses.image import kept, read_image, whole
from pytest_migrations.rows.losses.loss import Loss
from pytest_migrations.rows.losses.losses import losses, missing
from pytest_migrations.rows.losses.moments import Span, moment
from pytest_migrations.rows.scripts.touching import named_in, reaches_further, words_in
from pytest_migrations.timeline.culprits import IN_MIGRATION, IN_ROLLBACK, Culprit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import psycopg

    from pytest_migrations.migration import Migration, Statement
    from pytest_migrations.rows.losses.contents import Row, Rows
    from pytest_migrations.rows.losses.image import Kept
    from pytest_migrations.rows.table import Table

#: More rows than that are read before and behind the scripts, and not after each statement.
_MOST_ROWS = 20_000
_MOST_LOOKS = 200
#: So many times a table is read at most, half a millisecond each.
_MOST_READINGS = 5_000
#: Of more tables those are read that a statement names.
_FEW_TABLES = 20


#: They change no row, and SET TRANSACTION may come next, which no query may come before.
_BEFORE_ANY_QUERY = ("transaction_stmt", "variable_set_stmt")


class _Look(NamedTuple):
    statement: Statement
    script: str
    rows: dict[int, Rows]
    #: Of tables that are no longer called so, where they are still there.
    renamed: dict[int, Rows]


class Found(NamedTuple):
    """What became of rows; ``are_moments`` that what differs are moments of the trial and nothing else."""

    losses: tuple[Loss, ...]
    culprits: tuple[Culprit, ...]
    are_moments: bool = False


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
        self._before = self._read(tables)
        #: Of tables with more rows than are read.
        self._image = read_image(connection, self._large()) or {}
        self._is_close = sum(len(of.rows or ()) for of in self._before.values()) <= _MOST_ROWS
        self._looks: list[_Look] = []
        self._readings = 0

    def look(self, statement: Statement) -> None:
        """Look at the rows behind a statement, where that can be done."""
        if not self._is_close or len(self._looks) >= _MOST_LOOKS or self._readings > _MOST_READINGS:
            return
        if statement.kind in _BEFORE_ANY_QUERY:
            return
        if self._connection.info.transaction_status != TransactionStatus.INERROR:
            script = IN_ROLLBACK if statement.script == self._down else IN_MIGRATION
            rows, renamed = (self._looks[-1].rows, self._looks[-1].renamed) if self._looks else (self._before, {})
            tables = {oid: self._tables[oid] for oid in self._may_differ(statement) | renamed.keys()}
            rows = {**rows, **self._read(tables)}
            elsewhere = [table for oid, table in tables.items() if rows[oid].oid != oid]
            renamed = read_rows(self._connection, elsewhere, renamed=True)
            self._readings += len(tables) + len(renamed)
            self._looks.append(_Look(statement, script, rows, renamed))

    def _may_differ(self, statement: Statement) -> set[int]:
        """The tables whose rows may not be behind a statement what they were before it."""
        if len(self._tables) <= _FEW_TABLES or reaches_further(statement):
            return set(self._tables)
        words = words_in(statement.text)
        named = {oid for oid, table in self._tables.items() if table.bare_name in words}
        return named | {self._tables[oid].root for oid in named} & self._tables.keys()

    def found(self) -> Found:
        """What became of the rows, and the statements that did it."""
        now = self._read(self._tables)
        span = Span(self._begin, moment(self._connection))
        if (found := self._found(now, span)).losses:
            return found
        strictly = self._found(now, None)
        return strictly._replace(are_moments=bool(strictly.losses))

    def takes_away(self) -> bool:
        """Whether rows that were there, or columns of theirs, are gone or are not what they were."""
        now = self._read(self._tables)
        return any(self._before[oid].columns.keys() - rows.columns.keys() for oid, rows in now.items()) or any(
            loss.change != "left behind" for loss in self._found(now, None).losses
        )

    def _found(self, now: Mapping[int, Rows], span: Span | None) -> Found:
        found: list[Loss] = []
        culprits: list[Culprit] = []
        image = read_image(self._connection, self._large()) or {}
        for table in whole(self._tables):
            if table.name in self._image:
                if image.get(table.name) != self._image[table.name]:
                    found.append(Loss(table.shown, "changed", 1, ("or more: of so many rows it is not told which",)))
                continue
            is_named = table.bare_name in self._named
            for loss in losses(self._before[table.oid], now[table.oid], span):
                if is_named or loss.change != "left behind":
                    found.append(loss)
                    culprits += self._culprit(table, loss)
        return Found(tuple(found), _one_for_each_statement(culprits))

    def _large(self) -> list[Kept]:
        return kept({oid: self._tables[oid] for oid, rows in self._before.items() if not rows.is_whole})

    def _culprit(self, table: Table, loss: Loss) -> Iterator[Culprit]:
        """The last statement behind which more of these rows were lost, or were there, than before it."""
        # A row that is lost may have been changed before.
        rows = [{name: row[name] for name in table.identity if name in row} or row for row in loss.rows]
        rows = rows if loss.change == "lost" else list(loss.rows)
        is_new, same = loss.change == "left behind", _same(rows, self._before[table.oid].rows or ())
        rows = [*rows, *same] if is_new else same
        count, culprit = len(same) if is_new else 0, None
        for look in self._looks:
            gone = missing(rows, self._rows_of(table, look))
            now = len(rows) - gone if is_new else gone
            if now > count:
                culprit = look
            count = now
        if culprit is not None:
            remark = f"{_DID[loss.change]} {loss.table}"
            yield Culprit(culprit.statement.place, culprit.script, remark, frozenset())

    def _rows_of(self, table: Table, look: _Look) -> list[Row]:
        """The rows of a table, with those in what was a partition of it, or was called so, and no longer is."""
        rows = [look.rows[table.oid], *(look.renamed[oid] for oid in [table.oid] if oid in look.renamed)]
        rows += [
            partition
            for oid, partition in look.rows.items()
            if self._tables[oid].root == table.oid != oid and not partition.is_partition
        ]
        return [row for each in rows for row in each.rows or ()]

    def _read(self, tables: Mapping[int, Table]) -> dict[int, Rows]:
        return read_rows(self._connection, tables.values())


_DID = {"lost": "loses rows of", "changed": "changes rows of", "left behind": "puts rows into"}


def _same(rows: Sequence[Row], among: Iterable[Row]) -> list[Row]:
    """Those among others that are the same as one of the rows, in the columns that these have."""
    known = {tuple(row.items()) for row in rows}
    found = ({name: row[name] for name in rows[0]} for row in among)
    return [row for row in found if tuple(row.items()) in known]


def _one_for_each_statement(culprits: Sequence[Culprit]) -> tuple[Culprit, ...]:
    by_place: dict[object, Culprit] = {}
    for culprit in culprits:
        by_place.setdefault(culprit.place, culprit)
    return tuple(by_place.values())
