"""What expressions and queries use: relations, functions, types, sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Verb
from pytest_migrations.effects.reader import part, strings
from pytest_migrations.effects.types import own_type, require_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.effects.effect import Named
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_INNER = frozenset({dict, list})
#: The fields by which nodes that name something are known.
_NAMING = frozenset({"relname", "funcformat", "names", "typeName"})
_OF_SEQUENCES = frozenset({"nextval", "currval", "setval"})


def uses(reader: Reader, node: Any, by: Named | None = None, *, hidden: frozenset[str] = frozenset()) -> None:
    """Tell what an expression, a query, or any part of a parse tree names; ``hidden`` are the names of its CTEs."""
    if type(node) is list:
        for item in node:
            uses(reader, item, by, hidden=hidden)
    elif type(node) is dict:
        if "withClause" in node:
            hidden = _common_tables(reader, node["withClause"], by, hidden)
        if not _NAMING.isdisjoint(node):
            _use(reader, node, by, hidden)
        for field, value in node.items():
            if type(value) in _INNER and field != "withClause":
                uses(reader, value, by, hidden=hidden)


def _use(reader: Reader, node: _Node, by: Named | None, hidden: frozenset[str]) -> None:
    """Tell what a node itself names: a RangeVar, FuncCall, TypeName or TypeCast, known by their fields."""
    if "relname" in node:
        if "schemaname" in node or node["relname"] not in hidden:
            reader.tell(Verb.READ, reader.relation(node), node.get("location"), by=by)
    elif "funcformat" in node:
        _function(reader, node, by)
    elif "typemod" in node and "names" in node:
        reader.tell(Verb.REQUIRE, own_type(reader, node), node.get("location"), by=by)
    elif "typeName" in node and "arg" in node:
        _cast(reader, node, by)


def _common_tables(reader: Reader, clause: _Node, by: Named | None, hidden: frozenset[str]) -> frozenset[str]:
    """Read the queries of a WITH, and give the names that hide tables behind it."""
    tables = [table["CommonTableExpr"] for table in clause.get("ctes", [])]
    names = frozenset(table["ctename"] for table in tables)
    for number, table in enumerate(tables):
        seen = names if clause.get("recursive") else frozenset(before["ctename"] for before in tables[:number])
        uses(reader, table["ctequery"], by, hidden=hidden | seen)
    return hidden | names


def _function(reader: Reader, node: _Node, by: Named | None) -> None:
    if strings(node["funcname"])[-1] in _OF_SEQUENCES and (sequence := _literal(next(iter(node.get("args", [])), {}))):
        reader.tell(Verb.REQUIRE, _relation_in(reader, sequence), node.get("location"), by=by)
    reader.tell(Verb.REQUIRE, reader.called(node["funcname"]), node.get("location"), by=by)


def _cast(reader: Reader, node: _Node, by: Named | None) -> None:
    """``'orders'::regclass`` is looked up when the statement is read."""
    require_value(reader, node["typeName"], node["arg"])
    text = _literal(node["arg"])
    if text and strings(node["typeName"].get("names", []))[-1:] == ["regclass"]:
        location = node["arg"]["A_Const"].get("location")
        reader.tell(Verb.REQUIRE, _relation_in(reader, text), location, by=by)


def _literal(node: _Node) -> str:
    return str(node.get("A_Const", {}).get("sval", {}).get("sval", ""))


def _relation_in(reader: Reader, text: str) -> Named | None:
    """The relation that a text names as ``regclass`` reads it: folded, perhaps quoted and qualified."""
    names = [part_ if quoted else part_.lower() for part_, quoted in _name_parts(text)]
    if not names or len(names) > 2 or any(not name or name.isdecimal() for name in names):
        return None
    return reader.existing("relation", [{"String": {"sval": name}} for name in names])


def _name_parts(text: str) -> Iterator[tuple[str, bool]]:
    for piece in text.strip().split("."):
        quoted = len(piece) > 1 and piece[0] == piece[-1] == '"'
        yield (piece[1:-1] if quoted else piece), quoted


def columns_in(node: Any) -> Iterator[tuple[str, int]]:
    """The columns that an expression over one table names, with their locations."""
    if isinstance(node, list):
        for item in node:
            yield from columns_in(item)
    elif isinstance(node, dict):
        if "fields" in node:
            names = strings(node["fields"])
            if names and names[-1]:
                yield names[-1], node.get("location", 0)
        elif "subLinkType" not in node:
            for value in node.values():
                yield from columns_in(value)


def own_columns(reader: Reader, node: Any, table: Named | None, by: Named | None) -> None:
    """Tell which columns of its table a check, index, generated column or trigger uses, and what else."""
    for name, location in columns_in(node):
        reader.tell(Verb.REQUIRE, part("column", table, name), location, by=by)
    uses(reader, node, by)
