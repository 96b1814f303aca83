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
    """What is true of the rows that a comparison of a column with a value is not true of."""
    compared = condition.get("A_Expr", {})
    operator = _OPPOSITE.get(_operator(compared)) if compared.get("kind") == "AEXPR_OP" else None
    if operator is None or "ColumnRef" not in compared.get("lexpr", {}):
        return None
    is_value = not any(kind == "ColumnRef" for kind, _ in below(compared["rexpr"]))
    return _compared(compared["lexpr"], operator, compared["rexpr"]) if is_value else None


def is_not_null(condition: Node) -> bool:
    """Whether it is true of each row without NULL, as the first of a table is."""
    return bool(condition.get("NullTest", {}).get("nulltesttype") == "IS_NOT_NULL")


def _operator(compared: Node) -> str:
    name = compared.get("name", [{}])
    return str(name[-1].get("String", {}).get("sval", ""))


def _compared(left: Node, operator: str, right: Node) -> Node:
    return {"A_Expr": {"kind": "AEXPR_OP", "name": [{"String": {"sval": operator}}], "lexpr": left, "rexpr": right}}
