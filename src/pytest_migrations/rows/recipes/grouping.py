"""Which checks have to be satisfied together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_migrations.rows.table import Check


def grouped(checks: Collection[Check]) -> list[list[Check]]:
    """Checks that share a column come together."""
    groups: list[tuple[frozenset[str], list[Check]]] = []
    for check in checks:
        sharing = [group for group in groups if group[0] & check.columns]
        groups = [group for group in groups if not group[0] & check.columns]
        merged = [member for _, members in sharing for member in members]
        groups.append((check.columns.union(*(columns for columns, _ in sharing)), [*merged, check]))
    return [members for _, members in groups]
