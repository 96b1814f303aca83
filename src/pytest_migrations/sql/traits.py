"""What the runner has to know of a statement before it sends it."""

from __future__ import annotations

import re
from enum import Flag, auto
from typing import Any


class Trait(Flag):
    """What a statement is to the runner, told by its parse tree."""

    NONE = 0
    #: PostgreSQL refuses it inside a transaction block (PreventInTransactionBlock in its sources).
    OUTSIDE_TRANSACTION = auto()
    #: A plain BEGIN, COMMIT or END of the script's own.
    TRANSACTION_FRAME = auto()
    #: ROLLBACK, PREPARE TRANSACTION, COMMIT AND CHAIN: transaction control that nothing can stand in for.
    TRANSACTION_CONTROL = auto()
    #: Changes what all databases of the server share: roles, tablespaces, server settings, slots, subscriptions.
    CLUSTER = auto()
    #: COPY ... FROM STDIN or TO STDOUT, which need a client at the other end.
    COPY_STREAM = auto()


_OUTSIDE = {
    "alter_system_stmt",
    "create_subscription_stmt",
    "create_table_space_stmt",
    "createdb_stmt",
    "drop_subscription_stmt",
    "drop_table_space_stmt",
    "dropdb_stmt",
}
_WHOLE_REINDEX = {"REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_SYSTEM", "REINDEX_OBJECT_DATABASE"}
_CLUSTER = {
    "alter_role_set_stmt",
    "alter_role_stmt",
    "alter_subscription_stmt",
    "alter_system_stmt",
    "alter_table_space_options_stmt",
    "create_role_stmt",
    "create_subscription_stmt",
    "create_table_space_stmt",
    "createdb_stmt",
    "drop_role_stmt",
    "drop_subscription_stmt",
    "drop_table_space_stmt",
    "dropdb_stmt",
    "grant_role_stmt",
}
_CLUSTER_OBJECTS = {"OBJECT_ROLE", "OBJECT_TABLESPACE", "OBJECT_PARAMETER_ACL", "OBJECT_SUBSCRIPTION"}
_OBJECT_FIELDS = {
    "alter_owner_stmt": "object_type",
    "comment_stmt": "objtype",
    "grant_stmt": "objtype",
    "rename_stmt": "rename_type",
    "sec_label_stmt": "objtype",
}
#: DO blocks and calls hide their SQL in text; a word too many only costs a server of their own.
_CLUSTER_TEXT = re.compile(
    r"\b(?:create|alter|drop)\s+(?:role|group|user(?!\s+mapping))\b|\balter\s+system\b"
    r"|pg_create_(?:logical|physical)_replication_slot|pg_drop_replication_slot|pg_replication_origin_",
    re.IGNORECASE,
)


def traits_of(kind: str, node: Any) -> Trait:
    """The traits of the statement whose parse tree is ``node`` of the grammar's ``kind``."""
    traits = Trait.NONE
    if _commits_on_its_own(kind, node):
        traits |= Trait.OUTSIDE_TRANSACTION
    if kind in _CLUSTER or _names_cluster_object(kind, node):
        traits |= Trait.CLUSTER
    if kind == "transaction_stmt":
        traits |= _transaction_trait(node)
    if kind == "copy_stmt" and not node.filename and not node.is_program:
        traits |= Trait.COPY_STREAM
    if kind in ("do_stmt", "select_stmt") and _CLUSTER_TEXT.search(str(node)):
        traits |= Trait.CLUSTER
    return traits


def _transaction_trait(node: Any) -> Trait:
    kind = enum_name(node, "kind")
    if kind in ("TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT"):
        return Trait.TRANSACTION_CONTROL if node.chain else Trait.TRANSACTION_FRAME
    if kind in ("TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"):
        return Trait.NONE
    return Trait.TRANSACTION_CONTROL


def _commits_on_its_own(kind: str, node: Any) -> bool:
    match kind:
        case "index_stmt" | "drop_stmt":
            return bool(node.concurrent)
        case "vacuum_stmt":
            return bool(node.is_vacuumcmd)
        case "reindex_stmt":
            return enum_name(node, "kind") in _WHOLE_REINDEX or any(
                option.def_elem.defname == "concurrently" for option in node.params
            )
        case "cluster_stmt":
            return not node.HasField("relation")
        case "alter_table_stmt":
            return any(_detaches_concurrently(command.alter_table_cmd) for command in node.cmds)
        case _:
            return kind in _OUTSIDE


def _detaches_concurrently(command: Any) -> bool:
    return enum_name(command, "subtype") == "AT_DetachPartition" and bool(
        getattr(command, "def").partition_cmd.concurrent
    )


def _names_cluster_object(kind: str, node: Any) -> bool:
    field = _OBJECT_FIELDS.get(kind)
    return field is not None and enum_name(node, field) in _CLUSTER_OBJECTS


def enum_name(node: Any, field: str) -> str:
    """The name of an enumeration's value in pg_query.proto."""
    value = node.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number[getattr(node, field)]
    return str(value.name)
