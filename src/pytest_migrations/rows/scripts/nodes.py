"""The trees of statements, and of those within DO blocks, as plain data."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pytest_migrations.sql.grammar import SyntaxMistakeError, block_tree, trees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.migration import Statement

Node = dict[str, Any]
#: How the drivers of programs write a parameter.
_PARAMETER = re.compile(r"%(?:\(\w+\))?[sbt]\b")


def nodes_of(statement: Statement) -> tuple[Node, ...]:
    """The tree of a statement, or those of what is within a DO block; none where it is not understood."""
    of_program = statement.script.program is not None
    text = _PARAMETER.sub("$1", statement.text) if of_program else statement.text
    return nodes(text, statement.kind == "do_stmt")


@lru_cache(maxsize=256)
def nodes(text: str, is_block: bool) -> tuple[Node, ...]:
    """The same by the text."""
    found: list[Node] = []
    with suppress(SyntaxMistakeError, RecursionError):  # the server judges it
        if not is_block:
            return tuple({tree.kind: tree.node} for tree in trees(text))
        for kind, fields in below(block_tree(text)):
            if kind == "PLpgSQL_expr":
                with suppress(SyntaxMistakeError):  # most are expressions
                    found += [{tree.kind: tree.node} for tree in trees(fields["query"])]
            elif kind == "PLpgSQL_stmt_dynexecute":
                found.append({kind: fields})
    return tuple(found)


def below(node: Any) -> Iterator[tuple[str, Node]]:
    """All nodes of a tree with their names, itself included."""
    if isinstance(node, list):
        for each in node:
            yield from below(each)
    elif isinstance(node, dict):
        for kind, fields in node.items():
            if isinstance(fields, dict):
                yield kind_of(kind, fields), fields
            yield from below(fields)


def kind_of(name: str, fields: Any) -> str:
    """What a node is; the queries of a UNION, INTERSECT or EXCEPT are called by their sides."""
    return "SelectStmt" if name in ("larg", "rarg") and "op" in fields else name


def column_of(reference: Node) -> str | None:
    """The column that a reference (the fields of a ColumnRef) names."""
    name: str | None = reference.get("fields", [{}])[-1].get("String", {}).get("sval")
    return name


def parts_of(condition: Node) -> Iterator[Node]:
    """What has to be true for a condition to be true: the parts of an AND, or all of it."""
    together = condition.get("BoolExpr", {})
    if together.get("boolop") != "AND_EXPR":
        yield condition
        return
    for part in together["args"]:
        yield from parts_of(part)


def alias_of(source: Node) -> str:
    """What a query calls a table that it reads (the fields of a RangeVar): its alias, or its name without a schema."""
    return str(source.get("alias", {}).get("aliasname", source.get("relname", "")))


def by_column(node: Any, name: str = "") -> Any:
    """The same with columns named by themselves, without their table; or with this one in place of each."""
    if isinstance(node, list):
        return [by_column(each, name) for each in node]
    if not isinstance(node, dict):
        return node
    if "ColumnRef" in node:
        reference = node["ColumnRef"]
        return {
            "ColumnRef": {**reference, "fields": [{"String": {"sval": name}}] if name else reference["fields"][-1:]}
        }
    return {key: by_column(value, name) for key, value in node.items()}
