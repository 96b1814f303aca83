"""Which rows are lost, changed or left behind, by what there was before and what there is now."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_migrations.rows.losses.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_migrations.rows.losses.contents import Row, Rows
    from pytest_migrations.rows.losses.moments import Span

#: What no value is, of a column that is not there.
_NO_VALUE = "\0"


def losses(before: Rows, after: Rows, span: Span | None = None) -> list[Loss]:
    """What became of the rows of a table, in the columns that both have.

    That one holds a moment of the ``span`` now is no change, as long as it was not made anew, and is not told.
    """
    if before.rows is None:
        return []
    if after.rows is None:
        return [Loss.of_whole_rows(before, "lost", before.rows)] if before.rows else []
    common = [name for name in before.columns if name in after.columns]
    old, new = Counter(_tuples(before.rows, common)), Counter(_tuples(after.rows, common))
    gone = [dict(zip(common, row, strict=True)) for row in (old - new).elements()]
    come = [dict(zip(common, row, strict=True)) for row in (new - old).elements()]
    pairs = [*_same_key(gone, come, before.key), *_alike(gone, come, 0.5 if before.key else 0)]
    if span:
        stamped = [name for name in common if before.columns[name] == after.columns[name]]
        pairs = [(was, is_ | {name: was[name] for name in stamped if span.holds(is_[name])}) for was, is_ in pairs]
    changed = [(was, is_) for was, is_ in pairs if was != is_]
    found = []
    if gone:
        found.append(Loss.of_whole_rows(before, "lost", gone))
    if changed:
        found.append(Loss.of_changed(before, changed))
    if come:
        found.append(Loss.of_whole_rows(before, "left behind", come))
    return found


def missing(rows: Sequence[Row], among: Sequence[Row]) -> int:
    """How many rows are not among others, in the columns that they have."""
    columns = list(rows[0]) if rows else []
    return (Counter(_tuples(rows, columns)) - Counter(_tuples(among, columns))).total()


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
