"""The statements that are the same for every kind of object: DROP, RENAME, SET SCHEMA, OWNER, COMMENT, GRANT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.effects.effect import Condition, Named, Verb
from pytest_migrations.effects.reader import part, strings
from pytest_migrations.effects.statements.kinds import kind_of, named

if TYPE_CHECKING:
    from pytest_migrations.effects.reader import Reader

_Node = dict[str, Any]


def drop(reader: Reader, node: _Node) -> None:
    """DROP of anything but roles, databases and tablespaces."""
    condition = Condition.IF_EXISTS if node.get("missing_ok") else Condition.NONE
    cascade = node.get("behavior") == "DROP_CASCADE"
    for written in node["objects"]:
        for found, signature, location in named(reader, node["removeType"], written):
            reader.tell(Verb.DROP, found, location, condition=condition, cascade=cascade, detail=signature)


def rename(reader: Reader, node: _Node) -> None:
    """ALTER ... RENAME."""
    condition = Condition.IF_EXISTS if node.get("missing_ok") else Condition.NONE
    kind, new = kind_of(node["renameType"]), node["newname"]
    relation = node.get("relation")
    if relation and (inner := node.get("subname")):
        table = reader.relation(relation)
        reader.tell(Verb.ALTER, table, relation.get("location"), condition=condition)
        inner_kind = {"OBJECT_ATTRIBUTE": "column"}.get(node["renameType"], kind)
        _renamed(reader, part(inner_kind, table, inner), new, condition, None)
    elif relation:
        found = reader.relation(relation, kind or "relation")
        _renamed(reader, found, new, condition, relation.get("location"))
    elif node["renameType"] == "OBJECT_SCHEMA":
        _renamed(reader, Named("schema", (node["subname"],)), new, condition, None)
    elif node["renameType"] == "OBJECT_DOMCONSTRAINT":
        for found, _, location in named(reader, "OBJECT_DOMAIN", node["object"]):
            reader.tell(Verb.ALTER, found, location)
            _renamed(reader, part("domain constraint", found, node["subname"]), new, condition, location)
    else:
        for found, signature, location in named(reader, node["renameType"], node.get("object", {})):
            if found is not None:
                to = Named(found.kind, (*found.path[:-1], new))
                reader.tell(Verb.RENAME, found, location, condition=condition, to=to, detail=signature)


def _renamed(reader: Reader, found: Named | None, new: str, condition: Condition, location: int | None) -> None:
    if found is not None:
        to = Named(found.kind, (*found.path[:-1], new))
        reader.tell(Verb.RENAME, found, location, condition=condition, to=to)


def set_schema(reader: Reader, node: _Node) -> None:
    """ALTER ... SET SCHEMA."""
    condition = Condition.IF_EXISTS if node.get("missing_ok") else Condition.NONE
    schema = node["newschema"]
    if schema != "public":
        reader.tell(Verb.REQUIRE, Named("schema", (schema,)))
    written = {"RangeVar": node["relation"]} if "relation" in node else node["object"]
    for found, signature, location in named(reader, node["objectType"], written):
        if found is not None and len(found.path) > 1:
            to = Named(found.kind, (schema, *found.path[1:]))
            reader.tell(Verb.RENAME, found, location, condition=condition, to=to, detail=signature)
        else:  # an extension, whose objects move
            reader.tell(Verb.ALTER, found, location, to=Named("schema", (schema,)))


def change_owner(reader: Reader, node: _Node) -> None:
    """ALTER ... OWNER TO."""
    written = {"RangeVar": node["relation"]} if "relation" in node else node.get("object", {})
    _alter(reader, node["objectType"], written)


def comment(reader: Reader, node: _Node) -> None:
    """COMMENT ON, SECURITY LABEL ON."""
    _alter(reader, node["objtype"], node["object"])


def _alter(reader: Reader, object_type: str, written: _Node) -> None:
    for found, signature, location in named(reader, object_type, written):
        reader.tell(Verb.ALTER, found, location, detail=signature)


def grant(reader: Reader, node: _Node) -> None:
    """GRANT and REVOKE on objects."""
    if node.get("targtype") == "ACL_TARGET_ALL_IN_SCHEMA":
        for schema in strings(node.get("objects", [])):
            if schema not in ("public", "pg_catalog", "information_schema"):
                reader.tell(Verb.REQUIRE, Named("schema", (schema,)))
        return
    for written in node.get("objects", []):
        for found, signature, location in named(reader, node["objtype"], written):
            # The schema public is always there; GRANT ON TABLE names views and sequences as well.
            if found is None or found == Named("schema", ("public",)):
                continue
            meant = Named("relation", found.path) if found.space == "relation" else found
            reader.tell(Verb.ALTER, meant, location, detail=signature)
            for privilege in node.get("privileges", []):
                for name in strings(privilege["AccessPriv"].get("cols", [])):
                    reader.tell(Verb.REQUIRE, part("column", found, name), location)
