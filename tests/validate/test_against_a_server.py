"""Histories that are put into disorder: what validate names is what a server says, and the first failure is named.

PYTEST_MIGRATIONS_EXAMPLES=200 digs deeper than the default.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pytest_migrations.errors import UserError
from pytest_migrations.formats import read_history
from pytest_migrations.migration import History, Migration
from pytest_migrations.operations.confirming import Answer, confirm
from pytest_migrations.runner import Runner
from pytest_migrations.server.choice import ServerOptions
from pytest_migrations.validate import Severity, validate

EXAMPLE = read_history(Path(__file__).parents[2] / "example_project" / "migrations")
EMBEDDED = ServerOptions(server="embedded")


def disordered(seed: int) -> History:
    """One migration of the example project is missing, or stands elsewhere."""
    chance = random.Random(seed)
    migrations: list[Migration] = list(EXAMPLE.migrations)
    moved = migrations.pop(chance.randrange(len(migrations)))
    if chance.random() < 0.6:
        migrations.insert(chance.randrange(len(migrations)), moved)
    return replace(EXAMPLE, migrations=tuple(migrations))


@pytest.mark.parametrize("seed", range(int(os.environ.get("PYTEST_MIGRATIONS_EXAMPLES", "6"))))
def test_what_is_named_is_true_and_the_first_failure_is_named(seed: int, connection: psycopg.Connection) -> None:
    history = disordered(seed)
    findings = [finding for finding in validate(history).findings if finding.severity is Severity.ERROR]
    _, answers = confirm(history, findings, EMBEDDED)
    assert Answer.REFUTED not in answers
    assert first_failure(history, connection) == next((finding.migration for finding in findings), None)


def first_failure(history: History, connection: psycopg.Connection) -> str | None:
    """The first migration that a server does not apply."""
    runner, migration = Runner(connection), None
    try:
        for migration in history:
            runner.apply(migration)
    except UserError:
        assert migration is not None
        return migration.name
    return None
