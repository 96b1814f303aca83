"""What only psql could run of a script, and a server could not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.failure import MigrationError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.psql import only_in_psql

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration, Script, Statement


def supported_statements(migration: Migration, script: Script) -> tuple[Statement, ...]:
    """The statements of a script.

    :raises MigrationError: where it holds what only psql could run: meta commands, COPY data, COPY to the client.
    """
    commands = statements(script)
    for statement in commands:
        if found := only_in_psql(statement):
            raise MigrationError.only_in_psql(migration, statement, found)
    return commands
