"""In which order tables get rows: what a table refers to comes first, what refers to each other comes together."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.rows.table import Table


def in_order(tables: Mapping[int, Table], *, strictly: bool = False) -> list[tuple[Table, ...]]:
    """Groups of tables, each behind those that it refers to; a group of several is a cycle of foreign keys.

    ``strictly`` looks at those foreign keys alone that cannot be NULL.
    """
    refers = {
        oid: {
            key.target
            for key in table.foreign_keys
            if key.target in tables and key.target != oid and not (strictly and table.can_lack(key))
        }
        for oid, table in tables.items()
    }
    groups = {oid: frozenset({oid}) for oid in tables}
    while True:
        between = {
            group: {groups[target] for oid in group for target in refers[oid]} - {group} for group in groups.values()
        }
        try:
            order = list(TopologicalSorter(between).static_order())
        except CycleError as error:
            merged = frozenset[int]().union(*error.args[1])
            groups |= dict.fromkeys(merged, merged)
        else:
            return [tuple(tables[oid] for oid in sorted(group)) for group in order]
