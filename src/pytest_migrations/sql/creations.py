"""Which objects a statement creates: among them may be what a migration before it was missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: For each kind of statement the kind of its new object and where the tree names it.
_CREATIONS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "create_stmt": ("relation", lambda node: node.relation.relname),
    "create_table_as_stmt": ("relation", lambda node: node.into.rel.relname),
    "create_foreign_table_stmt": ("relation", lambda node: node.base_stmt.relation.relname),
    "create_seq_stmt": ("relation", lambda node: node.sequence.relname),
    "view_stmt": ("relation", lambda node: node.view.relname),
    "composite_type_stmt": ("type", lambda node: node.typevar.relname),
    "create_domain_stmt": ("type", lambda node: node.domainname[-1].string.sval),
    "create_enum_stmt": ("type", lambda node: node.type_name[-1].string.sval),
    "create_range_stmt": ("type", lambda node: node.type_name[-1].string.sval),
    "create_function_stmt": ("function", lambda node: node.funcname[-1].string.sval),
    "create_schema_stmt": ("schema", lambda node: node.schemaname),
    "create_role_stmt": ("role", lambda node: node.role),
}


def created_by(kind: str, node: Any) -> tuple[tuple[str, str], ...]:
    """The (kind, name) of each object that the statement creates; names are unqualified, as errors give them."""
    if kind == "alter_table_stmt":
        columns = (getattr(command.alter_table_cmd, "def").column_def.colname for command in node.cmds)
        return tuple(("column", column) for column in columns if column)
    if kind in _CREATIONS:
        creation, name_of = _CREATIONS[kind]
        return ((creation, name_of(node)),)
    return ()
