"""golang-migrate: one row, the version that was reached and whether it was reached in good order.

As golang-migrate 4 writes it (database/postgres/postgres.go, migrate.go): the version is set, dirty, before a script
runs, and set again when it has run. On the way down it is the version below. The table may have another name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Taken, up_to
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History

_DIRTY = "golang-migrate stopped in it, or in the rollback of the one behind it (dirty, until `migrate force`)"
#: What it writes when the rollback of the first migration fails.
_NO_VERSION = -1


def _taken(rows: Sequence[Row], history: History) -> Taken:
    if not rows:
        return Taken()
    (row, *_) = rows
    version, is_dirty = row.number("version"), row.says("dirty")
    if version == _NO_VERSION and is_dirty and len(history):
        return Taken(failed={history.migrations[0]: _DIRTY})
    return up_to(version, history, _DIRTY if is_dirty else "")


GOLANG_MIGRATE = Tool(
    "golang-migrate",
    formats=("pairs",),
    shapes=(Shape({"dirty": Kind.TRUTH, "version": Kind.NUMBER}, alone=True),),
    reads=("version", "dirty"),
    taken=_taken,
)
