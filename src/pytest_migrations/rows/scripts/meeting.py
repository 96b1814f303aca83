"""Columns that statements compare with each other: rows of one table are to meet rows of another by them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.scripts.nodes import Node, nodes_of
from pytest_migrations.rows.scripts.sought import changes_rows
from pytest_migrations.rows.table import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.table import Column, Table

_Scopes = tuple[dict[str, str], ...]
_QUERIES = frozenset({"SelectStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
_CHANGES = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "do_stmt"})


class _Named(NamedTuple):
    """A column by the names of the tables that it can be of: if of none of the first, then of one of the next."""

    scopes: tuple[frozenset[str], ...]
    column: str


def meeting(statements: Iterable[Statement], tables: Mapping[int, Table]) -> dict[int, Table]:
    """The tables, where columns that are compared by statements which change rows refer to each other.

    That is as by a foreign key, but for one row, which meets none.
    """
    found = dict(tables)
    for statement in statements:
        if statement.kind in _CHANGES:
            for one, other in _compared(statement):
                _let_meet(one, other, found)
    return found


@lru_cache(maxsize=256)
def _compared(statement: Statement) -> tuple[tuple[_Named, _Named], ...]:
    """The pairs of columns that are to be the same."""
    changing = [node for node in nodes_of(statement) if changes_rows(node)]
    return tuple(dict.fromkeys(_compared_in(changing, ())))


def _compared_in(node: Any, scopes: _Scopes) -> Iterator[tuple[_Named, _Named]]:
    if isinstance(node, list):
        for each in node:
            yield from _compared_in(each, scopes)
    elif isinstance(node, dict):
        for kind, fields in node.items():
            inner = (_called(fields), *scopes) if kind in _QUERIES else scopes
            for one, other in _pairs(kind, fields, inner) if isinstance(fields, dict) else ():
                if one and other:
                    yield one, other
            yield from _compared_in(fields, inner)


def _called(query: Node) -> dict[str, str]:
    """The tables that a query reads, by what it calls them."""
    found = {}
    waiting = [*query.get("fromClause", ()), *query.get("usingClause", ()), query.get("sourceRelation", {})]
    waiting.append({"RangeVar": query.get("relation")})
    while waiting:
        source = waiting.pop()
        if table := source.get("RangeVar"):
            found[_name_of(table)] = table["relname"]
        elif join := source.get("JoinExpr"):
            waiting += [join["larg"], join["rarg"]]
    return found


def _name_of(source: Node) -> str:
    return str(source.get("alias", {}).get("aliasname", source.get("relname", "")))


def _pairs(kind: str, fields: Node, scopes: _Scopes) -> Iterator[tuple[_Named | None, _Named | None]]:
    """What a node compares for being the same."""
    if kind == "A_Expr" and fields["name"][-1]["String"]["sval"] == "=" and "lexpr" in fields:
        yield _named(fields["lexpr"], scopes), _named(fields["rexpr"], scopes)
    elif kind == "SubLink" and fields["subLinkType"] == "ANY_SUBLINK" and "testexpr" in fields:
        query = fields["subselect"]["SelectStmt"]
        for target in query.get("targetList", ())[:1]:
            yield _named(fields["testexpr"], scopes), _named(target["ResTarget"]["val"], (_called(query), *scopes))
    elif kind == "JoinExpr":
        sides = [{"String": {"sval": _name_of(fields[side].get("RangeVar", {}))}} for side in ("larg", "rarg")]
        for name in fields.get("usingClause", ()):
            left, right = (_named({"ColumnRef": {"fields": [side, name]}}, scopes) for side in sides)
            yield left, right


def _named(node: Node, scopes: _Scopes) -> _Named | None:
    """The column that a node is; None where it is none."""
    parts = [field.get("String", {}).get("sval", "*") for field in node.get("ColumnRef", {}).get("fields", ())]
    if len(parts) < 2:
        return _Named(tuple(frozenset(scope.values()) for scope in scopes), parts[0]) if parts else None
    tables = [frozenset({scope[parts[-2]]}) for scope in scopes if parts[-2] in scope]
    return _Named(tuple(tables[:1]), parts[-1])


def _let_meet(one: _Named, other: _Named, tables: dict[int, Table]) -> None:
    """Have one of two columns refer to the other, where that can be: that of a key is referred to."""
    left, right = _column(one, tables), _column(other, tables)
    if left is None or right is None:
        return
    mine, theirs = left[0], right[0]
    targets = {(table.oid, key.target) for table in (mine, theirs) for key in table.foreign_keys}
    if {(mine.oid, theirs.oid), (theirs.oid, mine.oid)} & targets:
        return
    ways = [(*left, *right), (*right, *left)]
    for table, column, target, referred in sorted(ways, key=lambda way: not _is_key(way[2], way[3])):
        if _can_refer(table, column, target, referred) and not _leads(target, table, tables):
            key = ForeignKey(f"to {target.shown}", (column.name,), target.oid, (referred.name,), is_wished=True)
            tables[table.oid] = replace(table, foreign_keys=(*table.foreign_keys, key))
            return


def _column(named: _Named, tables: Mapping[int, Table]) -> tuple[Table, Column] | None:
    for names in named.scopes:
        found = [
            (table, column)
            for table in tables.values()
            for column in table.columns
            if table.bare_name in names and column.name == named.column
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _is_key(table: Table, column: Column) -> bool:
    return any(key.by_value and key.columns == {column.name} for key in table.keys)


def _can_refer(table: Table, column: Column, target: Table, referred: Column) -> bool:
    """Whether any value of the one column fits into the other, and none but that is asked of it."""
    mine, theirs = column.type, referred.type
    fits = mine == theirs or (mine.base == theirs.base and mine.modifier < 0)
    if mine.base in ("int4", "int8") and theirs.base in ("int2", "int4", "int8"):  # generated keys are small
        fits = mine.base == "int8" or theirs.base != "int8" or _is_key(target, referred)
    asked = [*(check.columns for check in table.checks), *(frozenset(key.columns) for key in table.foreign_keys)]
    if not _is_key(target, referred):
        asked += [key.columns for key in table.keys]
    return (
        table.oid != target.oid
        and mine.kind == theirs.kind
        and fits
        and not column.generated
        and not target.cannot
        and not any(column.name in columns for columns in asked)
    )


def _leads(start: Table, end: Table, tables: Mapping[int, Table]) -> bool:
    """Whether foreign keys lead from one table to another."""
    reached, waiting = set[int](), [start.oid]
    while waiting:
        oid = waiting.pop()
        if oid not in reached and oid in tables:
            reached.add(oid)
            waiting += [key.target for key in tables[oid].foreign_keys]
    return end.oid in reached
