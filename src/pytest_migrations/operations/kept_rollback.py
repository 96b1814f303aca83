"""Where a rollback comes from: the file, or what the ledger has kept of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_migrations.effects import Verb, effects_of
from pytest_migrations.migration import Script

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

    An empty file is none where the migration changes the schema: some tools want one for each migration. A comment or
    ``SELECT 1`` says that nothing is to be done.
    """
    down = migration.down
    if down is None or down.program is not None or is_of_ledger(down) or down.text.strip():
        return down
    up = effects_of(migration.up)
    return None if up.opaque or any(effect.verb not in _READS for effect in up.effects) else down
