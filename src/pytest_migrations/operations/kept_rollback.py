"""Where a rollback comes from: the file, or what the ledger has kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration

_PREFIX = "the ledger's rollback of "
#: Statements that change no schema.
_ABOUT_ROWS = {
    *("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "copy_stmt", "truncate_stmt"),
    *("transaction_stmt", "variable_set_stmt", "lock_stmt", "vacuum_stmt"),
}


def kept_rollback(name: str, sql: str) -> Script:
    """The script, which is in no file."""
    return Script(Path(f"{_PREFIX}{name}"), sql, sql)


def is_of_ledger(script: Script) -> bool:
    """Whether a script is such a one."""
    return str(script.path).startswith(_PREFIX)


def own_rollback(migration: Migration) -> Script | None:
    """The rollback in the migration's file.

    An empty file is none where the migration changes the schema: some tools want one for each migration. A comment or
    ``SELECT 1`` says that nothing is to be done.
    """
    down = migration.down
    if down is None or down.program is not None or is_of_ledger(down) or down.text.strip():
        return down
    is_about_rows = {statement.kind for statement in statements(migration.up)} <= _ABOUT_ROWS
    return down if is_about_rows and migration.up.program is None else None
