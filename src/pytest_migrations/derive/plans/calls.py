"""Functions that a statement runs, by their names or by what stands on them, and that may write whatever they like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.scopes import names_in
from pytest_migrations.sql.grammar import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.derive.plans.plan import Context

#: Of PostgreSQL's own functions those about large objects and replication slots, and those that run text as SQL.
_WRITING = re.compile(
    r"lo_|ts_stat|pg_(create|copy|drop|replication|import|restore|clear)_|(query|cursor|table|schema|database)_to_xml"
)


def unseen_calls(node: Any, context: Context) -> tuple[str, ...]:
    """Why what is computed below a node is not taken back: it calls what may change something unknown."""
    found = {
        said
        for kind, name, said in _named(node)
        if kind == "ExecuteStmt" or (kind == "FuncCall" and _WRITING.match(name)) or name in context.unseen.calls
    }
    return tuple(f"what {said} does cannot be seen" for said in sorted(found))


def _named(node: Any) -> Iterator[tuple[str, str, str]]:
    """What the node names that may stand for a function: the grammar's word for it, its name, what is said of it."""
    for _, child in within(node):
        kind = child.DESCRIPTOR.name
        match kind:
            case "FuncCall":
                name = names_in(child.funcname)[-1]
                yield kind, name, f"{name}()"
            case "A_Expr" if child.name:
                name = names_in(child.name)[-1]
                yield kind, name, f"the operator {name}"
            case "TypeName" if child.names:
                name = names_in(child.names)[-1]
                yield kind, name, f"the type {name}"
            case "ColumnRef" if child.fields[-1].WhichOneof("node") == "string":
                name = child.fields[-1].string.sval  # or a function of the row, called like a column
                yield kind, name, f"{name}()"
            case "RangeVar":
                yield kind, child.relname, child.relname
            case "ExecuteStmt":
                yield kind, child.name, f"the prepared statement {child.name}"
