"""Where a statement can change anything: which objects to look at before it and behind it.

A scope is a family of objects and the names in the statement that lead to them. What a name means is found on the
session's own search path; a table comes with all that hangs on it and all that inherits from it.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_migrations.catalog.kinds.casts import CASTS, TRANSFORMS
from pytest_migrations.catalog.kinds.collations import COLLATIONS, CONVERSIONS
from pytest_migrations.catalog.kinds.columns import COLUMNS_AND_NAMES
from pytest_migrations.catalog.kinds.constraints import CONSTRAINTS_AND_PARTS, DOMAIN_CONSTRAINTS
from pytest_migrations.catalog.kinds.default_privileges import DEFAULT_PRIVILEGES
from pytest_migrations.catalog.kinds.event_triggers import EVENT_TRIGGERS
from pytest_migrations.catalog.kinds.extensions import EXTENSIONS
from pytest_migrations.catalog.kinds.foreign_data import FOREIGN_DATA_WRAPPERS, FOREIGN_SERVERS, USER_MAPPINGS
from pytest_migrations.catalog.kinds.functions import AGGREGATES, FUNCTIONS
from pytest_migrations.catalog.kinds.indexes import INDEXES
from pytest_migrations.catalog.kinds.kind import Kind
from pytest_migrations.catalog.kinds.languages import ACCESS_METHODS, LANGUAGES
from pytest_migrations.catalog.kinds.operators import OPERATOR_CLASSES, OPERATOR_FAMILIES, OPERATORS
from pytest_migrations.catalog.kinds.policies import POLICIES
from pytest_migrations.catalog.kinds.privileges import (
    PRIVILEGES,
    PRIVILEGES_ON_COLUMNS,
    PRIVILEGES_ON_FUNCTIONS,
    PRIVILEGES_ON_RELATIONS,
    PRIVILEGES_ON_TYPES,
)
from pytest_migrations.catalog.kinds.replication import PUBLICATIONS, PUBLISHED_SCHEMAS, PUBLISHED_TABLES
from pytest_migrations.catalog.kinds.rules import RULES
from pytest_migrations.catalog.kinds.schemas import SCHEMAS
from pytest_migrations.catalog.kinds.sequences import SEQUENCES
from pytest_migrations.catalog.kinds.statistics import STATISTICS
from pytest_migrations.catalog.kinds.tables import TABLES
from pytest_migrations.catalog.kinds.text_search import CONFIGURATIONS, DICTIONARIES, PARSERS, TEMPLATES
from pytest_migrations.catalog.kinds.triggers import TRIGGERS_AND_COPIES
from pytest_migrations.catalog.kinds.types import BASE_TYPES, RANGES, TYPES
from pytest_migrations.catalog.kinds.views import VIEWS
from pytest_migrations.sql.traits import enum_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Name = tuple[str, ...]

#: What CREATE OR REPLACE needs to put a function back, which no snapshot holds in one piece.
SOURCES = Kind(
    "sources",
    """
    select 'source' as kind, p.oid::regprocedure as name, p.prokind as form, pg_get_functiondef(p.oid) as definition,
        p.pronargdefaults as defaults, p.proargnames as names
    from pg_proc p
    where p.prokind <> 'a'
        and p.oid = any($1)  -- only
    """,
)

#: What CREATE OR REPLACE needs to put a view back: which columns it has, and whether anything stands on it.
SHAPES = Kind(
    "shapes",
    """
    select 'shape' as kind, c.oid::regclass as name,
        (select array_agg(a.attname order by a.attnum) from pg_attribute a
            where a.attrelid = c.oid and a.attnum > 0) as columns,
        exists (select from pg_depend d where d.refclassid = 'pg_class'::regclass and d.refobjid = c.oid
            and d.deptype = 'n' and d.objid not in (select r.oid from pg_rewrite r where r.ev_class = c.oid)) as needed,
        c.reloptions as options, pg_get_viewdef(c.oid) as definition
    from pg_class c
    where c.relkind = 'v'
        and c.oid = any($1)  -- only
    """,
)

#: On the search path of the statement, for an unqualified name the first one there is.
_NAMED = """(
    select x.oid from {catalog} x join pg_namespace n on n.oid = x.{prefix}namespace
    where x.{prefix}name = w.name and case when w.schema <> '' then n.nspname = w.schema else n.nspname = any($3) end
    order by array_position($3, n.nspname) limit 1)"""
_NAMES = "unnest($1, $2) w(schema, name)"


class Family(NamedTuple):
    """Objects that are looked at together: their kinds, and the query for the OIDs of those that are named.

    The query yields OIDs, and whether each is that of a relation whose parts are looked at. It has the names' schemas
    ('' where there is none), the names, and the search path as parameters. Without a query all objects of the kinds are
    looked at, which are few in any database.
    """

    name: str
    kinds: tuple[Kind, ...]
    roots: str = ""


#: Table by table, since the planner would read all that there is of each catalog.
_RELATION_ROOTS = f"""
    with recursive named(oid) as (
        select {_NAMED.format(catalog="pg_class", prefix="rel")} from {_NAMES}
    ), tree(oid) as (
        select coalesce((select i.indrelid from pg_index i where i.indexrelid = named.oid), named.oid) from named
        union
        select h.inhrelid from pg_inherits h join tree on h.inhparent = tree.oid
    )
    select tree.oid, true from tree
    union all select of.oid, of.has_parts
        from tree cross join lateral (
            select d.objid, true from pg_depend d
                where d.refclassid = 'pg_class'::regclass and d.refobjid = tree.oid and d.refobjsubid > 0
                    and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
            union all select g.oid, false from pg_trigger g where g.tgrelid = tree.oid
            union all select p.oid, false from pg_policy p where p.polrelid = tree.oid
            union all select r.oid, false from pg_rewrite r where r.ev_class = tree.oid
            union all select s.oid, false from pg_statistic_ext s where s.stxrelid = tree.oid
            offset 0) of(oid, has_parts)"""
_OF_TABLES = (*(TABLES, COLUMNS_AND_NAMES, CONSTRAINTS_AND_PARTS, INDEXES, SEQUENCES, STATISTICS),)
_ON_TABLES = (RULES, TRIGGERS_AND_COPIES, POLICIES)

#: What most statements about a table can change.
TABLE = Family("table", _OF_TABLES, _RELATION_ROOTS)
#: What hangs on a table or a view and has statements of its own.
HANGING = Family("hanging", (TABLES, *_ON_TABLES), _RELATION_ROOTS)
#: All of any relation.
RELATION = Family(
    "relation",
    (*_OF_TABLES, *_ON_TABLES, VIEWS, SHAPES, PRIVILEGES_ON_RELATIONS, PRIVILEGES_ON_COLUMNS),
    _RELATION_ROOTS,
)
ROUTINE = Family(
    "routine",
    (FUNCTIONS, AGGREGATES, SOURCES, PRIVILEGES_ON_FUNCTIONS),
    f"""
    select p.oid, false from {_NAMES} join pg_proc p on p.proname = w.name join pg_namespace n on n.oid = p.pronamespace
    where case when w.schema <> '' then n.nspname = w.schema else n.nspname = any($3) end
    """,
)
TYPE = Family(
    "type",
    (TYPES, RANGES, BASE_TYPES, DOMAIN_CONSTRAINTS, COLUMNS_AND_NAMES, PRIVILEGES_ON_TYPES),
    f"""
    with named(oid) as (select {_NAMED.format(catalog="pg_type", prefix="typ")} from {_NAMES})
    select named.oid, false from named
    union all select t.typrelid, true from pg_type t join named using (oid) where t.typrelid <> 0
    union all select k.oid, false from pg_constraint k join named on k.contypid = named.oid
    """,
)


class Scope(NamedTuple):
    """What may be changed: objects of a family; the names are (schema, name), or (name) on the search path."""

    family: Family
    names: tuple[Name, ...] = ()


def _all_of(*of: Kind) -> Family:
    return Family(of[0].name, of)


#: The families of what has no scope by name, by the grammar's word for what a statement is about.
_WHOLE: Mapping[str, Family] = {
    "OBJECT_ACCESS_METHOD": _all_of(ACCESS_METHODS),
    "OBJECT_CAST": _all_of(CASTS),
    "OBJECT_COLLATION": _all_of(COLLATIONS),
    "OBJECT_CONVERSION": _all_of(CONVERSIONS),
    "OBJECT_DEFACL": _all_of(DEFAULT_PRIVILEGES),
    "OBJECT_EVENT_TRIGGER": _all_of(EVENT_TRIGGERS),
    "OBJECT_EXTENSION": _all_of(EXTENSIONS, SCHEMAS),
    "OBJECT_FDW": _all_of(FOREIGN_DATA_WRAPPERS, PRIVILEGES),
    "OBJECT_FOREIGN_SERVER": _all_of(FOREIGN_SERVERS, PRIVILEGES),
    "OBJECT_LANGUAGE": _all_of(LANGUAGES, PRIVILEGES),
    "OBJECT_OPCLASS": _all_of(OPERATOR_CLASSES, OPERATOR_FAMILIES),
    "OBJECT_OPERATOR": _all_of(OPERATORS),
    "OBJECT_OPFAMILY": _all_of(OPERATOR_FAMILIES, OPERATOR_CLASSES),
    "OBJECT_PUBLICATION": _all_of(PUBLICATIONS, PUBLISHED_TABLES, PUBLISHED_SCHEMAS),
    "OBJECT_SCHEMA": _all_of(SCHEMAS, PRIVILEGES),
    "OBJECT_STATISTIC_EXT": _all_of(STATISTICS),
    "OBJECT_TRANSFORM": _all_of(TRANSFORMS),
    "OBJECT_TSCONFIGURATION": _all_of(CONFIGURATIONS),
    "OBJECT_TSDICTIONARY": _all_of(DICTIONARIES),
    "OBJECT_TSPARSER": _all_of(PARSERS),
    "OBJECT_TSTEMPLATE": _all_of(TEMPLATES),
    "OBJECT_USER_MAPPING": _all_of(USER_MAPPINGS),
}
_RELATIONS = frozenset(f"OBJECT_{word}" for word in ("TABLE", "VIEW", "MATVIEW", "SEQUENCE", "INDEX", "FOREIGN_TABLE"))
#: Their names are the relation's and then their own.
_PARTS = {
    "OBJECT_COLUMN": RELATION,
    "OBJECT_TABCONSTRAINT": RELATION,
    "OBJECT_TRIGGER": HANGING,
    "OBJECT_RULE": HANGING,
    "OBJECT_POLICY": HANGING,
}
_ROUTINES = frozenset(f"OBJECT_{word}" for word in ("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"))
_TYPES = frozenset(("OBJECT_TYPE", "OBJECT_DOMAIN"))


def scope_of(word: str, node: Any = None) -> Scope | None:
    """The scope of an object as statements of all sorts name it; None where such objects are not looked at.

    ``word`` is the grammar's (``OBJECT_TABLE``), ``node`` its name there.
    """
    if word in _RELATIONS:
        return Scope(RELATION, (names_in(node),))
    if word in _PARTS:
        return Scope(_PARTS[word], (names_in(node)[:-1],))
    if word in _ROUTINES:
        return Scope(ROUTINE, (names_in(node),))
    if word in _TYPES:
        return Scope(TYPE, (names_in(node),))
    if word == "OBJECT_DOMCONSTRAINT":
        return Scope(TYPE, (names_in(node.list.items[0]),))
    return Scope(_WHOLE[word]) if word in _WHOLE else None


def relation(*range_vars: Any, family: Family = RELATION) -> Scope:
    """The scope of relations that a statement names."""
    return Scope(family, tuple(map(name_of, range_vars)))


def name_of(range_var: Any) -> Name:
    return tuple(filter(None, (range_var.schemaname, range_var.relname)))


#: Where the grammar has the words of a name, by what it holds it in.
_WORDS_IN: Mapping[str, Callable[[Any], Name]] = {
    "String": lambda node: (node.sval,),
    "RangeVar": name_of,
    "List": lambda node: names_in(node.items),
    "TypeName": lambda node: names_in(node.names),
    "ObjectWithArgs": lambda node: names_in(node.objname),
}


def names_in(node: Any) -> Name:
    """The words of a name, however the grammar holds it."""
    if not hasattr(node, "DESCRIPTOR"):
        return tuple(part for item in node for part in names_in(item))
    if node.DESCRIPTOR.name == "Node":
        node = getattr(node, node.WhichOneof("node"))
    return _WORDS_IN[node.DESCRIPTOR.name](node)


def word_of(node: Any, field: str) -> str:
    """The grammar's word for what kind of object a statement is about."""
    return enum_name(node, field)


def merged(scopes: Sequence[Scope]) -> list[Scope]:
    """One scope for each family."""
    names: dict[Family, tuple[Name, ...]] = {}
    for scope in scopes:
        names[scope.family] = (*names.get(scope.family, ()), *scope.names)
    return [Scope(family, given) for family, given in names.items()]
