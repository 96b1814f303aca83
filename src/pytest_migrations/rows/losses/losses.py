"""What became of rows: which are lost, changed or left behind, and which statement did it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg import sql

from pytest_migrations.catalog.session import NOT_TEMPORARY, pinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_migrations.rows.table import Table

#: Rows that are read of a table in order to tell which of them differ.
_MOST_ROWS = 100_000
EXAMPLES = 3
#: What no value is, of a column that is not there.
_NO_VALUE = "\0"
#: A row by the names of its columns, as PostgreSQL prints the values; None is NULL.
Row = dict[str, "str | None"]


@dataclass(frozen=True)
class Loss:
    """What became of rows of a table: how many, some of them in short, and in which columns they differ."""

    table: str
    change: str
    count: int
    examples: tuple[str, ...]
    columns: tuple[str, ...] = ()
    #: The rows as they were, or those that were left behind, by the columns that are there both times.
    rows: tuple[Row, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        rows = "1 row" if self.count == 1 else f"{self.count} rows"
        where = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.change:<12} {rows} of {self.table}{where}"


@dataclass(frozen=True)
class Rows:
    """The rows of a table at one moment; None where it is not there. ``key`` is what tells one row from another.

    ``columns`` has by the name of each column what it keeps for as long as it is the same one.
    """

    shown: str
    key: tuple[str, ...]
    rows: tuple[Row, ...] | None
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Whether its rows are also those of another table.
    is_partition: bool = False
    oid: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all rows were read."""
        return self.rows is None or len(self.rows) < _MOST_ROWS


def read_rows(connection: psycopg.Connection[Any], table: Table, *, renamed: bool = False) -> Rows:
    """The rows of a table, by its name, or where it may be ``renamed`` by its OID.

    Those of tables that inherit from it are theirs.

    Raises psycopg.Error where the connection is lost, or its transaction has failed.
    """
    wanted = sql.Literal(table.oid) if renamed else _BY_NAME.format(sql.Literal(table.name))
    (found,) = pinned(connection, _COLUMNS.format(wanted).as_string(connection))
    if not found.ntuples:
        return Rows(table.shown, table.identity, None)
    facts = [[(found.get_value(row, place) or b"").decode() for place in range(6)] for row in range(found.ntuples)]
    columns = {name: f"{oid}.{number}" for oid, name, number, *_ in facts if name}
    oid, *_, kind, is_partition, name = facts[0]
    values: list[sql.Composable] = [sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns]
    order = [sql.Identifier(name) for name in table.identity if name in columns]
    query = sql.SQL("SELECT {} FROM {}{}{} LIMIT {}").format(
        sql.SQL(", ").join(values or [sql.SQL("true")]),
        sql.SQL("" if kind == "p" else "ONLY "),
        sql.SQL(name),  # quoted by the server
        sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(order)) if order else sql.SQL(""),
        sql.Literal(_MOST_ROWS),
    )
    (result,) = pinned(connection, NOT_TEMPORARY + query.as_string(connection))
    rows = tuple(
        {
            column: None if (value := result.get_value(row, place)) is None else value.decode()
            for place, column in enumerate(columns)
        }
        for row in range(result.ntuples)
    )
    return Rows(table.shown, table.identity, rows, columns, is_partition == "t", int(oid))


#: A row at least, where there is such a table.
_COLUMNS = sql.SQL(
    "SELECT c.oid, a.attname, a.attnum, c.relkind, c.relispartition, c.oid::pg_catalog.regclass"
    " FROM pg_catalog.pg_class c"
    " LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.oid = {} ORDER BY a.attnum"
)
_BY_NAME = sql.SQL("pg_catalog.to_regclass({})")


@dataclass(frozen=True)
class Span:
    """The time from one moment to another. What a column holds of it says when something ran: never the same twice."""

    begin: Moment
    end: Moment

    def holds(self, value: str | None) -> bool:
        """Whether a value is a moment, or the day, of this time."""
        if value is None or not value[:4].isdigit():
            return False
        if value.isdigit():
            return any(self.begin.epoch * unit <= int(value) + unit <= (self.end.epoch + 2) * unit for unit in _UNITS)
        return any(
            begin <= value <= end or value == end[:_DAY]
            for begin, end in ((self.begin.in_utc, self.end.in_utc), (self.begin.local, self.end.local))
        )


class Moment(NamedTuple):
    """A moment as PostgreSQL prints it with a time zone and without, and in seconds since 1970."""

    in_utc: str
    local: str
    epoch: float


_DAY = len("2001-02-03")
#: Of a second, where moments are kept as numbers: one, milliseconds, microseconds, nanoseconds.
_UNITS = (1, 10**3, 10**6, 10**9)
_MOMENT = b"""
SELECT timezone('UTC', now)::text || '+00', now::timestamp::text, extract(epoch FROM now)::float8
FROM (SELECT clock_timestamp() AS now) AS clock
"""


def moment(connection: psycopg.Connection[Any]) -> Moment:
    """The moment that it is."""
    row = connection.execute(_MOMENT).fetchone()
    assert row is not None
    return Moment(*row)


def losses(before: Rows, after: Rows, span: Span | None = None) -> list[Loss]:
    """What became of the rows of a table, in the columns that both have.

    That one holds a moment of the ``span`` now is no change, as long as it was not made anew.
    """
    if before.rows is None:
        return []
    if after.rows is None:
        return [_loss(before, "lost", before.rows)] if before.rows else []
    common = [name for name in before.columns if name in after.columns]
    old, new = Counter(_tuples(before.rows, common)), Counter(_tuples(after.rows, common))
    gone = [dict(zip(common, row, strict=True)) for row in (old - new).elements()]
    come = [dict(zip(common, row, strict=True)) for row in (new - old).elements()]
    stamped = [name for name in common if span and before.columns[name] == after.columns[name]]
    changed = [
        (was, is_)
        for was, is_ in (*_same_key(gone, come, before.key), *_alike(gone, come, 0.5 if before.key else 0))
        if not all(was[name] == is_[name] or (span and name in stamped and span.holds(is_[name])) for name in common)
    ]
    found = []
    if gone:
        found.append(_loss(before, "lost", gone))
    if changed:
        columns = [name for name in common if any(was[name] != is_[name] for was, is_ in changed)]
        names = before.key or [name for name in common if name not in columns][:_NAMES]
        examples = tuple(f"{_named(was, names)}{_differing(was, is_, columns)}" for was, is_ in changed[:EXAMPLES])
        were = tuple(was for was, _ in changed)
        found.append(Loss(before.shown, "changed", len(changed), examples, tuple(columns), were))
    if come:
        found.append(_loss(before, "left behind", come))
    return found


def missing(rows: Sequence[Row], among: Sequence[Row]) -> int:
    """How many rows are not among others, in the columns that they have."""
    columns = list(rows[0]) if rows else []
    return (Counter(_tuples(rows, columns)) - Counter(_tuples(among, columns))).total()


def _loss(table: Rows, change: str, rows: Sequence[Row]) -> Loss:
    return Loss(table.shown, change, len(rows), _examples(rows, table.key), rows=tuple(rows))


def _same_key(gone: list[Row], come: list[Row], key: Sequence[str]) -> Iterator[tuple[Row, Row]]:
    """What is the same row with other values, taken out of both."""
    if not key or not gone or not come or not all(name in gone[0] for name in key):
        return
    by_key = {tuple(row[name] for name in key): row for row in come}
    left = []
    for was in gone:
        if is_ := by_key.pop(tuple(was[name] for name in key), None):
            yield was, is_
        else:
            left.append(was)
    gone[:], come[:] = left, list(by_key.values())


#: Each is compared with each.
_MOST_COMPARED = 200


def _alike(gone: list[Row], come: list[Row], least: float) -> Iterator[tuple[Row, Row]]:
    """Where as many rows are gone as have come: each with the one that has most values in common, taken out of both.

    Unless these are too few: at ``least`` this part of all.
    """
    if len(gone) != len(come) or len(gone) > _MOST_COMPARED:
        return
    for was in list(gone):
        is_ = max(come, key=lambda row: _in_common(was, row))
        if _in_common(was, is_) >= least * len(was):
            gone.remove(was)
            come.remove(is_)
            yield was, is_


def _in_common(row: Row, other: Row) -> int:
    return sum(row[name] == other[name] for name in row)


def _tuples(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    return (tuple(row.get(name, _NO_VALUE) for name in columns) for row in rows)


def _examples(rows: Sequence[Row], key: Sequence[str]) -> tuple[str, ...]:
    return tuple(_in_short(row, key) for row in islice(rows, EXAMPLES))


_WIDTH = 100
#: So many values tell which row of a table without a key it is.
_NAMES = 2
_VALUE_WIDTH = 30


def _in_short(row: Row, key: Sequence[str]) -> str:
    """The key and as many of the other values as there is room for."""
    ordered = [*(name for name in key if name in row), *(name for name in row if name not in key)]
    text = ""
    for name in ordered:
        part = f"{name} {_value(row[name])}"
        if text and len(text) + len(part) > _WIDTH:
            return f"{text}, ..."
        text = f"{text}, {part}" if text else part
    return text


def _named(row: Mapping[str, str | None], key: Sequence[str]) -> str:
    """The key of a row in front of what else is told of it."""
    return ", ".join(f"{name} {_value(row[name])}" for name in key) + ": " if key else ""


def _differing(was: Row, is_: Row, columns: Sequence[str]) -> str:
    different = [name for name in columns if was[name] != is_[name]]
    return ", ".join(f"{name} {_value(was[name])} -> {_value(is_[name])}" for name in different[:EXAMPLES])


def _value(value: str | None) -> str:
    if value is None:
        return "NULL"
    shown = value if len(value) <= _VALUE_WIDTH else value[: _VALUE_WIDTH - 3] + "..."
    return "'" + shown.replace("\n", "\\n") + "'"
