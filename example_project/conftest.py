"""What the generated rows do not know of production; docs/rows.md tells more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.migration import Migration


def pytest_migrations_rows(connection: psycopg.Connection, migration: Migration) -> None:
    """Every address came from a form that offers a list of countries, so that 017 can validate its constraint."""
    if migration.version == "017":
        connection.execute("UPDATE organization_addresses SET country = 'GB'")
