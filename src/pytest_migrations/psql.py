"""What only psql could run of a script, and a server could not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.failure import MigrationError
from pytest_migrations.sql.grammar import statements
from pytest_migrations.sql.traits import Trait

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration, Script, Statement

_PSQL_ONLY = re.compile(
    r"^[ \t]*(?P<meta>\\[a-z!?][^\r\n]*)"
    r"|(?P<end>\\g(?:exec|set|desc|x)?\b[^\r\n]*)$"
    r"|^[ \t]*(?P<copy>COPY\b[^;]*\bFROM\s+STDIN\b[^;]*;)",
    re.MULTILINE | re.IGNORECASE,
)


def supported_statements(migration: Migration, script: Script) -> tuple[Statement, ...]:
    """The statements of a script.

    :raises MigrationError: where it holds what only psql could run: meta commands, COPY data, COPY to the client.
    """
    commands = statements(script)
    for statement in commands:
        if Trait.COPY_STREAM in statement.traits:
            raise MigrationError.only_in_psql(migration, statement, 0, "COPY from or to the client")
        if not statement.kind and (found := _PSQL_ONLY.search(statement.text)):
            what = "COPY data in the script:" if found["copy"] else "the psql meta command"
            raise MigrationError.only_in_psql(
                migration, statement, found.start(found.lastgroup or 0), f"{what} {found.group().strip()}"
            )
    return commands
