"""Which columns earlier migrations have filled: what comes behind them finds no NULL there any more."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pytest_migrations.rows.scripts.nodes import below, column_of, nodes
from pytest_migrations.sql.grammar import SyntaxMistakeError, block_tree, statements

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pytest_migrations.migration import History, Statement
    from pytest_migrations.rows.scripts.nodes import Node
    from pytest_migrations.rows.table import Table

#: A DO block with one of these may leave out what is in it.
_MAY_NOT_RUN = frozenset(
    {"PLpgSQL_stmt_if", "PLpgSQL_stmt_case", "PLpgSQL_exception_block", "PLpgSQL_stmt_while", "PLpgSQL_stmt_fors"}
    | {"PLpgSQL_stmt_fori", "PLpgSQL_stmt_foreach_a"}
)


class _Column(NamedTuple):
    """A column of a table, or all of its columns where it is ""; ``schema`` is "" where none is named."""

    schema: str
    table: str
    name: str

    def is_of(self, other: _Column) -> bool:
        """Whether it is that one, or one of those; whatever the schema, which may be the one that is not named."""
        return self.table == other.table and other.name in ("", self.name)


class _Told(NamedTuple):
    """What becomes of a column: it is ``filled``, it is called otherwise, or nothing is known of it any more."""

    column: _Column
    filled: bool = False
    renamed: str = ""


class Backfills:
    """The columns that an UPDATE has given values to in all rows, so far in a history."""

    def __init__(self, history: History) -> None:
        self._migrations = history.migrations
        self._position = 0
        self._filled: frozenset[_Column] = frozenset()

    def before(self, position: int) -> Backfilled:
        """Those of the first ``position`` migrations; quick where it is asked in ascending order."""
        if position < self._position:
            self._position, self._filled = 0, frozenset()
        for migration in self._migrations[self._position : position]:
            if migration.up.program is None:
                for statement in statements(migration.up):
                    self._see(statement)
        self._position = position
        return Backfilled(self._filled)

    def _see(self, statement: Statement) -> None:
        for told in _told_by(statement.text, statement.kind):
            these = {known for known in self._filled if known.is_of(told.column)}
            self._filled -= these
            if told.filled:
                self._filled |= {told.column}
            elif told.renamed:
                part = "name" if told.column.name else "table"
                self._filled |= {known._replace(**{part: told.renamed}) for known in these}


class Backfilled:
    """Which columns hold no NULL."""

    def __init__(self, columns: Collection[_Column] = ()) -> None:
        self._columns = columns

    def within(self, tables: Mapping[int, Table]) -> dict[int, Table]:
        """The tables, which know it of their columns. Where several are called alike, a schema has to be named."""
        called = Counter(table.bare_name for table in tables.values())
        found = {}
        for oid, table in tables.items():
            schemas = {table.schema, ""} if called[table.bare_name] == 1 else {table.schema}
            of = [each for each in self._columns if each.table == table.bare_name and each.schema in schemas]
            found[oid] = table.filled({each.name for each in of})
        return found


@lru_cache(maxsize=1024)
def _told_by(text: str, kind: str) -> tuple[_Told, ...]:
    if kind in ("update_stmt", "do_stmt"):
        is_certain = kind == "update_stmt" or _runs_as_a_whole(text)
        return tuple(_updated(nodes(text, kind == "do_stmt"), is_certain=is_certain))
    return tuple(_made_or_gone(nodes(text, False)))


def _runs_as_a_whole(block: str) -> bool:
    with suppress(SyntaxMistakeError):
        return not any(kind in _MAY_NOT_RUN for kind, _ in below(block_tree(block)))
    return False


def _updated(parts: Collection[Node], *, is_certain: bool) -> Iterator[_Told]:
    for kind, fields in (each for part in parts for each in below(part)):
        if kind == "UpdateStmt":
            for target in (each.get("ResTarget", {}) for each in fields.get("targetList", ())):
                if "name" in target:
                    filled = is_certain and _is_everywhere(target, fields)
                    yield _Told(_column(fields["relation"], target["name"]), filled)


def _column(relation: Node, name: str = "") -> _Column:
    return _Column(relation.get("schemaname", ""), relation["relname"], name)


def _made_or_gone(parts: Collection[Node]) -> Iterator[_Told]:
    """What is no more what it was: a column that is added, dropped, renamed or may be NULL again, a table made anew."""
    for kind, fields in (each for part in parts for each in part.items()):
        if kind in ("CreateStmt", "CreateTableAsStmt"):
            yield _Told(_column(fields["relation"] if kind == "CreateStmt" else fields["into"]["rel"]))
        elif kind == "RenameStmt" and fields["renameType"] in ("OBJECT_COLUMN", "OBJECT_TABLE"):
            old = _column(fields["relation"], fields.get("subname", ""))
            yield _Told(old._replace(**{"name" if old.name else "table": fields["newname"]}))
            yield _Told(old, renamed=fields["newname"])
        elif kind == "DropStmt" and fields.get("removeType") == "OBJECT_TABLE":
            for each in fields["objects"]:
                yield _Told(_Column("", each["List"]["items"][-1]["String"]["sval"], ""))
        elif kind == "AlterObjectSchemaStmt" and "relation" in fields:
            yield _Told(_column(fields["relation"]))
        elif kind == "AlterTableStmt":
            yield from _altered(fields)


def _altered(fields: Node) -> Iterator[_Told]:
    for command in (each["AlterTableCmd"] for each in fields["cmds"]):
        added = command.get("def", {}).get("ColumnDef", {})
        may_be_null = command["subtype"] in ("AT_AddColumn", "AT_DropColumn", "AT_DropNotNull")
        if may_be_null or (command["subtype"] == "AT_AlterColumnType" and "raw_default" in added):  # its USING
            yield _Told(_column(fields["relation"], command.get("name") or added.get("colname", "")))


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
