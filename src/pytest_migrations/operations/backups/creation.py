"""How a database is created like the one that an archive is of: pg_restore would only do it under the old name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from psycopg import sql

from pytest_migrations.migration import Script
from pytest_migrations.operations.backups import archives
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_migrations.server.clients import Client

#: What pg_restore says of the whole database when it is asked for a schema that no database has.
_NOTHING_ELSE = ("--create", "--schema-only", "--schema=pytest_migrations has no such schema")
_CREATE = re.compile(r'CREATE DATABASE ("(?:[^"]|"")+"|\S+) ')
_SETTING_UP = ("variable_set_stmt", "select_stmt")


def creation(client: Client, archive: Path, name: str, *arguments: str) -> list[str]:
    """The statements that create a database of this name, and those that give it the old one's owner, rights, settings.

    The first creates it. The others come when it is filled: they may make it read-only. ``arguments`` are pg_restore's.
    Raises ProgramError.
    """
    text = archives.script(client, archive, *_NOTHING_ELSE, *arguments)
    found = [s.text for s in statements(Script(archive, text, text)) if s.kind not in _SETTING_UP]
    created = _CREATE.match(found[0]) if found else None
    assert created is not None, "whatever an archive is of, it says how its database is created"
    old, new = f"DATABASE {created[1]} ", f"DATABASE {sql.Identifier(name).as_string()} "
    return [statement.replace(old, new, 1) for statement in found]
