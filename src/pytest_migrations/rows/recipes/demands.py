"""What the tables that are referred to have to hold, so that rows can refer to it whose keys are settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.sql.grammar import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_migrations.rows.table import Table


def demands(table: Table, settled: Mapping[str, Sequence[str | None]], count: int) -> dict[int, tuple[str, ...]]:
    """By OID conditions on rows of other tables; ``settled`` are, by row in turn, the values of columns of keys."""
    found: dict[int, dict[str, None]] = {}
    for key in table.foreign_keys:
        pairs = zip(key.columns, key.referred, strict=True)
        known = [(quoted(referred), settled[name]) for name, referred in pairs if name in settled]
        for row in range(count if known and key.target != table.oid else 0):
            values = [(referred, by_row[row % len(by_row)]) for referred, by_row in known]
            if all(value for _, value in values):
                condition = " AND ".join(f"{referred} = {value}" for referred, value in values)
                found.setdefault(key.target, {})[condition] = None
    return {target: tuple(conditions) for target, conditions in found.items()}
