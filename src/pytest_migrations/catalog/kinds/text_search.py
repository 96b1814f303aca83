"""Text search parsers, dictionaries, templates and configurations."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import comment, in_own_schema, is_own, qualified, schema_parent
from pytest_migrations.catalog.kinds.kind import Kind

PARSERS = Kind(
    "text search parsers",
    f"""
    select 'text search parser' as kind, {qualified("p.prsnamespace", "p.prsname")} as name,
        {schema_parent("p.prsnamespace")} as parent,
        {comment("pg_ts_parser", "p.oid")} as comment,
        p.prsstart as start, p.prstoken as "get token", p.prsend as end, p.prsheadline as headline,
        p.prslextype as "lexeme types"
    from pg_ts_parser p
    where {is_own("pg_ts_parser", "p.oid")} and {in_own_schema("p.prsnamespace")}
        and p.oid = any($1)  -- only
    """,
    written_in=("pg_ts_parser",),
)

DICTIONARIES = Kind(
    "text search dictionaries",
    f"""
    select 'text search dictionary' as kind, {qualified("d.dictnamespace", "d.dictname")} as name,
        {schema_parent("d.dictnamespace")} as parent,
        d.dictowner::regrole as owner,
        {comment("pg_ts_dict", "d.oid")} as comment,
        (select {qualified("m.tmplnamespace", "m.tmplname")} from pg_ts_template m where m.oid = d.dicttemplate)
            as template,
        d.dictinitoption as options
    from pg_ts_dict d
    where {is_own("pg_ts_dict", "d.oid")} and {in_own_schema("d.dictnamespace")}
        and d.oid = any($1)  -- only
    """,
    written_in=("pg_ts_dict",),
)

TEMPLATES = Kind(
    "text search templates",
    f"""
    select 'text search template' as kind, {qualified("m.tmplnamespace", "m.tmplname")} as name,
        {schema_parent("m.tmplnamespace")} as parent,
        {comment("pg_ts_template", "m.oid")} as comment,
        m.tmplinit as init, m.tmpllexize as lexize
    from pg_ts_template m
    where {is_own("pg_ts_template", "m.oid")} and {in_own_schema("m.tmplnamespace")}
        and m.oid = any($1)  -- only
    """,
    written_in=("pg_ts_template",),
)

CONFIGURATIONS = Kind(
    "text search configurations",
    f"""
    select 'text search configuration' as kind, f.oid::regconfig as name, {schema_parent("f.cfgnamespace")} as parent,
        f.cfgowner::regrole as owner,
        {comment("pg_ts_config", "f.oid")} as comment,
        (select {qualified("p.prsnamespace", "p.prsname")} from pg_ts_parser p where p.oid = f.cfgparser) as parser,
        (select array_agg((select t.alias from ts_token_type(f.cfgparser) t where t.tokid = m.maptokentype)
            || ': ' || m.mapdict::regdictionary order by m.maptokentype, m.mapseqno)
            from pg_ts_config_map m where m.mapcfg = f.oid) as mappings
    from pg_ts_config f
    where {is_own("pg_ts_config", "f.oid")} and {in_own_schema("f.cfgnamespace")}
        and f.oid = any($1)  -- only
    """,
    written_in=("pg_ts_config", "pg_ts_config_map"),
)
