"""Which columns queries and changes of rows name, told by the scopes of the parse tree.

Left out is of what it cannot be told whose it is: columns of subqueries, CTEs and functions, and those without a
table's name in front where these may be meant, or what a query around reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Named, Star, Verb
from pytest_migrations.effects.reader import part, strings

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_NOT_EXPRESSIONS = frozenset({"withClause", "fromClause", "usingClause", "larg", "rarg", "relation", "intoClause"})
_INNER = frozenset({dict, list})


@dataclass
class _Scope:
    """The sources that column names are looked for in, by what they are called; None: its columns are not known."""

    outer: _Scope | None = None
    sources: dict[str, _Node | None] = field(default_factory=dict)
    #: What the query calls its own columns, which ORDER BY and GROUP BY may mean.
    outputs: frozenset[str] = frozenset()
    common_tables: frozenset[str] = frozenset()


class ColumnReader:
    """Tells the columns that one statement reads; ``by`` is what goes on needing them."""

    def __init__(self, reader: Reader, by: Named | None = None) -> None:
        self._reader = reader
        self._by = by

    def query(self, select: _Node, outer: _Scope | None = None) -> None:
        """Read a SELECT and all that it holds."""
        scope = _Scope(outer, common_tables=outer.common_tables if outer else frozenset())
        self._common_tables(select.get("withClause", {}), scope)
        for side in ("larg", "rarg"):
            if side in select:
                inner = _Scope(outer, common_tables=scope.common_tables)
                self.query(select[side], inner if inner.common_tables else outer)
        targets = [target["ResTarget"] for target in select.get("targetList", []) if "ResTarget" in target]
        scope.outputs = frozenset(target["name"] for target in targets if "name" in target)
        self._sources(select.get("fromClause", []), scope)
        self._stars(targets, scope)
        self._fields(select, scope)

    def change(self, node: _Node) -> None:
        """Read an UPDATE, DELETE or INSERT."""
        scope = _Scope()
        self._common_tables(node.get("withClause", {}), scope)
        target = node["relation"]
        if "selectStmt" in node:
            self.query(node["selectStmt"].get("SelectStmt", {}), scope if scope.common_tables else None)
            scope.sources["excluded"] = target
        scope.sources[_alias(target)] = target
        self._sources([node.get("fromClause", []), node.get("usingClause", [])], scope)
        self._fields({name: value for name, value in node.items() if name not in ("selectStmt", "cols")}, scope)

    def expression(self, node: Any, table: _Node) -> None:
        """Read an expression over the columns of one table."""
        self._walk(node, _Scope(sources={_alias(table): table}))

    def _fields(self, node: _Node, scope: _Scope) -> None:
        for name, value in node.items():
            if name not in _NOT_EXPRESSIONS:
                self._walk(value, scope)

    def _common_tables(self, clause: _Node, scope: _Scope) -> None:
        tables = [table["CommonTableExpr"] for table in clause.get("ctes", [])]
        scope.common_tables |= {table["ctename"] for table in tables}
        for table in tables:
            for kind, inner in table["ctequery"].items():
                if kind == "SelectStmt":
                    self.query(inner, scope)

    def _stars(self, targets: list[_Node], scope: _Scope) -> None:
        """``*`` and ``t.*``: what goes on needing the query needs all columns that are there now."""
        for reference in (target["val"]["ColumnRef"] for target in targets if "ColumnRef" in target.get("val", {})):
            *qualifier, name = strings(reference["fields"])
            if name or self._by is None:
                continue
            sources = _named_source(qualifier, scope) if qualifier else scope.sources.values()
            for table in (self._reader.relation(source) for source in sources if source is not None):
                if table is not None:
                    self._reader.tell(Verb.READ, table, reference.get("location"), by=self._by, detail=Star(table))

    def _sources(self, node: Any, scope: _Scope) -> None:
        """Add the sources of a FROM to the scope, and read the conditions of its joins."""
        if isinstance(node, list):
            for item in node:
                self._sources(item, scope)
            return
        for kind, inner in node.items():
            if kind == "RangeVar":
                is_known = inner["relname"] not in scope.common_tables and "colnames" not in inner.get("alias", {})
                scope.sources[_alias(inner)] = inner if is_known else None
            elif kind == "JoinExpr":
                self._sources([inner["larg"], inner["rarg"]], scope)
                if "alias" in inner:
                    scope.sources[inner["alias"]["aliasname"]] = None
                self._walk(inner.get("quals", {}), scope)
            else:
                scope.sources[inner.get("alias", {}).get("aliasname", f"#{len(scope.sources)}")] = None
                self._walk(inner, scope)

    def _walk(self, node: Any, scope: _Scope) -> None:
        if isinstance(node, list):
            for item in node:
                self._walk(item, scope)
        elif isinstance(node, dict):
            if "fields" in node:
                self._column(strings(node["fields"]), node.get("location", 0), scope)
                return
            for kind, inner in node.items():
                if type(inner) is dict and kind == "SelectStmt":
                    self.query(inner, scope)
                elif type(inner) in _INNER:
                    self._walk(inner, scope)

    def _column(self, names: list[str], location: int, scope: _Scope) -> None:
        if not all(names) or not names or names[0] in self._reader.variables:
            return
        sources = _all_sources(names[0], scope) if len(names) == 1 else _named_source(names[:-1], scope)
        columns = [part("column", self._reader.relation(source), names[-1]) for source in sources]
        known = [column for column in columns if column is not None]
        if known and len(known) == len(columns):
            self._reader.tell(Verb.READ, known[0], location, by=self._by, among=tuple(known[1:]))


def _all_sources(name: str, scope: _Scope) -> list[_Node]:
    """The tables that a column without a table's name may belong to, none where it may be another's.

    A name that is a source's is its whole row.
    """
    sources = [source for source in scope.sources.values() if source is not None]
    is_other = name in scope.outputs or name in scope.sources or scope.outer is not None
    return [] if is_other or len(sources) < len(scope.sources) else sources


def _named_source(qualifier: list[str], scope: _Scope | None) -> list[_Node]:
    while scope is not None:
        if qualifier[-1] in scope.sources:
            source = scope.sources[qualifier[-1]]
            is_same = source is not None and qualifier[:-1] in ([], [source.get("schemaname")])
            return [source] if source is not None and is_same else []
        scope = scope.outer
    return []


def _alias(source: _Node) -> str:
    return str(source.get("alias", {}).get("aliasname") or source["relname"])
