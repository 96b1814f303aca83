"""Statements about rows, which nothing puts back, and queries, which may call anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import Entry, dotted
from pytest_migrations.derive.plans.calls import unseen_calls
from pytest_migrations.derive.plans.plan import NOTHING, Plan
from pytest_migrations.derive.plans.positions import with_positions
from pytest_migrations.sql.grammar import within

if TYPE_CHECKING:
    from pytest_migrations.derive.plans.plan import Context, Found

#: What a statement does to rows, by its kind in the grammar.
_DONE = {
    "insert_stmt": "rows that were added to {} are not taken away",
    "update_stmt": "the values that the rows of {} had are not put back",
    "delete_stmt": "rows that were deleted from {} are not put back",
    "merge_stmt": "rows of {} are not put back",
}


def written(node: Any, context: Context) -> Plan:
    """INSERT, UPDATE, DELETE, MERGE."""
    return _rows(context, node, [(_kind(node), node), *within(node)])


def queried(node: Any, context: Context) -> Plan:
    """SELECT, which may write by WITH or by a function."""
    return _rows(context, node, list(within(node)))


def copied(node: Any, context: Context) -> Plan:
    """COPY."""
    if not node.is_from:
        return NOTHING if not node.HasField("query") else queried(node.query, context)
    found = context.find_relation(node.relation)
    if found is None or (found.is_made and not _reaches_others(found, context)):
        return NOTHING
    return Plan(missing=(_DONE["insert_stmt"].format(found.sql),))


def truncated(node: Any, context: Context) -> Plan:
    """TRUNCATE."""
    missing = []
    for item in node.relations:
        found = context.find_relation(item.range_var)
        if found is not None and (not found.is_made or _reaches_others(found, context)):
            missing.append(_DONE["delete_stmt"].format(found.sql))
    return Plan(missing=tuple(missing))


def _kind(node: Any) -> str:
    return {"InsertStmt": "insert_stmt", "UpdateStmt": "update_stmt", "DeleteStmt": "delete_stmt"}.get(
        node.DESCRIPTOR.name, "merge_stmt"
    )


def _rows(context: Context, node: Any, nodes: list[tuple[str, Any]]) -> Plan:
    found = (_lost(kind, part, context) for kind, part in nodes if kind in _DONE)
    return with_positions(Plan(missing=(*filter(None, found), *unseen_calls(node, context))), node, context)


def _lost(kind: str, node: Any, context: Context) -> str:
    """Why a statement about rows is not taken back; nothing where the rows are in what the script has made."""
    found = context.find_relation(node.relation)
    if found is None:
        return ""
    if kind == "update_stmt" and not found.is_made:
        columns = [item.res_target.name for item in node.target_list]
        are_made = all(context.is_made(Entry("column", f"{found.sql}.{dotted(column)}")) for column in columns)
    else:
        are_made = found.is_made
    return "" if are_made and not _reaches_others(found, context) else _DONE[kind].format(found.sql)


def _reaches_others(found: Found, context: Context) -> bool:
    """Whether rows of a new table are not all that is written, or other rows than its own."""
    reached = context.catalog.reached_from(found.schema, found.name)
    tables = [found.name, *(name for _, name in reached.descendants)]
    return (
        reached.runs_code
        or not context.unseen.tables.isdisjoint(tables)
        or (
            found.is_made and not all(context.is_made(Entry("relation", dotted(*name))) for name in reached.descendants)
        )
    )
