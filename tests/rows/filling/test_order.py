"""In which order tables get rows."""

from __future__ import annotations

import pytest

from pytest_migrations.rows.filling.order import in_order
from pytest_migrations.rows.table import Column, ForeignKey, Table, Type

INT = Type("integer", "base", "int4")


def table(oid: int, *refers: int, can_lack: bool = False) -> Table:
    """A table that refers to others, each by a column of its own."""
    columns = tuple(Column(f"r{target}", INT, place, can_lack) for place, target in enumerate(refers))
    keys = tuple(ForeignKey(f"fk{target}", (f"r{target}",), target, ("id",)) for target in refers)
    return Table(oid, f"t{oid}", f"t{oid}", f"t{oid}", columns, foreign_keys=keys)


@pytest.mark.parametrize(
    ("refers", "order"),
    [
        ({1: [], 2: []}, [{1}, {2}]),
        ({1: [2], 2: [3], 3: []}, [{3}, {2}, {1}]),
        ({1: [1]}, [{1}]),
        ({1: [9]}, [{1}]),
        ({1: [2], 2: [1]}, [{1, 2}]),
        ({1: [2], 2: [3], 3: [1], 4: [1], 5: []}, [{1, 2, 3}, {5}, {4}]),
        ({1: [2, 3], 2: [1], 3: [4], 4: [3]}, [{3, 4}, {1, 2}]),
        ({1: [2], 2: [1, 3], 3: [4], 4: [2]}, [{1, 2, 3, 4}]),
    ],
)
def test_what_is_referred_to_comes_first(refers: dict[int, list[int]], order: list[set[int]]) -> None:
    found = in_order({oid: table(oid, *targets) for oid, targets in refers.items()})
    assert [{each.oid for each in group} for group in found] == order


def test_a_cycle_where_one_can_do_without_the_other() -> None:
    tables = {1: table(1, 2, can_lack=True), 2: table(2, 1)}
    assert [[each.oid for each in group] for group in in_order(tables)] == [[1, 2]]
    assert [[each.oid for each in group] for group in in_order(tables, strictly=True)] == [[1], [2]]
