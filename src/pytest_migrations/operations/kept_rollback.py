"""The rollback that the ledger has kept of a migration, as a script."""

from __future__ import annotations

from pathlib import Path

from pytest_migrations.migration import Script

_PREFIX = "the ledger's rollback of "


def kept_rollback(name: str, sql: str) -> Script:
    """The script, which is in no file."""
    return Script(Path(f"{_PREFIX}{name}"), sql, sql)


def is_of_ledger(script: Script) -> bool:
    """Whether a script is such a one."""
    return str(script.path).startswith(_PREFIX)
