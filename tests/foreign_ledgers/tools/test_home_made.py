"""Ledgers that a team has made for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.migration import History
    from tests.foreign_ledgers.conftest import Told

    Tell = Callable[[str, History], Told]
    Read = Callable[..., History]

FILES = dict.fromkeys(("001_users.sql", "002_grants.sql", "010_alerts.sql"), "SELECT 1;")
TWO = ["001_users.sql", "010_alerts.sql"]
TIMES = ["2024-01-01 10:00:00", "2024-01-02 10:00:00"]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ("id serial, filename text, applied_at timestamp", "(1, '{0}', '{2}'), (2, '{1}', '{3}')"),
        (
            "migration_name varchar(255) PRIMARY KEY, executed_at timestamptz",
            "('001_users', '{2}'), ('010_alerts', '{3}')",
        ),
        ("version integer, applied_at timestamp, checksum text", "(1, '{2}', ''), (10, '{3}', '')"),
        ("version text, run_on timestamp", "('001', '{2}'), ('10', '{3}')"),
        ("script text, success boolean, ran_at timestamp", "('sql/{0}', true, '{2}'), ('C:\\sql\\{1}', true, '{3}')"),
        (
            "id serial, name text, status text, created_at timestamp",
            "(7, '{0}', 'completed', '{2}'), (8, '{1}', 'SUCCESS', '{3}'), (9, '002_grants.sql', 'rolled back', '{3}')",
        ),
        (
            "id serial, migration text, direction text, applied bigint",
            """(3, '002_grants', 'down', 1704103202), (1, '{0}', 'up', 1704103200), (2, '002_grants', 'up', 1704103201),
               (4, '{1}', 'up', 1704189600000)""",
        ),
        ("id text, applied_at text", "('001_users', '2024-01-01T10:00:00Z'), ('010_alerts', '2024-01-02 11:00:00+01')"),
        (
            "id uuid, name text, version text, applied_at date",
            "(NULL, 'Users', '001', NULL), (NULL, 'Alerts', '010', NULL)",
        ),
    ],
)
def test_columns_are_known_by_their_names(told: Tell, history: Read, columns: str, rows: str) -> None:
    ledger = f"CREATE TABLE migration_history ({columns}); INSERT INTO migration_history VALUES "
    found = told(ledger + rows.format(*TWO, *TIMES), history(FILES))
    assert (found.table, found.applied, found.failed) == ("public.migration_history", TWO, {})
    assert found.times == (TIMES if "Users" not in rows else ["", ""])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("success boolean", "false"),
        ("status text", "'FAILED'"),
        ("state text", "'In Progress'"),
        ("error text", "'boom'"),
    ],
)
def test_what_failed(told: Tell, history: Read, column: str, value: str) -> None:
    ledger = f"""
        CREATE TABLE migration_history (name text, {column});
        INSERT INTO migration_history VALUES ('001_users.sql', {value}), ('010_alerts.sql', NULL), ('other', NULL)"""
    found = told(ledger, history(FILES))
    assert (found.applied, list(found.failed), found.unknown) == (TWO[1:], TWO[:1], ["other"])


def test_the_number_of_a_row_is_no_version(told: Tell, history: Read) -> None:
    ledger = """
        CREATE TABLE migration_history (id serial, name text);
        INSERT INTO migration_history (name) VALUES ('a'), ('b')"""
    found = told(ledger, history(FILES))
    assert (found.applied, found.unknown) == ([], ["a", "b"])


def test_other_formats_by_what_they_call_a_migration(told: Tell, history: Read) -> None:
    ledger = """
        CREATE TABLE schema_migrations (name text, at timestamptz);
        INSERT INTO schema_migrations VALUES ('20240101_users', NULL), ('20240102_grants.up.sql', NULL)"""
    folders = ("20240101_users", "20240102_grants", "20240103_alerts")
    read = history({f"{name}/up.sql": "SELECT 1;" for name in folders})
    assert told(ledger, read).applied == [f"{name}/up.sql" for name in folders[:2]]
