"""Columns that statements compare with each other: rows of one table are to meet rows of another by them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.scripts.nodes import Node, alias_of, kind_of, nodes_of
from pytest_migrations.rows.scripts.sought import changes_rows
from pytest_migrations.rows.table import ForeignKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.table import Column, Table

#: By what queries call them, from the innermost on, the tables that are read.
_Scopes = tuple[dict[str, frozenset[str]], ...]
_QUERIES = frozenset({"SelectStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "InsertStmt"})
_CHANGES = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "do_stmt"})


class _Named(NamedTuple):
    """A column by the names of the tables that it can be of: if of none of the first, then of one of the next."""

    scopes: tuple[frozenset[str], ...]
    column: str


#: Pairs of columns that are to be the same in the same rows.
_Pairs = tuple[tuple[_Named, _Named], ...]
#: Those of them that are of the same two tables, by these, as their columns.
_Of = tuple[int, int, list[tuple["Column", "Column"]]]


def meeting(statements: Iterable[Statement], tables: Mapping[int, Table]) -> dict[int, Table]:
    """The tables, where columns that are compared by statements which change rows refer to each other.

    That is as by a foreign key, but for one row, which meets none.
    """
    found = dict(tables)
    compared = [
        of_two
        for statement in statements
        if statement.kind in _CHANGES
        for pairs in _compared(statement)
        for of_two in _by_tables(pairs, tables)
    ]
    for one, other, columns in sorted(compared, key=lambda each: not _has_key(each, tables)):
        _let_meet(one, other, columns, found)
    return found


@lru_cache(maxsize=256)
def _compared(statement: Statement) -> tuple[_Pairs, ...]:
    changing = [node for node in nodes_of(statement) if changes_rows(node)]
    return tuple(dict.fromkeys(filter(None, _compared_in(changing, ()))))


def _compared_in(node: Any, scopes: _Scopes) -> Iterator[_Pairs]:
    if isinstance(node, list):
        for each in node:
            yield from _compared_in(each, scopes)
    elif isinstance(node, dict):
        for name, fields in node.items():
            kind = kind_of(name, fields)
            inner = _within(fields, scopes) if kind in _QUERIES else scopes
            if isinstance(fields, dict):
                yield tuple((one, other) for one, other in _pairs(kind, fields, inner) if one and other)
            yield from _compared_in(fields, inner)


def _within(query: Node, scopes: _Scopes) -> _Scopes:
    """The scopes within a query: what it reads, and what it gives a name before that (WITH)."""
    for each in query.get("withClause", {}).get("ctes", ()):
        named = each["CommonTableExpr"]
        scopes = ({named["ctename"]: _read_by(named["ctequery"], scopes)}, *scopes)
    return (_called(query, scopes), *scopes)


def _called(query: Node, scopes: _Scopes) -> dict[str, frozenset[str]]:
    """The tables that a query reads, by what it calls them."""
    found = {}
    waiting = [*query.get("fromClause", ()), *query.get("usingClause", ()), query.get("sourceRelation", {})]
    waiting.append({"RangeVar": query.get("relation")})
    while waiting:
        source = waiting.pop()
        if table := source.get("RangeVar"):
            named = [scope[table["relname"]] for scope in scopes if table["relname"] in scope]
            found[alias_of(table)] = named[0] if named else frozenset({table["relname"]})
        elif join := source.get("JoinExpr"):
            waiting += [join["larg"], join["rarg"]]
        elif inner := source.get("RangeSubselect"):
            found[alias_of(inner)] = _read_by(inner["subquery"], scopes)
    return found


def _read_by(query: Node, scopes: _Scopes) -> frozenset[str]:
    """The tables whose columns a query within another one has, by their own names."""
    return frozenset[str]().union(*_within(query.get("SelectStmt", {}), scopes)[0].values())


def _pairs(kind: str, fields: Node, scopes: _Scopes) -> Iterator[tuple[_Named | None, _Named | None]]:
    """What a node compares for being the same."""
    if kind == "A_Expr" and fields["name"][-1]["String"]["sval"] == "=" and "lexpr" in fields:
        yield _named(fields["lexpr"], scopes), _named(fields["rexpr"], scopes)
    elif kind == "BoolExpr" and fields["boolop"] == "AND_EXPR":
        for part in fields["args"]:
            yield from _pairs("A_Expr", part["A_Expr"], scopes) if "A_Expr" in part else ()
    elif kind == "SubLink" and fields["subLinkType"] == "ANY_SUBLINK" and "testexpr" in fields:
        query = fields["subselect"]["SelectStmt"]
        for target in query.get("targetList", ())[:1]:
            yield _named(fields["testexpr"], scopes), _named(target["ResTarget"]["val"], _within(query, scopes))
    elif kind == "JoinExpr":
        sides = [{"String": {"sval": alias_of(fields[side].get("RangeVar", {}))}} for side in ("larg", "rarg")]
        for name in fields.get("usingClause", ()):
            left, right = (_named({"ColumnRef": {"fields": [side, name]}}, scopes) for side in sides)
            yield left, right


def _named(node: Node, scopes: _Scopes) -> _Named | None:
    """The column that a node is; None where it is none."""
    parts = [field.get("String", {}).get("sval", "*") for field in node.get("ColumnRef", {}).get("fields", ())]
    if len(parts) < 2:
        of_all = tuple(frozenset[str]().union(*scope.values()) for scope in scopes)
        return _Named(of_all, parts[0]) if parts else None
    return _Named(tuple(scope[parts[-2]] for scope in scopes if parts[-2] in scope)[:1], parts[-1])


def _by_tables(pairs: _Pairs, tables: Mapping[int, Table]) -> Iterator[_Of]:
    found: dict[tuple[int, int], list[tuple[Column, Column]]] = {}
    for named in pairs:
        left, right = (_column(each, tables) for each in named)
        if left and right:
            if (right[0], left[0]) in found:
                left, right = right, left
            found.setdefault((left[0], right[0]), []).append((left[1], right[1]))
    for (one, other), columns in found.items():
        yield one, other, columns


def _column(named: _Named, tables: Mapping[int, Table]) -> tuple[int, Column] | None:
    for names in named.scopes:
        found = [
            (oid, column)
            for oid, table in tables.items()
            for column in table.columns
            if table.bare_name in names and column.name == named.column
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _has_key(compared: _Of, tables: Mapping[int, Table]) -> bool:
    one, other, columns = compared
    sides = zip((one, other), zip(*columns, strict=True), strict=True)
    return any(_is_key(tables[oid], {column.name for column in side}) for oid, side in sides)


def _is_key(table: Table, columns: Collection[str]) -> bool:
    return any(key.by_value and key.columns <= set(columns) for key in table.keys)


def _let_meet(one: int, other: int, columns: list[tuple[Column, Column]], tables: dict[int, Table]) -> None:
    """Have columns of one of two tables refer to those of the other, where that can be: a key is referred to."""
    if any(
        (oid, key.target) in ((one, other), (other, one)) for oid in (one, other) for key in tables[oid].foreign_keys
    ):
        return
    ways = [(one, other, columns), (other, one, [(right, left) for left, right in columns])]
    for mine, theirs, pairs in sorted(ways, key=lambda way: not _is_key(tables[way[1]], {to.name for _, to in way[2]})):
        table, target = tables[mine], tables[theirs]
        able = _able(table, target, pairs)
        if able and not target.cannot and not _leads(target, table, tables):
            key = ForeignKey(f"to {target.shown}", tuple(able), theirs, tuple(able.values()), is_wished=True)
            tables[mine] = replace(table, foreign_keys=(*table.foreign_keys, key))
            return


def _able(table: Table, target: Table, pairs: list[tuple[Column, Column]]) -> dict[str, str]:
    """Which columns of a table can refer to which of another: those of keys first, and each but once."""
    found: dict[str, str] = {}
    for column, referred in sorted(pairs, key=lambda pair: not _is_key(target, {pair[1].name})):
        if column.name not in found and referred.name not in found.values():
            found[column.name] = referred.name
    return {
        column.name: referred.name
        for column, referred in pairs
        if found.get(column.name) == referred.name and _can_refer(table, column, target, referred, found)
    }


def _can_refer(table: Table, column: Column, target: Table, referred: Column, together: Mapping[str, str]) -> bool:
    """Whether any value of the one column fits into the other, and none but that is asked of it."""
    mine, theirs = column.type, referred.type
    fits = mine == theirs or (mine.base == theirs.base and mine.modifier < 0)
    if mine.base in ("int4", "int8") and theirs.base in ("int2", "int4", "int8"):  # generated keys are small
        fits = mine.base == "int8" or theirs.base != "int8" or _is_key(target, {referred.name})
    asked = [*(check.columns for check in table.checks), *(frozenset(key.columns) for key in table.foreign_keys)]
    asked += [
        key.columns
        for key in table.keys
        if not _is_key(target, {together[name] for name in key.columns if name in together})
    ]
    return (
        table.oid != target.oid
        and mine.kind == theirs.kind
        and fits
        and not column.generated
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
