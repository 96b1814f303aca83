"""What the database itself sees to: constraints, triggers, row level security."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors

if TYPE_CHECKING:
    from pytest_migrations.server.server import Database


@pytest.fixture
def two_organizations(migrations_transaction: psycopg.Connection) -> psycopg.Connection:
    """Organizations 1 and 2 with an application each, seen by the API, whose role is not kept either."""
    migrations_transaction.execute("""
        INSERT INTO organizations (id, name) VALUES (1, 'one'), (2, 'two');
        INSERT INTO funders (id, name) VALUES (1, 'funder');
        INSERT INTO grants (id, funder_id, title, slug) VALUES (1, 1, 'grant', 'grant');
        INSERT INTO applications (id, grant_id, organization_id, title) VALUES (1, 1, 1, 'of one'), (2, 1, 2, 'of two');
        CREATE ROLE api;
        GRANT SELECT, INSERT, UPDATE ON applications TO api;
        SET ROLE api;
    """)
    return migrations_transaction


def test_the_api_sees_one_organization(two_organizations: psycopg.Connection) -> None:
    seen = "SELECT title FROM applications ORDER BY id"
    assert two_organizations.execute(seen).fetchall() == []
    two_organizations.execute("SET app.organization_id = 2")
    assert two_organizations.execute(seen).fetchall() == [("of two",)]


def test_the_api_writes_for_no_other(two_organizations: psycopg.Connection) -> None:
    two_organizations.execute("SET app.organization_id = 2")
    with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
        two_organizations.execute("UPDATE applications SET organization_id = 1")


def test_rounds_of_a_grant_follow_each_other(two_organizations: psycopg.Connection) -> None:
    two_organizations.execute("RESET ROLE")
    add = "INSERT INTO grant_funding_periods (grant_id, period) VALUES (1, %s)"
    two_organizations.execute(add, ["[2026-01-01,2026-07-01)"])
    two_organizations.execute(add, ["[2026-07-01,2027-01-01)"])
    with pytest.raises(errors.ExclusionViolation):
        two_organizations.execute(add, ["[2026-06-30,2026-07-02)"])


def test_the_audit_log_has_no_passwords_and_forgets_nothing(migrations_connection: psycopg.Connection) -> None:
    connection = migrations_connection
    connection.execute("SET app.user_id = '7'")
    connection.execute("INSERT INTO users (email, name, password_hash) VALUES ('a@b.org', 'A', 'secret')")
    connection.execute("DELETE FROM audit_log")
    (row,) = connection.execute("SELECT changed_by, operation, new_row FROM audit_log").fetchall()
    assert row[:2] == ("7", "INSERT")
    assert row[2]["email"] == "a@b.org"
    assert "password_hash" not in row[2]


def test_two_sessions_do_not_take_one_address(
    migrations_connection: psycopg.Connection, migrations_database: Database
) -> None:
    add = "INSERT INTO users (email, name) VALUES ('a@b.org', 'A')"
    with psycopg.connect(migrations_database.dsn) as other:
        other.execute(add)
        migrations_connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(errors.LockNotAvailable):
            migrations_connection.execute(add)
        other.rollback()
    migrations_connection.execute(add)


async def test_alerts_are_heard(migrations_async_connection: psycopg.AsyncConnection) -> None:
    """LISTEN and NOTIFY need commits, and asyncio suits them."""
    connection = migrations_async_connection
    await connection.execute("LISTEN users")
    await connection.execute("SELECT pg_notify('users', name) FROM (VALUES ('Ada')) v (name)")
    async for heard in connection.notifies(timeout=5, stop_after=1):
        assert heard.payload == "Ada"
