"""Operators, operator classes and operator families."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, in_own_schema, is_own, qualified, schema_parent
from pytest_migrations.catalog.kinds.kind import Kind

OPERATORS = Kind(
    "operators",
    f"""
    select 'operator' as kind, o.oid::regoperator as name, {schema_parent("o.oprnamespace")} as parent,
        o.oprowner::regrole as owner,
        {comment("pg_operator", "o.oid")} as comment,
        o.oprcode::regprocedure as function, o.oprresult::regtype as returns,
        case when o.oprcom <> 0 then o.oprcom::regoperator end as commutator,
        case when o.oprnegate <> 0 then o.oprnegate::regoperator end as negator,
        case when o.oprrest <> 0 then o.oprrest::regprocedure end as restrict,
        case when o.oprjoin <> 0 then o.oprjoin::regprocedure end as join,
        case when o.oprcanhash then true end as hashes, case when o.oprcanmerge then true end as merges
    from pg_operator o
    where o.oprcode <> 0 and {is_own("pg_operator", "o.oid")} and {in_own_schema("o.oprnamespace")}
        and o.oid = any($1)  -- only
    """,
    written_in=("pg_operator",),
)

_OPERATOR = (
    "'operator ' || i.amopstrategy || ' ' || i.amopopr::regoperator || case when i.amopsortfamily <> 0 then "
    "(select ' for order by ' || y.opfnamespace::regnamespace || '.' || quote_ident(y.opfname) from pg_opfamily y "
    "where y.oid = i.amopsortfamily) else '' end"
)
_FUNCTION = (
    "'function ' || i.amprocnum || ' (' || i.amproclefttype::regtype || ', ' || i.amprocrighttype::regtype || ') ' "
    "|| i.amproc::regprocedure"
)


def _items(catalog: str, text: str, belongs: str) -> str:
    return f"""(select array_agg({text} order by {text}) from {catalog} i where {belongs})"""


def _of_class(catalog: str) -> str:
    return (
        f"i.oid in (select d.objid from pg_depend d where d.classid = '{catalog}'::regclass "
        "and d.refclassid = 'pg_opclass'::regclass and d.refobjid = o.oid)"
    )


def _loose(catalog: str, family: str) -> str:
    return (
        f"i.{family} = y.oid and i.oid not in (select d.objid from pg_depend d where d.classid = '{catalog}'::regclass "
        "and d.refclassid = 'pg_opclass'::regclass)"
    )


OPERATOR_CLASSES = Kind(
    "operator classes",
    f"""
    select 'operator class' as kind,
        {qualified("o.opcnamespace", "o.opcname")} || ' using ' || quote_ident(m.amname) as name,
        array[{schema_parent("o.opcnamespace")}, 'operator family ' || y.opfnamespace::regnamespace || '.'
            || quote_ident(y.opfname) || ' using ' || quote_ident(m.amname)] as parent,
        o.opcowner::regrole as owner,
        {comment("pg_opclass", "o.oid")} as comment,
        {qualified("y.opfnamespace", "y.opfname")} as family,
        o.opcintype::regtype as type, case when o.opcdefault then true end as default,
        case when o.opckeytype <> 0 then o.opckeytype::regtype end as storage,
        {_items("pg_amop", _OPERATOR, _of_class("pg_amop"))} as operators,
        {_items("pg_amproc", _FUNCTION, _of_class("pg_amproc"))} as functions
    from pg_opclass o
        join pg_opfamily y on y.oid = o.opcfamily
        join pg_am m on m.oid = o.opcmethod
    where {is_own("pg_opclass", "o.oid")} and {in_own_schema("o.opcnamespace")}
        and o.oid = any($1)  -- only
    """,
    written_in=("pg_opclass", "pg_amop", "pg_amproc"),
)

OPERATOR_FAMILIES = Kind(
    "operator families",
    f"""
    select 'operator family' as kind,
        {qualified("y.opfnamespace", "y.opfname")} || ' using ' || quote_ident(m.amname) as name,
        {schema_parent("y.opfnamespace")} as parent,
        y.opfowner::regrole as owner,
        {comment("pg_opfamily", "y.oid")} as comment,
        {_items("pg_amop", _OPERATOR, _loose("pg_amop", "amopfamily"))} as operators,
        {_items("pg_amproc", _FUNCTION, _loose("pg_amproc", "amprocfamily"))} as functions
    from pg_opfamily y
        join pg_am m on m.oid = y.opfmethod
    where {is_own("pg_opfamily", "y.oid")} and {in_own_schema("y.opfnamespace")}
        and y.oid = any($1)  -- only
    """,
    written_in=("pg_opfamily", "pg_amop", "pg_amproc"),
)
