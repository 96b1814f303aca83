"""SQL for the facts that objects of every kind have: whose they are, who may use them, what is said about them."""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

#: Objects with a lower OID were made by initdb (PostgreSQL docs, "System Catalog Initial Data").
FIRST_OWN_OID = 16384

#: What a relation is called, by the letter in pg_class.relkind of alias ``c``.
RELATION_KIND = (
    "case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' "
    "when 'c' then 'type' when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end"
)


def comment(catalog: str, oid: str, *, column: str = "0") -> str:
    """What is said about an object; looked up only where something is said at all, since most have no comment."""
    return (
        f"case when {oid} in (select objoid from pg_description where objoid >= {FIRST_OWN_OID}) "
        f"or {oid} < {FIRST_OWN_OID} then (select said.description from pg_description said where said.objoid = {oid} "
        f"and said.classoid = '{catalog}'::regclass and said.objsubid = {column}) end"
    )


def privileges(acl: str, letter: str, owner: str) -> str:
    """The ACL beside the one that null stands for; pytest_migrations.catalog.privileges makes text of it."""
    return (
        f"case when {acl} is not null then json_build_object("
        f"'acl', {acl}, 'default', acldefault('{letter}', {owner}), 'owner', {owner}::regrole) end"
    )


def depends_on_extensions(catalog: str, oid: str) -> str:
    """The extensions with which the object goes though it is no member: ALTER ... DEPENDS ON EXTENSION."""
    depend = "pg_depend d where d.refclassid = 'pg_extension'::regclass and d.deptype = 'x'"
    return (
        f"case when {oid} in (select d.objid from {depend}) then (select array_agg(e.extname order by e.extname) "
        f"from pg_extension e where e.oid in (select d.refobjid from {depend} "
        f"and d.classid = '{catalog}'::regclass and d.objid = {oid})) end"
    )


def is_chosen(constraint: str, owner: str, column: str | None = None) -> str:
    """Whether the name of a NOT NULL was chosen by a person.

    An automatic one is its table, its column and not_null, of which one may be called something else by now, and long
    ones are cut.
    """
    automatic = f"starts_with({constraint}, left({owner}, 20))"
    if column:
        automatic += f" or strpos({constraint}, '_' || left({column}, 20)) > 0"
    return f"not ({constraint} ~ '_not_null\\d*$' and ({automatic}))"


def in_own_schema(namespace: str) -> str:
    return f"{namespace} in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')"


def is_own(catalog: str, oid: str) -> str:
    """Made by a user, and not by an extension that a user created."""
    return (
        f"{oid} >= {FIRST_OWN_OID} and {oid} not in (select objid from pg_depend "
        f"where refclassid = 'pg_extension'::regclass and deptype = 'e' and classid = '{catalog}'::regclass)"
    )


def is_of_own(oid: str) -> str:
    """A condition that a join implies, for the planner, which then reads an index from there on and not the whole."""
    return f"{oid} >= {FIRST_OWN_OID}"


def is_own_relation(alias: str) -> str:
    return (
        f"{is_own('pg_class', alias + '.oid')} and {alias}.relpersistence <> 't' "
        f"and {in_own_schema(alias + '.relnamespace')}"
    )


def schema_parent(namespace: str) -> str:
    return f"'schema ' || {namespace}::regnamespace"


def qualified(namespace: str, name: str) -> str:
    return f"{namespace}::regnamespace || '.' || quote_ident({name})"
