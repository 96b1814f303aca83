"""In which rows columns are NULL."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from pytest_migrations.rows.recipes.numbering import EVERY, LAST, places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_migrations.rows.table import Column, Table


class Nulls(Enum):
    """Where rows are NULL in columns that can be."""

    #: Each column in some row, or in two where it is a key by itself, but none in the first.
    SOME = auto()
    #: Nowhere; and no value is there twice.
    NONE = auto()
    ALL = auto()


def usual_nulls(table: Table, columns: Iterable[Column], nulls: Nulls, count: int) -> dict[str, list[int]]:
    """At which places of so many rows columns are NULL, by name: not all at the same, but so all of a foreign key."""
    if nulls is Nulls.NONE:
        return {}
    strict = {name for key in table.keys if not key.takes_nulls for name in key.columns}
    twice = {name for key in table.keys if len(key.columns) == 1 for name in key.columns}
    found = {
        column.name: list(range(LAST, EVERY))
        if nulls is Nulls.ALL
        else places(column.position, count)[: 2 if column.name in twice else 1]
        for column in columns
        if column.name not in strict and column.takes_null
    }
    for key in table.foreign_keys:
        if key.all_or_none and not found.keys() >= set(key.columns):
            found = {name: condition for name, condition in found.items() if name not in key.columns}
        if first := found.get(key.columns[0]):
            found |= {name: first for name in key.columns if name in found}
    return found
