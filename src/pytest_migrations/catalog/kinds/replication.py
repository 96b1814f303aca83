"""Publications with what they publish, and subscriptions."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from pytest_migrations.catalog.kinds.facts import RELATION_KIND, comment, is_own
from pytest_migrations.catalog.kinds.kind import Kind

PUBLICATIONS = Kind(
    "publications",
    f"""
    select 'publication' as kind, quote_ident(p.pubname) as name,
        p.pubowner::regrole as owner,
        {comment("pg_publication", "p.oid")} as comment,
        case when p.puballtables then true end as "all tables",
        p.pubinsert as insert, p.pubupdate as update, p.pubdelete as delete, p.pubtruncate as truncate,
        case p.pubgencols when 's' then 'stored' end as "generated columns",  -- from 18
        case when p.pubviaroot then true end as "via root"
    from pg_publication p
    where {is_own("pg_publication", "p.oid")}
        and p.oid = any($1)  -- only
    """,
    written_in=("pg_publication",),
)

PUBLISHED_TABLES = Kind(
    "published tables",
    f"""
    select 'published table' as kind, r.prrelid::regclass || ' in ' || quote_ident(p.pubname) as name,
        array['publication ' || quote_ident(p.pubname), {RELATION_KIND} || ' ' || r.prrelid::regclass] as parent,
        pg_get_expr(r.prqual, r.prrelid) as where,  -- from 15
        (select array_agg(a.attname order by a.attname) from pg_attribute a  -- from 15
            where a.attrelid = r.prrelid and a.attnum = any(r.prattrs)) as columns,  -- from 15
        {comment("pg_publication_rel", "r.oid")} as comment
    from pg_publication_rel r
        join pg_publication p on p.oid = r.prpubid
        join pg_class c on c.oid = r.prrelid
    where {is_own("pg_publication", "p.oid")}
        and r.oid = any($1)  -- only
    """,
    written_in=("pg_publication_rel",),
)

# pg_publication_namespace is new in 15.
PUBLISHED_SCHEMAS = Kind(
    "published schemas",
    """
    select 'published schema' as kind, null::text as name, null::text as parent where false  -- until 14
    select 'published schema' as kind, n.pnnspid::regnamespace || ' in ' || quote_ident(p.pubname) as name,  -- from 15
        array['publication ' || quote_ident(p.pubname), 'schema ' || n.pnnspid::regnamespace] as parent  -- from 15
    from pg_publication_namespace n join pg_publication p on p.oid = n.pnpubid  -- from 15
    where true  -- from 15
        and n.oid = any($1)  -- only, from 15
    """,
    written_in=("pg_publication_namespace",),
)

# Only a superuser may read the connection string, which may hold a password.
SUBSCRIPTIONS = Kind(
    "subscriptions",
    f"""
    select 'subscription' as kind, quote_ident(s.subname) as name,
        s.subowner::regrole as owner,
        {comment("pg_subscription", "s.oid")} as comment,
        s.subslotname as slot, s.subsynccommit as "synchronous commit",
        (select array_agg(p order by p) from unnest(s.subpublications) p) as publications,
        s.subbinary as binary, s.substream as streaming,
        s.subtwophasestate <> 'd' as "two phase", s.subdisableonerr as "disable on error",  -- from 15
        s.subpasswordrequired as "password required", s.subrunasowner as "run as owner",  -- from 16
        s.suborigin as origin,  -- from 16
        s.subfailover as failover,  -- from 17
        encode(sha256(convert_to(s.subconninfo, 'UTF8')), 'hex') as "connection (hidden)",  -- superuser
        s.subenabled as enabled
    from pg_subscription s
    where s.subdbid = (select oid from pg_database where datname = current_database())
        and s.oid = any($1)  -- only
    """,
    written_in=("pg_subscription",),
)
