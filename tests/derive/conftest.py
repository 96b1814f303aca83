"""The servers of the catalog's tests, and scripts that are applied and rolled back by what was derived."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from pytest_migrations.catalog.difference import compare, describe
from pytest_migrations.catalog.respelling import settle
from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from pytest_migrations.derive.derivation import Derivation
from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements
from tests.catalog.conftest import connection, server

if TYPE_CHECKING:
    from pytest_migrations.derive.derivation import Derived

__all__ = ["Trial", "applied", "connection", "rolled_back", "server", "tried"]


@dataclass(frozen=True)
class Trial:
    """What was derived for a script, and what is wrong once it has run; empty if the schema is what it was."""

    derived: Derived
    wrong: str

    @property
    def sql(self) -> str:
        return self.derived.sql.strip()

    @property
    def reasons(self) -> list[str]:
        return [missing.reason for missing in self.derived.missing]


def applied(connection: psycopg.Connection[Any], text: str) -> Derived:
    """Apply a script in the session as it is; psycopg.Error where it fails."""
    script = Script(Path("up.sql"), text, text)
    derivation = Derivation(connection)
    for statement in statements(script):
        derivation.before(statement)
        connection.execute(statement.text.encode())
        derivation.after(statement)
    return derivation.result()


def rolled_back(connection: psycopg.Connection[Any], derived: Derived, before: Snapshot) -> str:
    """Run what was derived, and tell how the schema differs from what it was when the transaction began."""
    try:
        if derived.sql:
            connection.execute(derived.sql.encode())
    except psycopg.Error as error:
        return str(error)
    after = take_snapshot(connection, since=before)
    comparison = settle(connection, compare(before, after), after)
    return describe(comparison)


def tried(connection: psycopg.Connection[Any], text: str, before: Snapshot | None = None) -> Trial:
    """Apply a script and roll it back, in one transaction of which nothing is kept.

    ``before`` is what there is, where that is known.
    """
    before = before or take_snapshot(connection)
    connection.execute("begin")
    try:
        derived = applied(connection, text)
        return Trial(derived, rolled_back(connection, derived, before))
    finally:
        connection.execute("rollback")
