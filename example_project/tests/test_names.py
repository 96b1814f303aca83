"""Migration 018 splits the names of those who are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from pytest_migrations.strategies import rows

if TYPE_CHECKING:
    import psycopg

    from pytest_migrations.stepper import Stepper

NAMES = {
    "Ada Lovelace": ("Ada", "Lovelace"),
    "  Grace  Brewster Hopper ": ("Grace", "Brewster Hopper"),
    "Voltaire": ("Voltaire", None),
}


@pytest.mark.migrations(at="017")
def test_the_names_of_users_are_split(migrations_stepper: Stepper) -> None:
    connection = migrations_stepper.connection
    for number, name in enumerate(NAMES):
        connection.execute("INSERT INTO users (email, name) VALUES (%s, %s)", [f"{number}@example.org", name])
    before = connection.execute("SELECT name, updated_at FROM users ORDER BY id").fetchall()

    migrations_stepper.apply_until("018")

    rows = connection.execute("SELECT name, first_name, last_name FROM users").fetchall()
    assert {name: names for name, *names in rows} == {name: [*names] for name, names in NAMES.items()}

    migrations_stepper.rollback()

    assert connection.execute("SELECT name, updated_at FROM users ORDER BY id").fetchall() == before


@pytest.mark.migrations(at="018")
@pytest.mark.parametrize("name", NAMES)
def test_whoever_writes_the_old_column_fills_the_new_ones(migrations_connection: psycopg.Connection, name: str) -> None:
    row = migrations_connection.execute(
        "INSERT INTO users (email, name) VALUES ('a@example.org', %s) RETURNING first_name, last_name", [name]
    ).fetchone()
    assert row == NAMES[name]


@pytest.mark.migrations(at="017")
def test_the_way_there_and_back_changes_no_schema(migrations_stepper: Stepper) -> None:
    before = migrations_stepper.snapshot()
    migrations_stepper.apply_next()
    assert migrations_stepper.snapshot() != before
    migrations_stepper.rollback()
    assert migrations_stepper.snapshot() == before


@pytest.mark.migrations(at="017")
def test_any_name_is_split(migrations_stepper: Stepper) -> None:
    connection = migrations_stepper.connection

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(rows(connection, "users"))
    def check(user: dict[str, Any]) -> None:
        connection.execute("INSERT INTO users (email, name) VALUES (%(email)s, %(name)s)", user)
        migrations_stepper.apply_until("018")
        first, _, last = user["name"].strip(" ").partition(" ")
        found = connection.execute("SELECT first_name, last_name FROM users").fetchone()
        assert found == (first, last.strip(" ") or None)
        migrations_stepper.rollback()
        assert connection.execute("SELECT name FROM users").fetchone() == (user["name"],)
        connection.execute("DELETE FROM users")

    check()
