"""Conditions on a row as parse trees: which columns they name, and what the parts of their trees are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_migrations.rows.scripts.nodes import below, column_of
from pytest_migrations.sql.grammar import SyntaxMistakeError, quoted, trees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_migrations.rows.scripts.nodes import Node


@dataclass(frozen=True)
class Condition:
    """A condition, its tree (None where the grammar does not know it), and the columns that its truth hangs on.

    That of a generated column is that it can be ``computed`` at all; its tree is the column's expression.
    """

    text: str
    tree: Node | None
    columns: frozenset[str]
    computed: bool = False


def read(text: str, columns: frozenset[str], generated: Mapping[str, Node | None]) -> Condition:
    """Read a condition on ``columns``; in its tree the ``generated`` ones are replaced by what they are made of."""
    tree = tree_of(text)
    if tree is None:
        return Condition(text, None, columns)
    tree = _inlined(tree, generated)
    return Condition(text, tree, frozenset(names_in(tree)) & columns)


def computed(name: str, expression: str, columns: frozenset[str], *, nullable: bool) -> Condition | None:
    """That a generated column can be computed; None where it needs columns that are not known."""
    tree = tree_of(expression)
    named = frozenset(names_in(tree))
    text = f"num_nulls({quoted(name)}) {'>=' if nullable else '='} 0"
    return Condition(text, tree, named, computed=True) if named <= columns else None


def tree_of(expression: str) -> Node | None:
    """The tree of an expression."""
    try:
        (statement,) = trees(f"SELECT ({expression})")
        (target,) = statement.node["targetList"]
    except (SyntaxMistakeError, RecursionError, ValueError, KeyError):
        return None
    node: Node = target["ResTarget"]["val"]
    return node


def names_in(tree: Any) -> Iterator[str]:
    """The columns that a tree names, each as often as it does."""
    return (name for kind, fields in below(tree) if kind == "ColumnRef" and (name := column_of(fields)))


def column_name(node: Node) -> str | None:
    """The column that a node is, if it is nothing else."""
    return column_of(node.get("ColumnRef", {}))


def kind_of(node: Node) -> tuple[str, Node]:
    """The grammar's name of a node and its fields."""
    return next(iter(node.items()))


def operator_of(fields: Node) -> str:
    """The operator of an A_Expr."""
    return str(fields["name"][-1]["String"]["sval"])


def function_of(fields: Node) -> str:
    """The function of a FuncCall, without its schema."""
    return str(fields["funcname"][-1]["String"]["sval"])


def uncast(node: Node) -> Node:
    """What is within casts and collations."""
    while True:
        kind, fields = kind_of(node)
        if kind not in ("TypeCast", "CollateClause"):
            return node
        node = fields["arg"]


def literal(node: Node) -> str | None:
    """The text of a constant, whatever it is cast to; None of NULL and of all that is not a constant."""
    kind, fields = kind_of(uncast(node))
    if kind == "A_Expr" and operator_of(fields) == "-" and "lexpr" not in fields:
        number = literal(fields["rexpr"])
        return None if number is None else f"-{number}"
    if kind != "A_Const" or fields.get("isnull"):
        return None
    for field, key, zero in (("sval", "sval", ""), ("ival", "ival", 0), ("fval", "fval", "0"), ("bsval", "bsval", "")):
        if field in fields:
            return str(fields[field].get(key, zero))
    return "true" if fields["boolval"].get("boolval") else "false"


def elements(node: Node) -> list[Node]:
    """What an array, a list or a row that is written out consists of; the node alone where it is none."""
    kind, fields = kind_of(uncast(node))
    if kind in ("A_ArrayExpr", "AArrayExpr"):
        return list(fields.get("elements", []))
    if kind == "List":
        return list(fields.get("items", []))
    if kind == "RowExpr":
        return list(fields.get("args", []))
    text = literal(node)
    if text is not None and "arrayBounds" in node.get("TypeCast", {}).get("typeName", {}):
        return [_text(part.strip('"')) for part in text[1:-1].split(",") if part]
    return [node]


def _text(value: str) -> Node:
    return {"A_Const": {"sval": {"sval": value}}}


def _inlined(node: Any, generated: Mapping[str, Node | None]) -> Any:
    if not generated:
        return node
    if isinstance(node, list):
        return [_inlined(item, generated) for item in node]
    if isinstance(node, dict):
        replaced = generated.get(column_name(node) or "")
        return replaced or {key: _inlined(value, generated) for key, value in node.items()}
    return node
