"""CREATE TABLE and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.columns import ColumnReader
from pytest_migrations.effects.effect import Column, Condition, Named, Shape, Star, Verb
from pytest_migrations.effects.expressions import uses
from pytest_migrations.effects.outputs import outputs, renamed
from pytest_migrations.effects.reader import part, strings
from pytest_migrations.effects.statements.constraints import constraint, is_foreign, own_sequence
from pytest_migrations.effects.types import is_serial, require_type, require_value

if TYPE_CHECKING:
    from pytest_migrations.effects.outputs import Outputs
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]


def create_table(reader: Reader, node: _Node, kind: str = "table") -> None:
    """CREATE TABLE, its columns and constraints."""
    relation = node["relation"]
    table = reader.new_relation(kind, relation, goes_at_commit=node.get("oncommit") == "ONCOMMIT_DROP")
    elements = node.get("tableElts", [])
    in_schema(reader, table, relation)
    is_partition = "partbound" in node
    written = [parent["RangeVar"] for parent in node.get("inhRelations", [])]
    parents = _required(reader, written, None if is_partition else table)
    likes = [element["TableLikeClause"]["relation"] for element in elements if "TableLikeClause" in element]
    of_type = node.get("ofTypename")
    key = [element["PartitionElem"].get("name", "") for element in node.get("partspec", {}).get("partParams", [])]
    copies, by_columns = _required(reader, likes, None), tuple(key) if all(key) else ()
    is_known = of_type is None and len(copies) == len(likes)  # else it is like one of PostgreSQL's own
    shape = Shape(is_known, copies, parents, is_partition, partition_key=by_columns)
    if of_type:
        require_type(reader, of_type, table)
    condition = Condition.IF_NOT_EXISTS if node.get("if_not_exists") else Condition.NONE
    reader.tell(Verb.CREATE, table, relation.get("location"), condition=condition, detail=shape)
    with reader.under(condition):
        columns = [element["ColumnDef"] for element in elements if "ColumnDef" in element]
        for written in columns:
            new_column(reader, written, table)
        constraints = [one["Constraint"] for one in (*elements, *node.get("constraints", [])) if "Constraint" in one]
        for foreign in (False, True):  # which PostgreSQL adds last: they may refer to a key of the table itself
            for written in columns:
                column_constraints(reader, written, table, foreign=foreign)
            for written in constraints:
                if is_foreign(written) is foreign:
                    constraint(reader, written, table)
        uses(reader, [node.get("partspec", {}), node.get("partbound", {})], table)


def _required(reader: Reader, written: list[_Node], by: Named | None) -> tuple[Named, ...]:
    """The relations that have to be there for a new one."""
    found = [(reader.relation(relation), relation.get("location")) for relation in written]
    for relation, location in found:
        reader.tell(Verb.REQUIRE, relation, location, by=by)
    return tuple(relation for relation, _ in found if relation is not None)


def create_foreign_table(reader: Reader, node: _Node) -> None:
    """CREATE FOREIGN TABLE."""
    reader.tell(Verb.REQUIRE, Named("server", (node["servername"],)))
    create_table(reader, node["base"], "foreign table")


def new_column(reader: Reader, node: _Node, table: Named, condition: Condition = Condition.NONE) -> None:
    """A new column, without what is written at it."""
    named = Named("column", (*table.path, node["colname"]))
    type_node = node.get("typeName", {})
    type_ = require_type(reader, type_node, named) if type_node else ""
    reader.tell(Verb.CREATE, named, node.get("location"), condition=condition, detail=Column(type_))


def column_constraints(
    reader: Reader, node: _Node, table: Named, condition: Condition = Condition.NONE, *, foreign: bool | None = None
) -> None:
    """What is written at a new column: constraints, a default, its sequence; the ``foreign`` keys only, or all else."""
    with reader.under(condition):
        if is_serial(node.get("typeName", {})) and not foreign:
            own_sequence(reader, table, node["colname"], node.get("location"))
        for written in node.get("constraints", []):
            if foreign is not None and is_foreign(written["Constraint"]) is not foreign:
                continue
            constraint(reader, written["Constraint"], table, node["colname"])
            if written["Constraint"]["contype"] == "CONSTR_DEFAULT":
                require_value(reader, node.get("typeName", {}), written["Constraint"].get("raw_expr", {}))


def create_table_as(reader: Reader, node: _Node) -> None:
    """CREATE TABLE AS, CREATE MATERIALIZED VIEW."""
    into = node["into"]
    kind = "materialized view" if node.get("objtype") == "OBJECT_MATVIEW" else "table"
    condition = Condition.IF_NOT_EXISTS if node.get("if_not_exists") else Condition.NONE
    query = node["query"]
    new = reader.new_relation(kind, into["rel"], goes_at_commit=into.get("onCommit") == "ONCOMMIT_DROP")
    by = new if kind == "materialized view" else None
    uses(reader, query, by)
    ColumnReader(reader, by).query(query.get("SelectStmt", {}))
    in_schema(reader, new, into["rel"])
    columns = renamed(outputs(reader, query.get("SelectStmt", {})), strings(into.get("colNames", [])))
    create_relation(reader, new, columns, condition, into["rel"].get("location"))


def create_view(reader: Reader, node: _Node) -> None:
    """CREATE VIEW."""
    written = node["view"]
    view = reader.new_relation("view", written)
    uses(reader, node["query"], view)
    ColumnReader(reader, view).query(node["query"].get("SelectStmt", {}))
    in_schema(reader, view, written)
    condition = Condition.OR_REPLACE if node.get("replace") else Condition.NONE
    columns = renamed(outputs(reader, node["query"].get("SelectStmt", {})), strings(node.get("aliases", [])))
    create_relation(reader, view, columns, condition, written.get("location"))


def in_schema(reader: Reader, new: Named, written: _Node | None = None) -> None:
    """Tell that the schema of a new object has to be there."""
    if new.path[0] not in ("public", "pg_temp", "pg_catalog"):
        location = written.get("location") if written else None
        reader.tell(Verb.REQUIRE, Named("schema", new.path[:1]), location, by=new)


def create_relation(reader: Reader, new: Named, columns: Outputs, condition: Condition, location: int | None) -> None:
    """Tell of a relation that a query makes."""
    reader.tell(Verb.CREATE, new, location, condition=condition, detail=Shape(is_known=columns is not None))
    for column in columns or ():
        if column.name:
            detail = Column(column.type, column.of if column.is_typed else None)
            reader.tell(Verb.CREATE, part("column", new, column.name), location, condition=condition, detail=detail)
        elif column.of is not None:
            star = Star(column.of, column.is_typed)
            reader.tell(Verb.ALTER, new, location, condition=condition, detail=star)
