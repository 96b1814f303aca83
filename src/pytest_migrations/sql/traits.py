"""What the runner has to know of a statement before it sends it."""

from __future__ import annotations

import re
from enum import Flag, auto
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


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
    #: Makes or drops what stays though nothing of its transaction is kept: replication slots.
    NEVER_UNDONE = auto()
    #: Does no more than its tree says: it calls no function and writes no row, so that it moves no sequence.
    PLAIN_DDL = auto()


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
_PLAIN_DDL = {
    "alter_enum_stmt",
    "alter_object_schema_stmt",
    "alter_owner_stmt",
    "alter_seq_stmt",
    "comment_stmt",
    "composite_type_stmt",
    "create_domain_stmt",
    "create_enum_stmt",
    "create_function_stmt",
    "create_policy_stmt",
    "create_seq_stmt",
    "create_stmt",
    "create_trig_stmt",
    "drop_stmt",
    "grant_stmt",
    "index_stmt",
    "rename_stmt",
    "variable_set_stmt",
    "view_stmt",
}
#: DO blocks and calls hide their SQL in text; a word too many only costs a server of their own.
_CLUSTER_TEXT = re.compile(
    r"\b(?:create|alter|drop)\s+(?:role|group|user(?!\s+mapping))\b|\balter\s+system\b"
    r"|\b(?:grant|revoke)\s+\w+(?:\s*,\s*\w+)*\s+(?:to|from)\b"
    r"|pg_replication_origin_",
    re.IGNORECASE,
)
_SLOT_TEXT = re.compile(
    r"pg_(?:create_(?:logical|physical)|drop|copy_(?:logical|physical))_replication_slot", re.IGNORECASE
)
#: The same in the code of a program, whose statements are known only when it sends them.
CLUSTER_CODE = re.compile(
    rf"{_CLUSTER_TEXT.pattern}|\b(?:create|alter|drop)\s+(?:database|tablespace|subscription)\b|_replication_slot",
    re.IGNORECASE,
)
#: How protobuf prints what stands between words; the n of a line end would be read as part of the word behind it.
_PRINTED_BLANK = re.compile(r'\\[nrt]|\\?"')


def traits_of(kind: str, node: Any) -> Trait:
    """The traits of the statement whose parse tree is ``node`` of the grammar's ``kind``."""
    traits = Trait.NONE
    if kind in _OUTSIDE and _OUTSIDE[kind](node):
        traits |= Trait.OUTSIDE_TRANSACTION
    if kind in _CLUSTER or _names_cluster_object(kind, node):
        traits |= Trait.CLUSTER
    if kind == "transaction_stmt":
        traits |= _transaction_trait(node)
    if kind == "copy_stmt" and not node.filename and not node.is_program:
        traits |= Trait.COPY_STREAM
    if kind in _PLAIN_DDL or (kind == "alter_table_stmt" and "func_call" not in str(node)):
        traits |= Trait.PLAIN_DDL
    if kind in ("call_stmt", "do_stmt", "select_stmt"):
        printed = _PRINTED_BLANK.sub(" ", str(node))
        if _CLUSTER_TEXT.search(printed):
            traits |= Trait.CLUSTER
        if _SLOT_TEXT.search(printed):
            traits |= Trait.CLUSTER | Trait.NEVER_UNDONE
    return traits


def _transaction_trait(node: Any) -> Trait:
    kind = enum_name(node, "kind")
    if kind in ("TRANS_STMT_BEGIN", "TRANS_STMT_START", "TRANS_STMT_COMMIT"):
        return Trait.TRANSACTION_CONTROL if node.chain else Trait.TRANSACTION_FRAME
    if kind in ("TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO"):
        return Trait.NONE
    return Trait.TRANSACTION_CONTROL


def _detaches_concurrently(command: Any) -> bool:
    return enum_name(command, "subtype") == "AT_DetachPartition" and bool(
        getattr(command, "def").partition_cmd.concurrent
    )


def _names_cluster_object(kind: str, node: Any) -> bool:
    field = _OBJECT_FIELDS.get(kind)
    return field is not None and enum_name(node, field) in _CLUSTER_OBJECTS


def _reindexes_in_steps(node: Any) -> bool:
    return enum_name(node, "kind") in _WHOLE_REINDEX or _option(node.params, "concurrently", default=False)


def _makes_slot(node: Any) -> bool:
    return all(_option(node.options, name, default=True) for name in ("connect", "create_slot"))


def _refreshes(node: Any) -> bool:
    kind = enum_name(node, "kind")
    names_publications = kind.startswith("ALTER_SUBSCRIPTION_") and kind.endswith("_PUBLICATION")
    return kind == "ALTER_SUBSCRIPTION_REFRESH" or (
        names_publications and _option(node.options, "refresh", default=True)
    )


def _option(options: Any, name: str, *, default: bool) -> bool:
    """A boolean option of ``WITH (name = value)``; the name alone is true (PostgreSQL's defGetBoolean)."""
    for option in options:
        if option.def_elem.defname == name:
            value = option.def_elem.arg
            is_zero = value.HasField("integer") and not value.integer.ival
            return not (is_zero or value.string.sval.lower() in ("false", "off"))
    return default


def _always(_: Any) -> bool:
    return True


#: When a statement of a kind cannot be in a transaction block. What the tree cannot say is left to the server: CLUSTER
#: and REINDEX of a partitioned table, a subscription without a slot.
_OUTSIDE: dict[str, Callable[[Any], bool]] = {
    "alter_database_stmt": lambda node: any(option.def_elem.defname == "tablespace" for option in node.options),
    "alter_subscription_stmt": _refreshes,
    "alter_system_stmt": _always,
    "alter_table_stmt": lambda node: any(_detaches_concurrently(command.alter_table_cmd) for command in node.cmds),
    "cluster_stmt": lambda node: not node.HasField("relation"),
    "create_subscription_stmt": _makes_slot,
    "create_table_space_stmt": _always,
    "createdb_stmt": _always,
    "discard_stmt": lambda node: enum_name(node, "target") == "DISCARD_ALL",
    "drop_stmt": lambda node: bool(node.concurrent),
    "drop_subscription_stmt": _always,
    "drop_table_space_stmt": _always,
    "dropdb_stmt": _always,
    "index_stmt": lambda node: bool(node.concurrent),
    "reindex_stmt": _reindexes_in_steps,
    "vacuum_stmt": lambda node: bool(node.is_vacuumcmd),
}


def enum_name(node: Any, field: str) -> str:
    """The name of an enumeration's value in pg_query.proto."""
    value = node.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number[getattr(node, field)]
    return str(value.name)
