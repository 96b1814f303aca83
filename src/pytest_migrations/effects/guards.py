"""Conditions of branches that ask whether an object is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Guard, Named
from pytest_migrations.effects.reader import strings
from pytest_migrations.sql.grammar import SyntaxMistakeError, trees

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]
_UNKNOWN = (Guard(None),)


def guards_of(reader: Reader, condition: str) -> tuple[Guard, ...]:
    """What has to be there for a condition to hold: ``EXISTS (SELECT FROM information_schema.tables WHERE ...)``."""
    try:
        found = trees(f"SELECT {condition}")
    except SyntaxMistakeError:
        return _UNKNOWN
    return _guards(reader, found[0].node["targetList"][0]["ResTarget"].get("val", {}))


def _guards(reader: Reader, node: _Node) -> tuple[Guard, ...]:
    expression = node.get("BoolExpr", {})
    if expression.get("boolop") == "NOT_EXPR":
        inner = _guards(reader, expression["args"][0])
        return (Guard(inner[0].object, not inner[0].is_there),) if len(inner) == 1 and inner[0].object else _UNKNOWN
    if expression.get("boolop") == "AND_EXPR":
        return tuple(guard for argument in expression["args"] for guard in _guards(reader, argument))
    link = node.get("SubLink", {})
    if link.get("subLinkType") == "EXISTS_SUBLINK":
        return (Guard(_asked_for(reader, link["subselect"].get("SelectStmt", {}))),)
    if test := node.get("NullTest"):
        return (Guard(_by_regclass(reader, test["arg"]), test["nulltesttype"] == "IS_NOT_NULL"),)
    return _UNKNOWN


def _by_regclass(reader: Reader, node: _Node) -> Named | None:
    """``to_regclass('orders')``."""
    call = node.get("FuncCall", {})
    if not call or strings(call["funcname"])[-1] != "to_regclass":
        return None
    text = _text(call["args"][0])
    parts = text.split(".")
    if not text or len(parts) > 2 or not all(part.isidentifier() for part in parts):
        return None
    return reader.existing("relation", [{"String": {"sval": part.lower()}} for part in parts])


def _asked_for(reader: Reader, select: _Node) -> Named | None:
    """The object that a query of the catalog looks for, where that is all that it asks."""
    sources = select.get("fromClause", [])
    catalog = sources[0].get("RangeVar", {}).get("relname", "") if len(sources) == 1 else ""
    kind, names = _CATALOGS.get(catalog, ("", ()))
    asked = _equalities(select.get("whereClause", {})) or {}
    schemas = [asked[column] for column in _SCHEMA_COLUMNS if column in asked]
    if not names or set(asked) - set(_SCHEMA_COLUMNS) != set(names):
        return None
    path = tuple(asked[name] for name in names)
    return Named(kind, path if kind in ("schema", "extension") else (*(schemas or reader.search_path)[:1], *path))


_SCHEMA_COLUMNS = ("table_schema", "schemaname", "constraint_schema")
#: For each view of the catalog what a row of it is, and the columns that name it.
_CATALOGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tables": ("relation", ("table_name",)),
    "views": ("relation", ("table_name",)),
    "columns": ("column", ("table_name", "column_name")),
    "table_constraints": ("constraint", ("table_name", "constraint_name")),
    "schemata": ("schema", ("schema_name",)),
    "pg_tables": ("relation", ("tablename",)),
    "pg_views": ("relation", ("viewname",)),
    "pg_indexes": ("index", ("indexname",)),
    "pg_class": ("relation", ("relname",)),
    "pg_type": ("type", ("typname",)),
    "pg_extension": ("extension", ("extname",)),
    "pg_namespace": ("schema", ("nspname",)),
}


def _equalities(node: _Node) -> dict[str, str] | None:
    """The columns that a condition compares with texts; None where it does anything else."""
    if node.get("BoolExpr", {}).get("boolop") == "AND_EXPR":
        found: dict[str, str] = {}
        for argument in node["BoolExpr"]["args"]:
            more = _equalities(argument)
            if more is None:
                return None
            found |= more
        return found
    comparison = node.get("A_Expr", {})
    if comparison.get("kind") != "AEXPR_OP" or strings(comparison["name"]) != ["="]:
        return None
    column = comparison.get("lexpr", {}).get("ColumnRef")
    value = comparison.get("rexpr", {})
    call = value.get("FuncCall", {})
    if column and call and strings(call["funcname"])[-1] == "current_schema":
        return {}
    text = _text(value)
    return {strings(column["fields"])[-1]: text} if column and text else None


def _text(node: _Node) -> str:
    if "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    return str(node.get("A_Const", {}).get("sval", {}).get("sval", ""))
