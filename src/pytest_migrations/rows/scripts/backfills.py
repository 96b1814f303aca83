"""Which columns earlier migrations have filled: what comes behind them finds no NULL there any more."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.rows.scripts.nodes import below, column_of, nodes_of
from pytest_migrations.sql.grammar import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.migration import History, Statement
    from pytest_migrations.rows.scripts.nodes import Node


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
        for table, column, everywhere in _columns_set(statement):
            known = self._found.get(table, frozenset())
            self._found[table] = known | {column} if everywhere else known - {column}
        for table, column in _made_by(statement):
            self._found[table] = self._found.get(table, frozenset()) - {column} if column else frozenset()


def _made_by(statement: Statement) -> Iterator[tuple[str, str]]:
    """The columns that a statement adds to tables, and the tables that it makes: of others that were called so."""
    if statement.kind not in ("alter_table_stmt", "create_stmt"):
        return
    for node in nodes_of(statement):
        if made := node.get("CreateStmt"):
            yield made["relation"]["relname"], ""
        altered = node.get("AlterTableStmt", {})
        for command in altered.get("cmds", ()):
            if column := command["AlterTableCmd"].get("def", {}).get("ColumnDef", {}).get("colname"):
                yield altered["relation"]["relname"], column


class _ColumnSet(NamedTuple):
    """A column of a table that an UPDATE gives a value to; ``everywhere`` that no row has NULL there behind it."""

    table: str
    column: str
    everywhere: bool


@lru_cache(maxsize=1024)
def _columns_set(statement: Statement) -> tuple[_ColumnSet, ...]:
    """What a statement, or a DO block, gives values to by UPDATE."""
    if statement.kind not in ("update_stmt", "do_stmt"):
        return ()
    return tuple(
        _ColumnSet(fields["relation"]["relname"], target["name"], _is_everywhere(target, fields))
        for node in nodes_of(statement)
        for kind, fields in below(node)
        if kind == "UpdateStmt"
        for target in (each.get("ResTarget", {}) for each in fields.get("targetList", ()))
        if "name" in target
    )


def _is_everywhere(target: Node, update: Node) -> bool:
    """Whether an UPDATE is of all rows, or of those that have NULL in that column, and does not set NULL.

    What it makes of the column itself is mostly NULL where that was: ``lower(name)``, but not ``coalesce(name, '')``.
    """
    value = target.get("val", {})
    inside = list(below(value))
    of_itself = any(column_of(fields) == target["name"] for kind, fields in inside if kind == "ColumnRef")
    if of_itself and not any(kind == "CoalesceExpr" for kind, _ in inside):
        return False
    if value.get("TypeCast", {}).get("arg", value).get("A_Const", {}).get("isnull") or "fromClause" in update:
        return False
    where = update.get("whereClause")
    if where is None:
        return True
    test = where.get("NullTest", {})
    named = column_of(test.get("arg", {}).get("ColumnRef", {}))
    return bool(test.get("nulltesttype") == "IS_NULL" and named == target["name"])
