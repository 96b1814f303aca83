"""Where a rollback comes from: the file, or what the ledger has kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.migration import Script
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from pytest_migrations.migration import Migration

_PREFIX = "the ledger's rollback of "
_READS = (Verb.READ, Verb.REQUIRE)


def kept_rollback(name: str, sql: str) -> Script:
    """The script, which is in no file."""
    return Script(Path(f"{_PREFIX}{name}"), sql, sql)


def is_of_ledger(script: Script) -> bool:
    """Whether a script is such a one."""
    return str(script.path).startswith(_PREFIX)


def own_rollback(migration: Migration) -> Script | None:
    """The rollback in the migration's file.

    One that does nothing (an empty file, a comment, ``SELECT 1``) is none, where the migration changes the schema: some
    tools want a file where there is no rollback.
    """
    down = migration.down
    if down is None or down.program is not None or is_of_ledger(down):
        return down
    if any(statement.kind != "select_stmt" for statement in statements(down)):
        return down
    back, up = effects_of(down), effects_of(migration.up)
    changes = bool(up.opaque) or any(effect.verb not in _READS for effect in up.effects)
    return down if back.effects or back.opaque or not changes else None
