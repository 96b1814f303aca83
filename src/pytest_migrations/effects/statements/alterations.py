"""ALTER TABLE, and what has its syntax (views, indexes, sequences, composite types)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Column, Condition, Named, Shape, Verb
from pytest_migrations.effects.expressions import own_columns
from pytest_migrations.effects.reader import part
from pytest_migrations.effects.statements.constraints import (
    automatic_name,
    constraint,
    is_foreign,
    new_default,
    own_sequence,
)
from pytest_migrations.effects.statements.tables import column_constraints, new_column
from pytest_migrations.effects.types import require_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]

#: What the statement calls what it alters.
_KINDS = {
    "OBJECT_TABLE": "table",
    "OBJECT_INDEX": "index",
    "OBJECT_VIEW": "view",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_FOREIGN_TABLE": "foreign table",
    "OBJECT_TYPE": "composite type",
}
#: In which order PostgreSQL carries out the commands of one statement, whatever theirs (AlterTablePass).
_PASSES = {"AT_DropConstraint": 0, "AT_DropColumn": 0, "AT_AlterColumnType": 2, "AT_AddColumn": 3}
_OF_A_TRIGGER = frozenset({"AT_EnableTrig", "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig", "AT_DisableTrig"})
_OF_A_RULE = frozenset({"AT_EnableRule", "AT_EnableAlwaysRule", "AT_EnableReplicaRule", "AT_DisableRule"})
_WITHOUT_AN_OBJECT = frozenset({"AT_SetAccessMethod", "AT_SetTableSpace"})


def alter_table(reader: Reader, node: _Node) -> None:
    """Each of its commands, in order."""
    written = node["relation"]
    table = reader.relation(written, _KINDS.get(node.get("objtype", ""), "relation"))
    condition = Condition.IF_EXISTS if node.get("missing_ok") else Condition.NONE
    reader.tell(Verb.ALTER, table, written.get("location"), condition=condition)
    if table is None:
        return
    with reader.under(condition):
        commands = [command["AlterTableCmd"] for command in node.get("cmds", [])]
        for command in sorted(commands, key=_pass_of):
            _command(reader, command, table)
        for command in commands:
            if command["subtype"] == "AT_AddColumn" and not command.get("missing_ok"):
                column_constraints(reader, command["def"]["ColumnDef"], table, foreign=True)


def _pass_of(command: _Node) -> int:
    last = command["subtype"] == "AT_AddConstraint" and is_foreign(command["def"]["Constraint"])
    return _PASSES.get(command["subtype"], len(_PASSES) + last)


def _command(reader: Reader, command: _Node, table: Named) -> None:
    subtype, name = command["subtype"], command.get("name", "")
    if subtype in _COMMANDS:
        _COMMANDS[subtype](reader, command, table)
    elif subtype in _OF_A_TRIGGER:
        reader.tell(Verb.ALTER, part("trigger", table, name))
    elif subtype in _OF_A_RULE:
        reader.tell(Verb.ALTER, part("rule", table, name))
    elif name and subtype not in _WITHOUT_AN_OBJECT:  # all others that name something name a column
        reader.tell(Verb.ALTER, part("column", table, name))


def _add_column(reader: Reader, command: _Node, table: Named) -> None:
    condition = Condition.IF_NOT_EXISTS if command.get("missing_ok") else Condition.NONE
    new_column(reader, command["def"]["ColumnDef"], table, condition)
    # Its foreign keys come behind all other commands, but for those that are skipped with it.
    foreign = None if condition else False
    column_constraints(reader, command["def"]["ColumnDef"], table, condition, foreign=foreign)


def _drop_column(reader: Reader, command: _Node, table: Named) -> None:
    _drop(reader, command, table, "column")


def _drop_constraint(reader: Reader, command: _Node, table: Named) -> None:
    _drop(reader, command, table, "constraint")


def _drop(reader: Reader, command: _Node, table: Named, kind: str) -> None:
    condition = Condition.IF_EXISTS if command.get("missing_ok") else Condition.NONE
    named = part(kind, table, command["name"])
    reader.tell(Verb.DROP, named, condition=condition, cascade=command.get("behavior") == "DROP_CASCADE")


def _change_type(reader: Reader, command: _Node, table: Named) -> None:
    definition = command["def"]["ColumnDef"]
    named = part("column", table, command["name"])
    type_ = require_type(reader, definition["typeName"], named)
    own_columns(reader, definition.get("raw_default", {}), table, None)
    reader.tell(Verb.ALTER, named, definition.get("location"), detail=Column(type_))


def _change_default(reader: Reader, command: _Node, table: Named) -> None:
    default = part("default", table, command["name"])
    reader.tell(Verb.ALTER, part("column", table, command["name"]))
    reader.tell(Verb.DROP, default, condition=Condition.IF_EXISTS)
    if "def" in command:
        new_default(reader, command["def"], table, command["name"])


def _add_constraint(reader: Reader, command: _Node, table: Named) -> None:
    constraint(reader, command["def"]["Constraint"], table)


def _alter_constraint(reader: Reader, command: _Node, table: Named) -> None:
    name = command.get("name") or command.get("def", {}).get("ATAlterConstraint", {}).get("conname", "")
    reader.tell(Verb.ALTER, part("constraint", table, name))


def _add_identity(reader: Reader, command: _Node, table: Named) -> None:
    reader.tell(Verb.ALTER, part("column", table, command["name"]))
    own_sequence(reader, table, command["name"], None)


def _drop_identity(reader: Reader, command: _Node, table: Named) -> None:
    reader.tell(Verb.ALTER, part("column", table, command["name"]))
    sequence = Named("sequence", (table.path[0], automatic_name(table.path[1], command["name"], "seq")))
    reader.tell(Verb.DROP, sequence, condition=Condition.IF_EXISTS, cascade=True)


def _attach(reader: Reader, command: _Node, table: Named) -> None:
    other = command["def"]["PartitionCmd"]["name"]
    shape = Shape(is_known=False, parents=(table,), is_partition=True)
    reader.tell(Verb.ALTER, reader.relation(other), other.get("location"), detail=shape)


def _detach(reader: Reader, command: _Node, table: Named) -> None:
    other = command["def"]["PartitionCmd"]["name"]
    shape = Shape(is_known=False, parents=(table,), has_left=True)
    reader.tell(Verb.ALTER, reader.relation(other), other.get("location"), detail=shape)


def _inherit(reader: Reader, command: _Node, table: Named) -> None:
    parent = command["def"]["RangeVar"]
    reader.tell(Verb.REQUIRE, reader.relation(parent), parent.get("location"), by=table)
    reader.tell(Verb.ALTER, table, parent.get("location"), detail=Shape(is_known=False))


def _no_inherit(reader: Reader, command: _Node, table: Named) -> None:
    written = command["def"]["RangeVar"]
    parent = reader.relation(written)
    reader.tell(Verb.REQUIRE, parent, written.get("location"))
    shape = Shape(is_known=False, parents=(parent,) if parent else (), has_left=True)
    reader.tell(Verb.ALTER, table, written.get("location"), detail=shape)


def _by_index(reader: Reader, command: _Node, table: Named) -> None:
    name = command.get("name") or command.get("def", {}).get("ReplicaIdentityStmt", {}).get("name")
    if name:
        reader.tell(Verb.REQUIRE, Named("index", (table.path[0], name)))


_COMMANDS: dict[str, Callable[[Reader, _Node, Named], None]] = {
    "AT_AddColumn": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_AlterColumnType": _change_type,
    "AT_ColumnDefault": _change_default,
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_AlterConstraint": _alter_constraint,
    "AT_ValidateConstraint": _alter_constraint,
    "AT_AddIdentity": _add_identity,
    "AT_DropIdentity": _drop_identity,
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach,
    "AT_DetachPartitionFinalize": _detach,
    "AT_AddInherit": _inherit,
    "AT_DropInherit": _no_inherit,
    "AT_ClusterOn": _by_index,
    "AT_ReplicaIdentity": _by_index,
}
