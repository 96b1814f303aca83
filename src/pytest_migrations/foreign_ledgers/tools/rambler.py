"""rambler: a row for each applied file, by its name.

As rambler 5 writes it (driver/postgresql/driver.go): ``migrations``, or what its configuration says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, stem_of
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History


def _taken(rows: Sequence[Row], history: History) -> Taken:
    names = [row.text("migration") for row in rows]
    return by_key([Entry(name.removesuffix(".sql"), name) for name in names], history, stem_of)


RAMBLER = Tool(
    "rambler",
    formats=("rambler",),
    shapes=(Shape({"migration": Kind.TEXT}, alone=True),),
    reads=("migration",),
    taken=_taken,
)
