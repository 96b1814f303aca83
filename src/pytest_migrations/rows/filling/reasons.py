"""Why a table has got no row though the server refused none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.rows.table import Table


def why_empty(table: Table, tables: Mapping[int, Table], rows: Mapping[int, int]) -> str:
    """What kept its rows away; ``rows`` has by OID how many each table has got."""
    for key in table.foreign_keys:
        if key.target in tables and key.target != table.oid and not rows.get(key.target):
            return f"it refers to {tables[key.target].shown}, which is empty"
    if table.has_rules or table.has_triggers:
        return f"a {'rule' if table.has_rules else 'trigger'} on it takes its rows away"
    referring = Counter(name for key in table.foreign_keys for name in key.columns)
    if checks := [check for check in table.checks if check.columns & referring.keys()]:
        told = ", ".join(f"{check.name}: {check.condition}" for check in checks)
        return f"what it refers to holds no rows that its checks take ({told})"
    if shared := [name for name, keys in referring.items() if keys > 1]:
        return f"the rows that its foreign keys refer to have no {' and '.join(shared)} in common"
    return "no row was put into it"
