"""In which ways a condition can be true, and of which rows it is not: each of these may be treated differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.scripts.nodes import below

if TYPE_CHECKING:
    from pytest_migrations.rows.scripts.nodes import Node

#: Of longer lists the first are enough.
_MOST = 5
#: What usual rows satisfy as they are may leave none for the opposite. They are never equal to anything.
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "<>": "="}
_TESTS = {"NullTest": "nulltesttype", "BooleanTest": "booltesttype"}


def ways(condition: Node) -> list[Node]:
    """The parts of an OR, or a comparison with each value of an IN; none where there is but one way."""
    together, compared = condition.get("BoolExpr", {}), condition.get("A_Expr", {})
    if together.get("boolop") == "OR_EXPR":
        return [way for part in together["args"] for way in ways(part) or [part]][:_MOST]
    if compared.get("kind") == "AEXPR_IN" and _operator(compared) == "=":
        items = compared.get("rexpr", {}).get("List", {}).get("items", [])
        return [_compared(compared["lexpr"], "=", item) for item in items[:_MOST]]
    return []


def opposite(condition: Node) -> Node | None:
    """What is true of the rows that a test of a column, or a comparison of it with a value, is not true of."""
    ((kind, fields),) = condition.items()
    if kind == "ColumnRef":
        return {"BoolExpr": {"boolop": "NOT_EXPR", "args": [condition]}}
    if kind == "BoolExpr" and fields["boolop"] == "NOT_EXPR" and "ColumnRef" in fields["args"][0]:
        return dict(fields["args"][0])
    if kind in _TESTS and "ColumnRef" in fields["arg"]:
        test = fields[_TESTS[kind]]
        other = test.replace("IS_NOT_", "IS_") if "NOT" in test else test.replace("IS_", "IS_NOT_")
        return {kind: {**fields, _TESTS[kind]: other}}
    return _uncompared(fields) if kind == "A_Expr" and fields["kind"] == "AEXPR_OP" else None


def _uncompared(compared: Node) -> Node | None:
    left, right = compared.get("lexpr", {}), compared["rexpr"]
    operator = _OPPOSITE.get(_operator(compared))
    if _operator(compared) == "=" and "boolval" in right.get("A_Const", {}):
        operator = "<>"
    is_value = not any(kind == "ColumnRef" for kind, _ in below(right))
    return _compared(left, operator, right) if operator and "ColumnRef" in left and is_value else None


def is_not_null(condition: Node) -> bool:
    """Whether it is true of each row without NULL, as the first of a table is."""
    return bool(condition.get("NullTest", {}).get("nulltesttype") == "IS_NOT_NULL")


def _operator(compared: Node) -> str:
    name = compared.get("name", [{}])
    return str(name[-1].get("String", {}).get("sval", ""))


def _compared(left: Node, operator: str, right: Node) -> Node:
    return {"A_Expr": {"kind": "AEXPR_OP", "name": [{"String": {"sval": operator}}], "lexpr": left, "rexpr": right}}
