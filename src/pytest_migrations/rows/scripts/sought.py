"""Which rows the statements of a migration look for: what their conditions say of one table alone."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.sql.grammar import SyntaxMistakeError, block_tree, quoted, sql_of, trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.table import Table

#: By the name of a table conditions on its columns, as SQL, each for one row.
Sought = dict[str, tuple[str, ...]]
_Node = dict[str, Any]
_CHANGES = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"}


class Wish(NamedTuple):
    """A part of a condition, to be true of a row of one of some ``tables``: of the one that has all its ``columns``.

    ``query`` tells one query of a statement from another: two of them may speak of different rows of a table. The
    tables are there by what the query calls them.
    """

    query: int
    tables: tuple[tuple[str, str], ...]
    columns: frozenset[str]
    condition: str


def sought_by(statements: Iterable[Statement], tables: Iterable[Table]) -> Sought:
    """What statements that change rows (UPDATE, DELETE, INSERT ... SELECT) look for in tables, as they are now.

    What they say of a column that is not there yet is left out: each row will have the same in it.
    """
    columns = {table.bare_name: {column.name for column in table.columns} for table in tables}
    found: dict[str, list[str]] = {}
    for statement in statements:
        of_row: dict[tuple[int, str, str], list[str]] = defaultdict(list)
        for wish in wishes(statement):
            able = [(called, name) for called, name in wish.tables if wish.columns <= columns.get(name, frozenset())]
            if len(able) == 1:
                of_row[(wish.query, *able[0])].append(wish.condition)
        for (_, _, name), parts in of_row.items():
            found.setdefault(name, []).append(parts[0] if len(parts) == 1 else " AND ".join(f"({p})" for p in parts))
    return {name: tuple(dict.fromkeys(conditions)) for name, conditions in found.items()}


def wishes(statement: Statement) -> tuple[Wish, ...]:
    """What a statement, or a DO block, that changes rows says of them."""
    text = statement.text.lower()
    if not any(word in text for word in ("where", "join", "set")):
        return ()
    return _wishes(statement.text, statement.kind == "do_stmt")


def finds_rows(statement: Statement) -> bool:
    """Whether a statement, or one within a DO block, is for rows that are there, as INSERT ... VALUES is not."""
    return any(map(_finds_rows, nodes(statement.text, statement.kind == "do_stmt")))


def updated(statement: Statement) -> tuple[str, ...] | None:
    """The table that an UPDATE is of, as it names it; None where it is no UPDATE, or of a part of a table."""
    if statement.kind != "update_stmt":
        return None
    for node in nodes(statement.text, False):
        relation = node.get("UpdateStmt", {}).get("relation", {})
        if relation.get("inh"):
            return tuple(relation[part] for part in ("schemaname", "relname") if part in relation)
    return None


class ColumnSet(NamedTuple):
    """A column of a table that an UPDATE gives a value to; ``everywhere`` that no row has NULL there behind it."""

    table: str
    column: str
    everywhere: bool


@lru_cache(maxsize=1024)
def columns_set(statement: Statement) -> tuple[ColumnSet, ...]:
    """What a statement, or a DO block, gives values to by UPDATE."""
    if statement.kind not in ("update_stmt", "do_stmt"):
        return ()
    return tuple(
        ColumnSet(fields["relation"]["relname"], target["name"], _is_everywhere(target, fields))
        for node in nodes(statement.text, statement.kind == "do_stmt")
        for kind, fields in below(node)
        if kind == "UpdateStmt"
        for target in (each.get("ResTarget", {}) for each in fields.get("targetList", ()))
        if "name" in target
    )


def _is_everywhere(target: _Node, update: _Node) -> bool:
    """Whether an UPDATE is of all rows, or of those that have NULL in that column, and does not set NULL.

    What it makes of the column itself is mostly NULL where that was: ``lower(name)``, but not ``coalesce(name, '')``.
    """
    value = target.get("val", {})
    inside = list(below(value))
    of_itself = any(_column_of(fields) == target["name"] for kind, fields in inside if kind == "ColumnRef")
    if of_itself and not any(kind == "CoalesceExpr" for kind, _ in inside):
        return False
    if value.get("TypeCast", {}).get("arg", value).get("A_Const", {}).get("isnull") or "fromClause" in update:
        return False
    where = update.get("whereClause")
    if where is None:
        return True
    test = where.get("NullTest", {})
    named = _column_of(test.get("arg", {}).get("ColumnRef", {}))
    return bool(test.get("nulltesttype") == "IS_NULL" and named == target["name"])


def _column_of(reference: _Node) -> str | None:
    """The column that a reference names."""
    name: str | None = reference.get("fields", [{}])[-1].get("String", {}).get("sval")
    return name


@lru_cache(maxsize=1024)
def _wishes(text: str, is_block: bool) -> tuple[Wish, ...]:
    found: list[Wish] = []
    for node in nodes(text, is_block):
        if changes_rows(node):
            _read(node, found)
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def nodes(text: str, is_block: bool) -> tuple[_Node, ...]:
    """The tree of a statement, or those of the statements within a DO block; none where it is not understood."""
    found: list[_Node] = []
    with suppress(SyntaxMistakeError, RecursionError):  # the server judges it
        if not is_block:
            return tuple({tree.kind: tree.node} for tree in trees(text))
        for kind, fields in below(block_tree(text)):
            if kind == "PLpgSQL_expr":
                with suppress(SyntaxMistakeError):  # most are expressions
                    found += [{tree.kind: tree.node} for tree in trees(fields["query"])]
    return tuple(found)


def changes_rows(node: _Node) -> bool:
    """Whether a tree has a statement in it that changes rows."""
    return any(kind in _CHANGES for kind, _ in below(node))


def _finds_rows(node: _Node) -> bool:
    return any(
        kind in _CHANGES
        and (kind != "InsertStmt" or "fromClause" in fields.get("selectStmt", {}).get("SelectStmt", {}))
        for kind, fields in below(node)
    )


def below(node: Any) -> Iterator[tuple[str, _Node]]:
    """All nodes of a tree with their names, itself included."""
    if isinstance(node, list):
        for each in node:
            yield from below(each)
    elif isinstance(node, dict):
        for kind, fields in node.items():
            if isinstance(fields, dict):
                yield kind, fields
            yield from below(fields)


def _read(node: Any, found: list[Wish]) -> None:
    """Gather what each query in a tree says of its tables; what must not be there is left out."""
    if isinstance(node, list):
        for each in node:
            _read(each, found)
    elif isinstance(node, dict):
        for kind, fields in node.items():
            if (kind == "BoolExpr" and fields["boolop"] == "NOT_EXPR") or _is_about_all(kind, fields):
                continue
            if kind in ("UpdateStmt", "DeleteStmt", "SelectStmt"):
                found += _Query(len(found), fields).wishes()
            if kind == "UpdateStmt":
                found += _already_so(len(found), fields)
            _read(fields, found)


def _is_about_all(kind: str, fields: Any) -> bool:
    return kind == "SubLink" and fields.get("subLinkType") == "ALL_SUBLINK"


def _already_so(number: int, update: _Node) -> Iterator[Wish]:
    """That a row has already what an UPDATE gives to others: its rollback cannot tell the two apart by that."""
    table = update["relation"]["relname"]
    for place, target in enumerate(update.get("targetList", ()), number):
        name, value = target["ResTarget"].get("name"), target["ResTarget"].get("val", {})
        constant = value.get("TypeCast", {}).get("arg", value).get("A_Const")
        if name and constant and not constant.get("isnull") and "indirection" not in target["ResTarget"]:
            with suppress(SyntaxMistakeError):
                condition = f"{quoted(name)} = {sql_of(value)}"
                yield Wish(place, ((table, table),), frozenset({name}), condition)


class _Query:
    """One query: the tables that it reads, by what it calls them, and its conditions."""

    def __init__(self, number: int, fields: _Node) -> None:
        self._number = number
        self._tables: dict[str, str] = {}
        self._conditions: list[_Node] = []
        if relation := fields.get("relation"):
            self._source({"RangeVar": relation})
        for source in (*fields.get("fromClause", ()), *fields.get("usingClause", ())):
            self._source(source)
        if where := fields.get("whereClause"):
            self._condition(where)

    def wishes(self) -> Iterator[Wish]:
        for condition in self._conditions:
            named = self._named_in(condition)
            if named is None or not named[1]:
                continue
            with suppress(SyntaxMistakeError):
                yield Wish(self._number, tuple(named[0].items()), frozenset(named[1]), sql_of(_unqualified(condition)))

    def _source(self, node: _Node) -> None:
        if table := node.get("RangeVar"):
            self._tables[table.get("alias", {}).get("aliasname", table["relname"])] = table["relname"]
        elif join := node.get("JoinExpr"):
            kind = join.get("jointype")
            if kind in ("JOIN_INNER", "JOIN_LEFT"):
                self._source(join["larg"])
            if kind in ("JOIN_INNER", "JOIN_RIGHT"):  # of the other side there may be no row
                self._source(join["rarg"])
            if kind == "JOIN_INNER" and "quals" in join:
                self._condition(join["quals"])

    def _condition(self, node: _Node) -> None:
        together = node.get("BoolExpr", {})
        if together.get("boolop") == "AND_EXPR":
            for part in together["args"]:
                self._condition(part)
        else:
            self._conditions.append(node)

    def _named_in(self, condition: _Node) -> tuple[dict[str, str], set[str]] | None:
        """The tables that a condition can be about, and the columns that it names; None where it asks for more."""
        called, columns = set[str](), set[str]()
        for kind, fields in below(condition):
            if kind in ("SubLink", "ParamRef"):
                return None
            if kind == "ColumnRef":
                *qualifiers, column = [field.get("String", {}).get("sval", "*") for field in fields["fields"]]
                called |= set(qualifiers[-1:])
                columns.add(column)
        if len(called) > 1 or not called <= self._tables.keys():
            return None
        return {name: self._tables[name] for name in called} or self._tables, columns


def _unqualified(node: Any) -> Any:
    """A condition with the columns of its table named by themselves."""
    if isinstance(node, list):
        return [_unqualified(each) for each in node]
    if not isinstance(node, dict):
        return node
    if "ColumnRef" in node:
        return {"ColumnRef": {**node["ColumnRef"], "fields": node["ColumnRef"]["fields"][-1:]}}
    return {key: _unqualified(value) for key, value in node.items()}
