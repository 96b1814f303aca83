"""tern: one row, the version that was reached.

As tern 2 writes it (migrate/migrate.go): ``schema_version``, or what ``version_table`` of its configuration says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Taken, up_to
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History


def _taken(rows: Sequence[Row], history: History) -> Taken:
    return up_to(rows[0].number("version"), history) if rows else Taken()


TERN = Tool(
    "tern",
    formats=("tern",),
    shapes=(Shape({"version": Kind.NUMBER}, named=".*schema_version.*", alone=True),),
    reads=("version",),
    taken=_taken,
)
