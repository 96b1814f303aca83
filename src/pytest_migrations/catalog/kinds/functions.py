"""Functions, procedures, window functions and aggregates."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import (
    comment,
    depends_on_extensions,
    in_own_schema,
    is_own,
    privileges,
    schema_parent,
)
from pytest_migrations.catalog.kinds.kind import Kind

FUNCTIONS = Kind(
    "functions",
    f"""
    select case p.prokind when 'p' then 'procedure' else 'function' end as kind,
        p.oid::regprocedure as name, {schema_parent("p.pronamespace")} as parent,
        p.proowner::regrole as owner,
        {privileges("p.proacl", "f", "p.proowner")} as privileges,
        {comment("pg_proc", "p.oid")} as comment,
        pg_get_function_arguments(p.oid) as arguments,
        pg_get_function_result(p.oid) as returns,
        case when p.prokind = 'w' then true end as window,
        (select l.lanname from pg_language l where l.oid = p.prolang) as language,
        case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
        case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end as parallel,
        case when p.proisstrict then true end as strict,
        case when p.prosecdef then true end as "security definer",
        case when p.proleakproof then true end as leakproof,
        p.procost as cost, nullif(p.prorows, 0) as rows,
        case when p.prosupport <> 0 then p.prosupport::regprocedure end as support,
        case when p.protrftypes is not null then (select array_agg(t::regtype) from unnest(p.protrftypes) t)
        end as transforms,
        p.proconfig as settings,
        case when p.prosqlbody is null then p.prosrc end as body,
        case when p.prosqlbody is not null then pg_get_function_sqlbody(p.oid) end as "sql body",
        p.probin as library,
        {depends_on_extensions("pg_proc", "p.oid")} as "depends on extensions"
    from pg_proc p
    where p.prokind <> 'a' and {is_own("pg_proc", "p.oid")} and {in_own_schema("p.pronamespace")}
        and p.oid not in (select objid from pg_depend where classid = 'pg_proc'::regclass and deptype = 'i'
            and refclassid = 'pg_type'::regclass)
        and p.oid = any($1)  -- only
    """,
    across=True,
    written_in=("pg_proc",),
)

AGGREGATES = Kind(
    "aggregates",
    f"""
    select 'aggregate' as kind, p.oid::regprocedure as name, {schema_parent("p.pronamespace")} as parent,
        p.proowner::regrole as owner,
        {privileges("p.proacl", "f", "p.proowner")} as privileges,
        {comment("pg_proc", "p.oid")} as comment,
        pg_get_function_arguments(p.oid) as arguments,
        pg_get_function_result(p.oid) as returns,
        case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end as parallel,
        case g.aggkind when 'o' then 'ordered set' when 'h' then 'hypothetical' end as form,
        g.aggtransfn::regprocedure as "state function",
        g.aggtranstype::regtype as "state type", nullif(g.aggtransspace, 0) as "state space",
        g.agginitval as initial,
        case when g.aggfinalfn <> 0 then g.aggfinalfn::regprocedure end as "final function",
        case when g.aggfinalextra then true end as "final function takes all",
        g.aggfinalmodify as "final function modifies",
        case when g.aggcombinefn <> 0 then g.aggcombinefn::regprocedure end as "combine function",
        case when g.aggserialfn <> 0 then g.aggserialfn::regprocedure end as "serialize function",
        case when g.aggdeserialfn <> 0 then g.aggdeserialfn::regprocedure end as "deserialize function",
        case when g.aggmtransfn <> 0 then g.aggmtransfn::regprocedure end as "moving state function",
        case when g.aggminvtransfn <> 0 then g.aggminvtransfn::regprocedure end as "moving inverse function",
        case when g.aggmtranstype <> 0 then g.aggmtranstype::regtype end as "moving state type",
        nullif(g.aggmtransspace, 0) as "moving state space", g.aggminitval as "moving initial",
        case when g.aggmfinalfn <> 0 then g.aggmfinalfn::regprocedure end as "moving final function",
        case when g.aggmfinalextra then true end as "moving final function takes all",
        g.aggmfinalmodify as "moving final function modifies",
        case when g.aggsortop <> 0 then g.aggsortop::regoperator end as "sort operator"
    from pg_aggregate g
        join pg_proc p on p.oid = g.aggfnoid
    where {is_own("pg_proc", "p.oid")} and {in_own_schema("p.pronamespace")}
        and p.oid = any($1)  -- only
    """,
    written_in=("pg_aggregate", "pg_proc"),
)
