"""The rows that relations have in the catalogs: a relation is what it was if all of its rows are.

A row is told by its place and its transaction (ctid, xmin), which change with whatever is in it. The columns that
PostgreSQL updates in place (relpages, relhasindex and the like) are in no snapshot.
"""

# ruff: noqa: S608 (the texts are put together from this package's own words only)

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_migrations.catalog.kinds.facts import FIRST_OWN_OID
from pytest_migrations.catalog.questions import Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_migrations.catalog.records import Page

#: Stands for all that looks into relations: views, rules, policies, triggers, statistics.
LOOKING = 0


def _hash(alias: str) -> str:
    return f"hash_record_extended(row({alias}.tableoid, {alias}.ctid, {alias}.xmin), 0)"


_OWN = f"""
    select c.oid, c.relkind, c.reltoastrelid, coalesce(i.indrelid, c.oid) as relation, {_hash("c")} as hash
    from pg_class c left join pg_index i on i.indexrelid = c.oid
    where c.oid >= {FIRST_OWN_OID} and c.relpersistence <> 't' and c.relkind <> 't'
"""
#: By catalog, which relation has which rows in it. A foreign key is enforced by triggers, also by some of the table
#: that it refers to. The row of a sequence is written anew also where it only gets another owner.
ROWS = {
    "pg_class": f"""
        select relation, hash from own
        union all select o.oid, {_hash("t")} from own o join pg_class t on t.oid = o.reltoastrelid
            where t.oid >= {FIRST_OWN_OID}
        union all select {LOOKING}, hash from own where relkind in ('v', 'm')
        union all select {LOOKING}, {_hash("t")} from own o join pg_class t on t.oid = o.reltoastrelid
            where o.relkind = 'm' and t.oid >= {FIRST_OWN_OID}""",
    "pg_index": f"select i.indrelid, {_hash('i')} from pg_index i where i.indrelid >= {FIRST_OWN_OID}",
    "pg_attribute": f"""
        select o.relation, {_hash("a")} from own o join pg_attribute a on a.attrelid = o.oid
        where o.relkind <> 'S' and a.attnum > 0 and a.attrelid >= {FIRST_OWN_OID}""",
    "pg_attrdef": f"select d.adrelid, {_hash('d')} from pg_attrdef d",
    "pg_constraint": f"select k.conrelid, {_hash('k')} from pg_constraint k where k.conrelid >= {FIRST_OWN_OID}",
    "pg_trigger": f"""
        select k.conrelid, {_hash("g")} from pg_trigger g join pg_constraint k on k.oid = g.tgconstraint
            where g.tgconstraint <> 0
        union all select {LOOKING}, {_hash("g")} from pg_trigger g where not g.tgisinternal or g.tgparentid <> 0""",
    "pg_inherits": f"select o.relation, {_hash('h')} from own o join pg_inherits h on h.inhrelid = o.oid",
    "pg_foreign_table": f"select f.ftrelid, {_hash('f')} from pg_foreign_table f",
    "pg_sequence": f"select s.seqrelid, {_hash('s')} from pg_sequence s",
    "pg_description": f"""
        select o.relation, {_hash("d")} from own o join pg_description d on d.objoid = o.oid
            where d.classoid = 'pg_class'::regclass and d.objoid >= {FIRST_OWN_OID}
        union all select k.conrelid, {_hash("d")} from pg_constraint k join pg_description d on d.objoid = k.oid
            where d.classoid = 'pg_constraint'::regclass and d.objoid >= {FIRST_OWN_OID} and k.conrelid <> 0
        union all select {LOOKING}, {_hash("d")} from pg_description d where d.objoid >= {FIRST_OWN_OID}""",
    "pg_rewrite": f"select {LOOKING}, {_hash('r')} from pg_rewrite r where r.ev_class >= {FIRST_OWN_OID}",
    "pg_policy": f"select {LOOKING}, {_hash('p')} from pg_policy p",
    "pg_statistic_ext": f"select {LOOKING}, {_hash('s')} from pg_statistic_ext s",
}


def page(catalog: str) -> str:
    """The name of the page with the rows in a catalog."""
    return f"rows of {catalog}"


#: The pages that tell the relations from what they were: by OID, a hash of their rows in a catalog.
PAGES = tuple(map(page, ROWS))


def _branch(catalog: str, rows: str) -> str:
    counted = " + ".join(f"pg_stat_get_xact_tuples_{manner}(id)" for manner in ("inserted", "updated", "deleted"))
    return f"""
        select '{page(catalog)}', relation, bit_xor(hash)::text from ({rows}) r(relation, hash)
        where $1 or (select {counted} > 0 from to_regclass('pg_catalog.{catalog}') id)
        group by relation"""


_QUERY = f"with own as materialized ({_OWN}) " + " union all ".join(map(_branch, ROWS, ROWS.values()))

ALL_ROWS = Question(PAGES, lambda _: _QUERY, "bool", "true")
#: Only those of catalogs that the open transaction has written to.
WRITTEN_ROWS = ALL_ROWS._replace(value="false")


def touched(before: Mapping[str, Page], now: Mapping[str, Page]) -> tuple[set[int], set[int]]:
    """The relations that are new or not what they were (LOOKING may be among them), and those that are gone.

    Both have the pages of all catalogs.
    """
    again: set[int] = set()
    for name in PAGES:
        was, rows = before[name].rows, now[name].rows
        again |= {relation for relation in {**was, **rows} if was.get(relation) != rows.get(relation)}
    classes = page("pg_class")
    gone = before[classes].rows.keys() - now[classes].rows.keys() - {LOOKING}
    return again - gone, gone
