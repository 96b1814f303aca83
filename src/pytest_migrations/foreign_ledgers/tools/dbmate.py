"""dbmate: a row for each applied version, the digits that the file's name begins with.

As dbmate 2 writes it (pkg/driver/postgres/postgres.go): ``schema_migrations`` in the first schema of the search_path,
or what ``--migrations-table`` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key, canonical
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History


def _taken(rows: Sequence[Row], history: History) -> Taken:
    versions = [row.text("version") for row in rows]
    return by_key([Entry(canonical(version), f"version {version}") for version in versions], history)


DBMATE = Tool(
    "dbmate",
    formats=("dbmate",),
    shapes=(Shape({"version": Kind.TEXT}, named=".*migration.*", alone=True),),
    reads=("version",),
    taken=_taken,
)
