"""Tells texts of expressions that only went through a reload from those that mean something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.catalog.difference import Comparison
    from pytest_migrations.catalog.snapshot import Snapshot


def settle(
    connection: psycopg.Connection[Any], comparison: Comparison, expected: Snapshot, actual: Snapshot
) -> Comparison:
    """The comparison without the differences that are only respelled."""
    del connection, expected, actual
    return comparison
