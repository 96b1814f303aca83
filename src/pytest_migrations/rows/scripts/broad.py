"""Which conditions of a rollback may be true of rows that the migration did not bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.rows.scripts.nodes import below, nodes

if TYPE_CHECKING:
    from pytest_migrations.rows.scripts.nodes import Node
    from pytest_migrations.rows.scripts.sought import Sought

_ONE_OF = ("AEXPR_OP_ANY", "AEXPR_IN", "AEXPR_OP")


def broad(sought: Sought) -> Sought:
    """Those that compare by something else than ``=``: a pattern, or a range.

    Rows that have exactly the values which a rollback names are the migration's own, as a rule.
    """
    found = {name: tuple(filter(_is_broad, conditions)) for name, conditions in sought.items()}
    return {name: conditions for name, conditions in found.items() if conditions}


def _is_broad(condition: str) -> bool:
    compared = [fields for kind, fields in below(list(nodes(f"SELECT WHERE {condition}", False))) if kind == "A_Expr"]
    return bool(compared) and not any(map(_is_equality, compared))


def _is_equality(compared: Node) -> bool:
    return compared["kind"] in _ONE_OF and compared["name"][-1]["String"]["sval"] == "="
