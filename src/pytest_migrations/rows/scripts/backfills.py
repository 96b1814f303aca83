"""Which columns earlier migrations have filled: what comes behind them finds no NULL there any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.scripts.sought import columns_set, nodes
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.migration import History, Statement


class Backfills:
    """By the names of tables the columns that an UPDATE has given values to in all rows, so far in a history."""

    def __init__(self, history: History) -> None:
        self._migrations = history.migrations
        self._position = 0
        self._found: dict[str, frozenset[str]] = {}

    def before(self, position: int) -> Mapping[str, frozenset[str]]:
        """Those of the first ``position`` migrations; quick where it is asked in ascending order."""
        if position < self._position:
            self._position, self._found = 0, {}
        for migration in self._migrations[self._position : position]:
            if migration.up.program is None:
                for statement in statements(migration.up):
                    self._see(statement)
        self._position = position
        return self._found

    def _see(self, statement: Statement) -> None:
        for table, column, everywhere in columns_set(statement):
            known = self._found.get(table, frozenset())
            self._found[table] = known | {column} if everywhere else known - {column}
        for table, column in _made_by(statement):
            self._found[table] = self._found.get(table, frozenset()) - {column} if column else frozenset()


def _made_by(statement: Statement) -> Iterator[tuple[str, str]]:
    """The columns that a statement adds to tables, and the tables that it makes: of others that were called so."""
    if statement.kind not in ("alter_table_stmt", "create_stmt"):
        return
    for node in nodes(statement.text, False):
        if made := node.get("CreateStmt"):
            yield made["relation"]["relname"], ""
        altered = node.get("AlterTableStmt", {})
        for command in altered.get("cmds", ()):
            if column := command["AlterTableCmd"].get("def", {}).get("ColumnDef", {}).get("colname"):
                yield altered["relation"]["relname"], column
