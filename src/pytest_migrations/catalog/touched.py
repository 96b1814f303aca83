"""Which relations have to be read again, because they are not what they were when the open transaction began.

The text of a relation's parts (columns, constraints, indexes) is made of its own rows in the catalogs, and of the names
of other things. So a relation is read again when one of its rows is another one, and all of them are when something
that existed has got another name. What looks into relations (views, rules, policies) also depends on their columns.

A row is told by its place and its transaction (ctid, xmin), which change with whatever is in it. The columns that
PostgreSQL updates in place (relpages, relhasindex and the like) are in no snapshot.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_migrations.catalog.kinds.facts import FIRST_OWN_OID
from pytest_migrations.catalog.kinds.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_migrations.catalog.records import Page

#: The page that tells the relations from what they were: by OID, a hash of their rows. Under ``LOOKING`` are the rows
#: of what looks into relations.
RELATIONS = "relations"
LOOKING = 0


def _hash(alias: str) -> str:
    return f"hash_record_extended(row({alias}.tableoid, {alias}.ctid, {alias}.xmin), 0)"


_OWN = f"""
    select c.oid, c.relkind, c.reltoastrelid, coalesce(i.indrelid, c.oid) as relation, {_hash("c")} as hash
    from pg_class c left join pg_index i on i.indexrelid = c.oid
    where c.oid >= {FIRST_OWN_OID} and c.relpersistence <> 't' and c.relkind <> 't'
"""
#: What has which rows. A foreign key is enforced by triggers, also by some of the table that it refers to. The row of a
#: sequence is written anew also where it only gets another owner.
_ROWS = f"""
    select relation, hash from own
    union all select o.oid, {_hash("t")} from own o join pg_class t on t.oid = o.reltoastrelid
        where t.oid >= {FIRST_OWN_OID}
    union all select i.indrelid, {_hash("i")} from pg_index i where i.indrelid >= {FIRST_OWN_OID}
    union all select o.relation, {_hash("a")} from own o join pg_attribute a on a.attrelid = o.oid
        where o.relkind <> 'S' and a.attnum > 0 and a.attrelid >= {FIRST_OWN_OID}
    union all select d.adrelid, {_hash("d")} from pg_attrdef d
    union all select k.conrelid, {_hash("k")} from pg_constraint k where k.conrelid >= {FIRST_OWN_OID}
    union all select k.conrelid, {_hash("g")} from pg_trigger g join pg_constraint k on k.oid = g.tgconstraint
        where g.tgconstraint <> 0
    union all select o.relation, {_hash("h")} from own o join pg_inherits h on h.inhrelid = o.oid
    union all select f.ftrelid, {_hash("f")} from pg_foreign_table f
    union all select s.seqrelid, {_hash("s")} from pg_sequence s
    union all select o.relation, {_hash("d")} from own o join pg_description d on d.objoid = o.oid
        where d.classoid = 'pg_class'::regclass and d.objoid >= {FIRST_OWN_OID}
    union all select k.conrelid, {_hash("d")} from pg_constraint k join pg_description d on d.objoid = k.oid
        where d.classoid = 'pg_constraint'::regclass and d.objoid >= {FIRST_OWN_OID} and k.conrelid <> 0

    union all select {LOOKING}, hash from own where relkind in ('v', 'm')
    union all select {LOOKING}, {_hash("t")} from own o join pg_class t on t.oid = o.reltoastrelid where o.relkind = 'm'
    union all select {LOOKING}, {_hash("r")} from pg_rewrite r where r.ev_class >= {FIRST_OWN_OID}
    union all select {LOOKING}, {_hash("p")} from pg_policy p
    union all select {LOOKING}, {_hash("s")} from pg_statistic_ext s
    union all select {LOOKING}, {_hash("g")} from pg_trigger g where not g.tgisinternal or g.tgparentid <> 0
    union all select {LOOKING}, {_hash("d")} from pg_description d where d.objoid >= {FIRST_OWN_OID}
"""
RELATIONS_QUERY = f"""
select '{RELATIONS}', relation, bit_xor(hash)::text
from (with own as materialized ({_OWN}) {_ROWS}) r(relation, hash)
group by relation
"""

#: What the relations and their parts are called, by what never changes.
NAMES = Kind(
    "names",
    f"""
    select o.relation, 'names' as kind, o.relation as name, array_agg(o.name) as names
    from (
        select coalesce(i.indrelid, c.oid), 'r' || c.oid || '=' || c.relnamespace || '.' || c.relname
            from pg_class c left join pg_index i on i.indexrelid = c.oid
            where c.oid >= {FIRST_OWN_OID} and c.relpersistence <> 't' and c.relkind <> 't'
        union all
        select a.attrelid, 'a' || a.attnum || '=' || a.attname
            from pg_attribute a join pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p', 'f', 'c', 'v', 'm')
            where a.attrelid >= {FIRST_OWN_OID} and a.attnum > 0 and not a.attisdropped and c.relpersistence <> 't'
        union all
        select k.conrelid, 'k' || k.oid || '=' || k.conname from pg_constraint k where k.conrelid >= {FIRST_OWN_OID}
    ) o(relation, name)
    where true
        and o.relation = any($1)  -- only
    group by o.relation
    """,
    parts=True,
)

#: The catalogs of what texts of relations name. An update there may be another name.
RENAMED_IN = ("pg_am", "pg_authid", "pg_enum", "pg_foreign_server", "pg_namespace", "pg_tablespace", "pg_type")
#: Where any row may decide whether a name is printed with its schema, or at all.
SPELLED_BY = ("pg_cast", "pg_collation", "pg_opclass", "pg_operator", "pg_proc", "pg_ts_config", "pg_ts_dict")

#: Texts that depend on other things in ways that PostgreSQL does not track: an array of names stands for OIDs, and a
#: row constructor has as many fields as its type has columns by now.
_UNTRACKED = re.compile(rb"::reg[a-z]+\[\]|ROW\(")


def touched(before: Page, now: Page) -> set[int]:
    """The relations that are new or not what they were."""
    return {relation for relation, rows in now.rows.items() if before.rows.get(relation) != rows}


def is_untracked(pages: Iterable[Page]) -> bool:
    return any(
        (b"ROW(" in text or b"::reg" in text) and _UNTRACKED.search(text)
        for page in pages
        for text in page.rows.values()
    )


def is_renamed(before: Page, now: Page) -> bool:
    """Whether something that was there before is called something else."""
    return any(
        names.get(thing, name) != name
        for relation in _in_both(before, now)
        for names in [_names(before, relation)]
        for thing, name in _names(now, relation).items()
    )


def has_other_columns(before: Page, now: Page) -> bool:
    """Whether a relation that was there before has other columns."""
    return any(_columns(before, relation) != _columns(now, relation) for relation in _in_both(before, now))


def _in_both(before: Page, now: Page) -> set[int]:
    return {relation for relation, rows in now.rows.items() if before.rows.get(relation, rows) != rows}


def _columns(page: Page, relation: int) -> set[str]:
    return {thing for thing in _names(page, relation) if thing.startswith("a")}


def _names(page: Page, relation: int) -> Mapping[str, str]:
    (row,) = page.of(relation)
    return dict(name.split("=", 1) for name in row["names"])
