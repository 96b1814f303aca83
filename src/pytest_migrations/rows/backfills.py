"""Which columns earlier migrations have filled: what comes behind them finds no NULL there any more."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.sought import below, nodes
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.migration import History, Script


class Backfills:
    """By the names of tables the columns that an UPDATE has given values to, up to where a history stands."""

    def __init__(self, history: History) -> None:
        self._migrations = history.migrations
        self._position = 0
        self._found: dict[str, frozenset[str]] = {}

    def before(self, position: int) -> Mapping[str, frozenset[str]]:
        """Those of the first ``position`` migrations; quick where it is asked in ascending order."""
        if position < self._position:
            self._position, self._found = 0, {}
        for migration in self._migrations[self._position : position]:
            for table, column in _filled_by(migration.up):
                self._found[table] = self._found.get(table, frozenset()) | {column}
        self._position = position
        return self._found


@lru_cache(maxsize=1024)
def _filled_by(script: Script) -> tuple[tuple[str, str], ...]:
    """The (table, column) pairs that the UPDATEs of a script set."""
    if script.program is not None or "update" not in script.text.lower():
        return ()
    found: dict[tuple[str, str], None] = {}
    for statement in statements(script):
        if statement.kind in ("update_stmt", "do_stmt"):
            for node in nodes(statement.text, statement.kind == "do_stmt"):
                updates = [fields for kind, fields in below(node) if kind == "UpdateStmt"]
                found |= dict.fromkeys(pair for fields in updates for pair in _set(fields))
    return tuple(found)


def _set(update: dict[str, Any]) -> list[tuple[str, str]]:
    table = update["relation"]["relname"]
    return [(table, target["ResTarget"]["name"]) for target in update.get("targetList", ()) if "ResTarget" in target]
