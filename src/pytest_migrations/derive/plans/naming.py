"""RENAME and SET SCHEMA: the object is called again what it was called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_migrations.derive.names import Entry, dotted
from pytest_migrations.derive.plans.plan import NOTHING, Moved, Plan
from pytest_migrations.derive.scopes import ROUTINE, Scope, names_in, scope_of, word_of
from pytest_migrations.derive.state import Back
from pytest_migrations.sql.grammar import quoted
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from pytest_migrations.derive.plans.plan import Context

#: Part of a relation, by the grammar's word: the clause that renames it.
_PARTS = {"OBJECT_COLUMN": "COLUMN", "OBJECT_ATTRIBUTE": "ATTRIBUTE", "OBJECT_TABCONSTRAINT": "CONSTRAINT"}
_ON = {"OBJECT_TRIGGER": "TRIGGER", "OBJECT_RULE": "RULE", "OBJECT_POLICY": "POLICY"}
_RELATIONS = (
    "OBJECT_TABLE",
    "OBJECT_VIEW",
    "OBJECT_MATVIEW",
    "OBJECT_SEQUENCE",
    "OBJECT_INDEX",
    "OBJECT_FOREIGN_TABLE",
)
#: What has no schema: its word, and its kind in the facts.
_ALONE = {
    "OBJECT_EVENT_TRIGGER": ("EVENT TRIGGER", "event trigger"),
    "OBJECT_FDW": ("FOREIGN DATA WRAPPER", "foreign-data wrapper"),
    "OBJECT_FOREIGN_SERVER": ("SERVER", "server"),
    "OBJECT_LANGUAGE": ("LANGUAGE", "language"),
    "OBJECT_PUBLICATION": ("PUBLICATION", "publication"),
    "OBJECT_SCHEMA": ("SCHEMA", "schema"),
}
_ROUTINES = ("function", "procedure", "aggregate")
#: The kinds of what is found by looking at all of them before and behind.
_LOOKED_AT = {
    "OBJECT_COLLATION": "collation",
    "OBJECT_CONVERSION": "conversion",
    "OBJECT_OPCLASS": "operator class",
    "OBJECT_OPERATOR": "operator",
    "OBJECT_OPFAMILY": "operator family",
    "OBJECT_STATISTIC_EXT": "statistics",
    "OBJECT_TSCONFIGURATION": "text search configuration",
    "OBJECT_TSDICTIONARY": "text search dictionary",
    "OBJECT_TSPARSER": "text search parser",
    "OBJECT_TSTEMPLATE": "text search template",
}


def renamed(node: Any, context: Context) -> Plan:
    word, new = word_of(node, "rename_type"), quoted(node.newname)
    if word in _RELATIONS:
        return _relation(node, context, f"RENAME TO {quoted(node.relation.relname)}", new_name=node.newname)
    if word in _PARTS or word in _ON:
        return _part(node, word, new, context)
    if word in _ALONE:
        said, kind = _ALONE[word]
        old = quoted(node.subname or names_in(node.object)[0])
        renames = ((Entry(kind, old), Entry(kind, new)),)
        return Plan((Back(f"ALTER {said} {new} RENAME TO {old}"),), renames=renames)
    if word == "OBJECT_DOMCONSTRAINT":
        domain = dotted(*context.type_names(names_in(node.object.list.items[0])))
        return Plan((Back(f"ALTER DOMAIN {domain} RENAME CONSTRAINT {new} TO {quoted(node.subname)}"),))
    names = names_in(node.object)
    if word in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        return _type(names, f"RENAME TO {quoted(names[-1])}", context, new_name=node.newname)
    return _seen(word, node.object, f"RENAME TO {quoted(names[-1])}", (*names[:-1], node.newname))


def _relation(node: Any, context: Context, clause: str, *, new_name: str = "", new_schema: str = "") -> Plan:
    found = context.find_relation(node.relation)
    if found is None:
        return NOTHING
    new = found._replace(name=new_name or found.name, schema=new_schema or found.schema)
    made = context.is_made(found.entry)
    back = Back(f"ALTER {found.word} {new.sql} {clause}", about=new.entry if made else None)
    if found.is_temporary:
        return NOTHING
    if found.word == "INDEX" and found.is_made and not made:
        return NOTHING
    return Plan((back,), renames=((found.entry, new.entry),))


def _part(node: Any, word: str, new: str, context: Context) -> Plan:
    found, old = context.find_relation(node.relation), quoted(node.subname)
    if found is None or found.is_made:
        return found.touched if found else NOTHING
    if word in _ON:
        return Plan((Back(f"ALTER {_ON[word]} {new} ON {found.sql} RENAME TO {old}"),))
    if word == "OBJECT_ATTRIBUTE" and context.is_made(Entry("type", found.sql)):
        return NOTHING
    renames: tuple[tuple[Entry, Entry], ...] = ()
    if word == "OBJECT_COLUMN":
        renames = ((Entry("column", f"{found.sql}.{old}"), Entry("column", f"{found.sql}.{new}")),)
    if word == "OBJECT_TABCONSTRAINT":
        renames = ((Entry("constraint", f"{old} on {found.sql}"), Entry("constraint", f"{new} on {found.sql}")),)
    typed = " CASCADE" if enum_name(node, "behavior") == "DROP_CASCADE" else ""  # goes on to the tables of the type
    altered = "TABLE" if found.word == "INDEX" else found.word  # whose columns have names as well
    return Plan((Back(f"ALTER {altered} {found.sql} RENAME {_PARTS[word]} {new} TO {old}{typed}"),), renames=renames)


def _type(names: tuple[str, ...], clause: str, context: Context, *, new_name: str = "", new_schema: str = "") -> Plan:
    schema = context.schema_of_type(names)
    old = Entry("type", dotted(schema, names[-1]))
    new = Entry("type", dotted(new_schema or schema, new_name or names[-1]))
    about = new if context.is_made(old) else None
    return Plan((Back(f"ALTER TYPE {new.name} {clause}", about=about),), renames=((old, new),))


def _seen(word: str, node: Any, clause: str, new: tuple[str, ...]) -> Plan:
    """The object is found by what it was called and what it is called then."""
    scope = scope_of(word, node)
    if scope is None:
        return Plan(missing=("nothing is known of such objects",))
    if scope.family == ROUTINE:
        return Plan(scopes=(scope, Scope(ROUTINE, (new,))), moved=Moved(_ROUTINES, clause))
    return Plan(scopes=(scope,), moved=Moved((_LOOKED_AT[word],), clause))


def moved(node: Any, context: Context) -> Plan:
    """ALTER ... SET SCHEMA."""
    word, schema = word_of(node, "object_type"), node.newschema
    if word in _RELATIONS:
        found = context.find_relation(node.relation)
        if found is None or found.schema == schema:
            return NOTHING
        return _relation(node, context, f"SET SCHEMA {quoted(found.schema)}", new_schema=schema)
    if word == "OBJECT_EXTENSION":
        return Plan(scopes=tuple(filter(None, [scope_of(word)])))
    names = names_in(node.object)
    if word in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        old = context.schema_of_type(names)
        return NOTHING if old == schema else _type(names, f"SET SCHEMA {quoted(old)}", context, new_schema=schema)
    return _seen(word, node.object, "SET SCHEMA {schema}", (schema, names[-1]))
