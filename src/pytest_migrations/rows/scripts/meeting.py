"""Columns that statements compare with each other: rows of one table are to meet rows of another by them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.scripts.sought import below, changes_rows, nodes
from pytest_migrations.rows.table import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.table import Column, Table

_Node = dict[str, Any]
_CHANGES = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "do_stmt"})
#: Types whose values are at home in each other.
_ALIKE = frozenset({"int2", "int4", "int8"})


class _Named(NamedTuple):
    """A column by the names of the tables that it can be of."""

    tables: frozenset[str]
    column: str


def meeting(statements: Iterable[Statement], tables: Mapping[int, Table]) -> dict[int, Table]:
    """The tables, where columns that are compared by statements which change rows refer to each other.

    That is as by a foreign key, but for one row, which meets none.
    """
    found = dict(tables)
    for statement in statements:
        if statement.kind in _CHANGES and "=" in statement.text:
            for one, other in _compared(statement.text, statement.kind == "do_stmt"):
                _let_meet(one, other, found)
    return found


@lru_cache(maxsize=256)
def _compared(text: str, is_block: bool) -> tuple[tuple[_Named, _Named], ...]:
    """The pairs of columns that are to be the same."""
    found: list[tuple[_Named, _Named]] = []
    for node in nodes(text, is_block):
        if not changes_rows(node):
            continue
        called: dict[str, set[str]] = {}
        for _, fields in below(node):
            if "relname" in fields:
                name = fields["relname"]
                called.setdefault(fields.get("alias", {}).get("aliasname", name), set()).add(name)
        for one, other in (pair for kind, fields in below(node) for pair in _pairs(kind, fields)):
            with suppress(KeyError):
                found.append((_named(one, called), _named(other, called)))
    return tuple(dict.fromkeys(found))


def _pairs(kind: str, fields: _Node) -> Iterator[tuple[_Node, _Node]]:
    """What a node compares for being the same."""
    if kind == "A_Expr" and fields["name"][-1]["String"]["sval"] == "=" and "lexpr" in fields:
        yield fields["lexpr"], fields["rexpr"]
    elif kind == "SubLink" and fields["subLinkType"] == "ANY_SUBLINK" and "testexpr" in fields:
        for target in fields["subselect"]["SelectStmt"].get("targetList", ())[:1]:
            yield fields["testexpr"], target["ResTarget"]["val"]
    elif kind == "JoinExpr":
        sides = [fields[side].get("RangeVar", {}) for side in ("larg", "rarg")]
        for name in fields.get("usingClause", ()) if all(sides) else ():
            left, right = ({"ColumnRef": {"fields": [{"String": {"sval": _calls(side)}}, name]}} for side in sides)
            yield left, right


def _calls(source: _Node) -> str:
    return str(source.get("alias", {}).get("aliasname", source["relname"]))


def _named(node: _Node, called: Mapping[str, set[str]]) -> _Named:
    """The column that a node is; KeyError where it is none."""
    *qualifiers, column = [field["String"]["sval"] for field in node["ColumnRef"]["fields"]]
    names = called[qualifiers[-1]] if qualifiers else set[str]().union(*called.values())
    return _Named(frozenset(names), column)


def _let_meet(one: _Named, other: _Named, tables: dict[int, Table]) -> None:
    """Have one of two columns refer to the other, where that can be: that of a key is referred to."""
    sides = [list(_columns(named, tables)) for named in (one, other)]
    if [len(side) for side in sides] != [1, 1]:
        return
    (mine, _), (theirs, _) = sides[0][0], sides[1][0]
    targets = {(table.oid, key.target) for table in (mine, theirs) for key in table.foreign_keys}
    if {(mine.oid, theirs.oid), (theirs.oid, mine.oid)} & targets:
        return
    ways = [(*sides[0][0], *sides[1][0]), (*sides[1][0], *sides[0][0])]
    for table, column, target, referred in sorted(ways, key=lambda way: not _is_key(way[2], way[3])):
        if _can_refer(table, column, target, referred) and not _leads(target, table, tables):
            key = ForeignKey(f"to {target.shown}", (column.name,), target.oid, (referred.name,), is_wished=True)
            tables[table.oid] = replace(table, foreign_keys=(*table.foreign_keys, key))
            return


def _columns(named: _Named, tables: Mapping[int, Table]) -> Iterator[tuple[Table, Column]]:
    for table in tables.values():
        for column in table.columns:
            if table.bare_name in named.tables and column.name == named.column:
                yield table, column


def _is_key(table: Table, column: Column) -> bool:
    return any(key.by_value and key.columns == {column.name} for key in table.keys)


def _can_refer(table: Table, column: Column, target: Table, referred: Column) -> bool:
    """Whether any value of the one column fits into the other, and none but that is asked of it."""
    mine, theirs = column.type, referred.type
    fits = mine == theirs or (mine.base == theirs.base and mine.modifier < 0) or {mine.base, theirs.base} <= _ALIKE
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
