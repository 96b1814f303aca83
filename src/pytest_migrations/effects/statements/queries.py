"""Queries and what changes rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.columns import ColumnReader
from pytest_migrations.effects.effect import Condition, Verb
from pytest_migrations.effects.expressions import uses
from pytest_migrations.effects.outputs import outputs
from pytest_migrations.effects.reader import part, strings
from pytest_migrations.effects.statements.settings import set_by_function
from pytest_migrations.effects.statements.tables import create_relation

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]


def select(reader: Reader, node: _Node) -> None:
    """SELECT, VALUES, and SELECT INTO, which creates a table."""
    uses(reader, {field: value for field, value in node.items() if field != "intoClause"})
    ColumnReader(reader).query(node)
    if "intoClause" in node and not reader.variables:
        into = node["intoClause"]
        written, goes_at_commit = into["rel"], into.get("onCommit") == "ONCOMMIT_DROP"
        new, columns = reader.new_relation("table", written, goes_at_commit=goes_at_commit), outputs(reader, node)
        create_relation(reader, new, columns, Condition.NONE, written.get("location"))
    set_by_function(reader, node)


def change(reader: Reader, node: _Node) -> None:
    """INSERT, UPDATE, DELETE, MERGE: the target and the columns that are set, and what is read."""
    written = node["relation"]
    table = reader.relation(written)
    reader.tell(Verb.REQUIRE, table, written.get("location"))
    targets = node.get("cols") or (node.get("targetList", []) if "onConflictClause" not in node else [])
    for target in targets:
        result = target.get("ResTarget", {})
        if name := result.get("name"):
            reader.tell(Verb.REQUIRE, part("column", table, name), result.get("location"))
    uses(reader, {field: value for field, value in node.items() if field != "relation"})
    if "mergeWhenClauses" not in node:
        ColumnReader(reader).change(node)


def copy(reader: Reader, node: _Node) -> None:
    """COPY."""
    if "relation" in node:
        table = reader.relation(node["relation"])
        reader.tell(Verb.REQUIRE, table, node["relation"].get("location"))
        for name in strings(node.get("attlist", [])):
            reader.tell(Verb.REQUIRE, part("column", table, name))
    uses(reader, node.get("query", {}))


def on_relations(reader: Reader, node: _Node) -> None:
    """TRUNCATE, LOCK, REFRESH MATERIALIZED VIEW, CLUSTER, ANALYZE: what they name has to be there."""
    for written in (*node.get("relations", []), *node.get("rels", []), node.get("relation", {})):
        relation = written.get("RangeVar", written.get("VacuumRelation", {}).get("relation", written))
        if "relname" in relation:
            reader.tell(Verb.REQUIRE, reader.relation(relation), relation.get("location"))


def anything(reader: Reader, node: _Node) -> None:
    """EXPLAIN, PREPARE, DECLARE and the like: what the query in them names."""
    uses(reader, node)
