"""Alembic: a row for each head, a revision that no applied one stands on. It keeps no times.

As Alembic 1.20 writes it (alembic/runtime/migration.py): ``alembic_version``, or what ``version_table`` and
``version_table_schema`` of env.py say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.foreign_ledgers.taking import Entry, Taken, by_key
from pytest_migrations.foreign_ledgers.tool import Kind, Shape, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_migrations.foreign_ledgers.row import Row
    from pytest_migrations.migration import History, Migration


def _taken(rows: Sequence[Row], history: History) -> Taken:
    stands_on = {migration.version: migration.dependencies for migration in history}
    waiting = [row.text("version_num") for row in rows]
    applied: dict[str, Entry] = {}
    while waiting:
        revision = waiting.pop()
        if revision not in applied:
            applied[revision] = Entry(revision, f"revision {revision}")
            waiting += stands_on.get(revision, ())
    return by_key(applied.values(), history, _revision_of)


def _revision_of(migration: Migration) -> str:
    return migration.version


ALEMBIC = Tool(
    "Alembic",
    formats=("alembic",),
    shapes=(Shape({"version_num": Kind.TEXT}, alone=True),),
    reads=("version_num",),
    taken=_taken,
)
