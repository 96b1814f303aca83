"""How the statements about any kind of object (DROP, COMMENT, RENAME, ...) name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Named, Signature
from pytest_migrations.effects.reader import items, strings
from pytest_migrations.effects.types import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]

_IN_A_SCHEMA = {
    "OBJECT_TABLE": "table",
    "OBJECT_VIEW": "view",
    "OBJECT_MATVIEW": "materialized view",
    "OBJECT_INDEX": "index",
    "OBJECT_SEQUENCE": "sequence",
    "OBJECT_FOREIGN_TABLE": "foreign table",
    "OBJECT_TYPE": "type",
    "OBJECT_DOMAIN": "domain",
    "OBJECT_COLLATION": "collation",
    "OBJECT_CONVERSION": "conversion",
    "OBJECT_STATISTIC_EXT": "statistics object",
    "OBJECT_TSCONFIGURATION": "text search configuration",
    "OBJECT_TSDICTIONARY": "text search dictionary",
    "OBJECT_TSPARSER": "text search parser",
    "OBJECT_TSTEMPLATE": "text search template",
}
_ROUTINES = {
    "OBJECT_FUNCTION": "function",
    "OBJECT_PROCEDURE": "procedure",
    "OBJECT_AGGREGATE": "aggregate",
    "OBJECT_ROUTINE": "routine",
}
_IN_A_TABLE = {
    "OBJECT_COLUMN": "column",
    "OBJECT_TRIGGER": "trigger",
    "OBJECT_POLICY": "policy",
    "OBJECT_RULE": "rule",
    "OBJECT_TABCONSTRAINT": "constraint",
}
_BY_NAME = {
    "OBJECT_SCHEMA": "schema",
    "OBJECT_EXTENSION": "extension",
    "OBJECT_EVENT_TRIGGER": "event trigger",
    "OBJECT_PUBLICATION": "publication",
    "OBJECT_FOREIGN_SERVER": "server",
    "OBJECT_FDW": "foreign-data wrapper",
    "OBJECT_LANGUAGE": "language",
    "OBJECT_ROLE": "role",
}


def kind_of(object_type: str) -> str:
    """Our word for an ObjectType of the grammar, empty for those that are not followed (casts, operators)."""
    for known in (_IN_A_SCHEMA, _ROUTINES, _IN_A_TABLE, _BY_NAME):
        if object_type in known:
            return known[object_type]
    return ""


def named(reader: Reader, object_type: str, node: _Node) -> Iterator[tuple[Named | None, Signature | None, int | None]]:
    """The object that such a statement names, with its arguments and location where the grammar has them."""
    if "RangeVar" in node:
        written = node["RangeVar"]
        yield reader.relation(written, _IN_A_SCHEMA.get(object_type, "relation")), None, written.get("location")
    elif object_type in _IN_A_SCHEMA:
        location = node.get("TypeName", {}).get("location")
        yield reader.existing(_IN_A_SCHEMA[object_type], items(node)), None, location
    elif object_type in _ROUTINES and "ObjectWithArgs" in node:
        written = node["ObjectWithArgs"]
        routine = reader.existing(_ROUTINES[object_type], written["objname"])
        yield routine, signature_of(reader, written), None
    elif object_type in _IN_A_TABLE:
        yield reader.within(_IN_A_TABLE[object_type], items(node)), None, None
    elif object_type in _BY_NAME:
        yield Named(_BY_NAME[object_type], (strings(items(node))[-1],)), None, None


def signature_of(reader: Reader, written: _Node) -> Signature:
    """The types of an ObjectWithArgs."""
    if written.get("args_unspecified"):
        return Signature(None)
    return Signature(
        tuple(type_name(reader, argument.get("TypeName", argument)) for argument in written.get("objargs", []))
    )
