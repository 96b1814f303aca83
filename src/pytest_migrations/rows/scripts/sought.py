"""Which rows the statements of a migration look for: what their conditions say of one table alone."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.rows.scripts.alternatives import is_not_null, opposite, ways
from pytest_migrations.rows.scripts.nodes import alias_of, below, by_column, kind_of, nodes_of, parts_of
from pytest_migrations.sql.grammar import SyntaxMistakeError, quoted, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_migrations.migration import Statement
    from pytest_migrations.rows.scripts.nodes import Node
    from pytest_migrations.rows.table import Table

#: By the name of a table conditions on its columns, as SQL, each for one row.
Sought = dict[str, tuple[str, ...]]
_CHANGES = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CreateTableAsStmt"}


class Wish(NamedTuple):
    """A part of a condition, to be true of a row of one of some ``tables``: of the one that has all its ``columns``.

    ``query`` tells one query of a statement from another: two of them may speak of different rows of a table. The
    tables are there by what the query calls them.
    """

    query: int
    tables: tuple[tuple[str, str], ...]
    columns: frozenset[str]
    condition: str
    #: The ways in which it can be true, where there are several, what is true where it is not, and whether it is true
    #: of usual rows anyway.
    ways: tuple[str, ...] = ()
    opposite: str = ""
    is_usual: bool = False


def sought_by(statements: Iterable[Statement], tables: Iterable[Table]) -> Sought:
    """What statements that change or copy rows (UPDATE, INSERT ... SELECT) look for in tables, as they are now.

    What they say of a column that is not there yet is left out: each row will have the same in it.
    """
    columns: dict[str, set[str]] = {}
    impossible: dict[str, set[str]] = {}
    for table in tables:
        columns[table.bare_name] = {column.name for column in table.columns}
        impossible[table.bare_name] = {f"{quoted(each.name)} IS NULL" for each in table.columns if not each.nullable}
    found: dict[str, list[str]] = {}
    for statement in statements:
        of_row: dict[tuple[int, str, str], list[Wish]] = defaultdict(list)
        for wish in wishes(statement):
            able = [(called, name) for called, name in wish.tables if wish.columns <= columns.get(name, frozenset())]
            if len(able) == 1:
                of_row[(wish.query, *able[0])].append(wish)
        for (_, _, name), parts in of_row.items():
            never = impossible[name]
            if not any(part.condition in never for part in parts):
                able_to = [part._replace(opposite="") if part.opposite in never else part for part in parts]
                found.setdefault(name, []).extend(_of_rows(able_to))
    return {name: tuple(dict.fromkeys(conditions)) for name, conditions in found.items() if conditions}


def _of_rows(parts: list[Wish]) -> Iterator[str]:
    """What is to be true of a row each: all parts of a condition, in each way, and all but one of them."""
    conditions = [part.condition for part in parts]
    instead = [(place, way) for place, part in enumerate(parts) for way in part.ways]
    if all(part.is_usual for part in parts):
        return
    if not instead:
        yield _all_of(conditions)
    instead += [(place, part.opposite) for place, part in enumerate(parts) if part.opposite]
    for place, other in instead:
        yield _all_of([*conditions[:place], other, *conditions[place + 1 :]])


def _all_of(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else " AND ".join(f"({each})" for each in conditions)


def wishes(statement: Statement) -> tuple[Wish, ...]:
    """What a statement, or a DO block, that changes or copies rows says of them."""
    text = statement.text.lower()
    if not any(word in text for word in ("where", "join", "set")):
        return ()
    return _wishes(statement)


@lru_cache(maxsize=1024)
def _wishes(statement: Statement) -> tuple[Wish, ...]:
    found: list[Wish] = []
    read = nodes_of(statement)
    if any(map(changes_rows, read)):
        for node in read:
            _read(node, found)
    return tuple(dict.fromkeys(found))


def changes_rows(node: Node) -> bool:
    """Whether a tree has a statement in it that changes rows, or copies them."""
    return any(kind in _CHANGES for kind, _ in below(node))


def _read(node: Any, found: list[Wish]) -> None:
    """Gather what each query in a tree says of its tables; what must not be there is left out."""
    if isinstance(node, list):
        for each in node:
            _read(each, found)
    elif isinstance(node, dict):
        for name, fields in node.items():
            kind = kind_of(name, fields)
            if (kind == "BoolExpr" and fields["boolop"] == "NOT_EXPR") or _is_about_all(kind, fields):
                continue
            if kind in ("UpdateStmt", "DeleteStmt", "SelectStmt"):
                asked = list(_Query(len(found), fields).wishes())
                found += asked
                found += _of_update(len(found), fields, asked) if kind == "UpdateStmt" else ()
            _read(fields, found)


def _is_about_all(kind: str, fields: Any) -> bool:
    return kind == "SubLink" and fields.get("subLinkType") == "ALL_SUBLINK"


def _of_update(number: int, update: Node, asked: list[Wish]) -> Iterator[Wish]:
    """That a row which an UPDATE asks for is changed by what it gives, and that another one has this already.

    Its rollback cannot tell the two apart by that.
    """
    relation, targets = update["relation"], [each["ResTarget"] for each in update.get("targetList", ())]
    table = (alias_of(relation), relation["relname"])
    asked = [wish for wish in asked if table in wish.tables]
    given = list(_given(targets))
    for place, (name, value, is_new) in enumerate(given, number):
        column, is_null = quoted(name), value.startswith("NULL")
        already = f"{column} IS NULL" if is_null else f"{column} = {value}"
        wish = Wish(place, (table,), frozenset({name}), already, is_usual=is_null)
        others = [each for each in asked if name not in each.columns]
        yield from (each._replace(query=place, opposite="") for each in others)
        yield wish
        if others and others == asked and is_new and place == number and len(given) == len(targets):
            yield wish._replace(query=asked[0].query, condition=f"{column} IS DISTINCT FROM {value}")


def _given(targets: list[Node]) -> Iterator[tuple[str, str, bool]]:
    """The columns that get a constant, what they get, and whether they get it whatever they hold."""
    for target in targets:
        name, value = target.get("name"), target.get("val", {})
        last = value.get("CoalesceExpr", {}).get("args", [value])[-1]
        if name and "A_Const" in last.get("TypeCast", {}).get("arg", last) and "indirection" not in target:
            with suppress(SyntaxMistakeError):
                yield name, sql_of(last), last is value


class _Query:
    """One query: the tables that it reads, by what it calls them, and its conditions."""

    def __init__(self, number: int, fields: Node) -> None:
        self._number = number
        self._tables: dict[str, str] = {}
        self._conditions: list[Node] = []
        if relation := fields.get("relation"):
            self._source({"RangeVar": relation})
        for source in (*fields.get("fromClause", ()), *fields.get("usingClause", ())):
            self._source(source)
        if where := fields.get("whereClause"):
            self._conditions += parts_of(where)

    def wishes(self) -> Iterator[Wish]:
        for condition in self._conditions:
            named = self._named_in(condition)
            if named is None or not named[1]:
                continue
            alone = by_column(condition)
            other = opposite(alone)
            with suppress(SyntaxMistakeError):
                yield Wish(
                    self._number,
                    tuple(named[0].items()),
                    frozenset(named[1]),
                    sql_of(alone),
                    tuple(map(sql_of, ways(alone))),
                    sql_of(other) if other else "",
                    is_not_null(alone),
                )

    def _source(self, node: Node) -> None:
        if table := node.get("RangeVar"):
            self._tables[alias_of(table)] = table["relname"]
        elif join := node.get("JoinExpr"):
            kind = join.get("jointype")
            if kind in ("JOIN_INNER", "JOIN_LEFT"):
                self._source(join["larg"])
            if kind in ("JOIN_INNER", "JOIN_RIGHT"):  # of the other side there may be no row
                self._source(join["rarg"])
            if kind == "JOIN_INNER" and "quals" in join:
                self._conditions += parts_of(join["quals"])

    def _named_in(self, condition: Node) -> tuple[dict[str, str], set[str]] | None:
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
