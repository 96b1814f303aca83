"""The rows that relations have in the catalogs: a relation is what it was if all of its rows are.

A row that the open transaction has made or altered has its number (xmin). Where a row may be gone and its relation is
otherwise as it was, the rows are told by their places and transactions (ctid, xmin), which change with whatever is in
them. The columns that PostgreSQL updates in place (relpages, relhasindex and the like) are in no snapshot.
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


def _relation(oid: str) -> str:
    """The table of an index, and any other relation itself."""
    return f"coalesce((select x.indrelid from pg_index x where x.indexrelid = {oid}), {oid})"


#: By catalog, which relation has which rows in it; of pg_class whether it is there. A foreign key is enforced by
#: triggers, also by some of the table that it refers to. The row of a sequence is written anew also where it only gets
#: another owner.
ROWS = {
    "pg_class": f"""
        select c.oid, 0 from pg_class c
        where c.oid >= {FIRST_OWN_OID} and c.relpersistence <> 't' and c.relkind not in ('t', 'i', 'I')""",
    "pg_index": f"select i.indrelid, {_hash('i')} from pg_index i where i.indrelid >= {FIRST_OWN_OID}",
    "pg_attrdef": f"select d.adrelid, {_hash('d')} from pg_attrdef d",
    "pg_constraint": f"select k.conrelid, {_hash('k')} from pg_constraint k where k.conrelid >= {FIRST_OWN_OID}",
    "pg_trigger": f"""
        select k.conrelid, {_hash("g")} from pg_trigger g join pg_constraint k on k.oid = g.tgconstraint
            where g.tgconstraint <> 0
        union all select {LOOKING}, {_hash("g")} from pg_trigger g where not g.tgisinternal or g.tgparentid <> 0""",
    "pg_inherits": f"select {_relation('h.inhrelid')}, {_hash('h')} from pg_inherits h",
    "pg_foreign_table": f"select f.ftrelid, {_hash('f')} from pg_foreign_table f",
    "pg_sequence": f"select s.seqrelid, {_hash('s')} from pg_sequence s",
    "pg_description": f"""
        select {_relation("d.objoid")}, {_hash("d")} from pg_description d
            where d.classoid = 'pg_class'::regclass and d.objoid >= {FIRST_OWN_OID}
        union all select k.conrelid, {_hash("d")} from pg_constraint k join pg_description d on d.objoid = k.oid
            where d.classoid = 'pg_constraint'::regclass and d.objoid >= {FIRST_OWN_OID} and k.conrelid <> 0
        union all select {LOOKING}, {_hash("d")} from pg_description d where d.objoid >= {FIRST_OWN_OID}""",
    "pg_rewrite": f"select {LOOKING}, {_hash('r')} from pg_rewrite r where r.ev_class >= {FIRST_OWN_OID}",
    "pg_policy": f"select {LOOKING}, {_hash('p')} from pg_policy p",
    "pg_statistic_ext": f"select {LOOKING}, {_hash('s')} from pg_statistic_ext s",
}
#: By catalog, which relations have rows in it that the open transaction has made or altered. Of these catalogs no row
#: goes but with its relation, or with an index, which has a row in pg_index.
_NEW_ROWS = {
    "pg_class": f"""
        select {_relation("c.oid")} from pg_class c where age(c.xmin) <= 0 and c.oid >= {FIRST_OWN_OID}
        union all select {LOOKING} from pg_class c
            where age(c.xmin) <= 0 and c.oid >= {FIRST_OWN_OID} and c.relkind in ('v', 'm')
        union all select unnest(array[o.oid, {LOOKING}]) from pg_class t join pg_class o on o.reltoastrelid = t.oid
            where t.relkind = 't' and age(t.xmin) <= 0 and t.oid >= {FIRST_OWN_OID}""",
    "pg_attribute": f"""
        select {_relation("a.attrelid")} from pg_attribute a
        where age(a.xmin) <= 0 and a.attrelid >= {FIRST_OWN_OID} and a.attnum > 0""",
}


def page(catalog: str) -> str:
    """The name of the page with the rows in a catalog."""
    return f"rows of {catalog}"


#: The pages that tell the relations from what they were: by OID, a hash of their rows in a catalog.
PAGES = tuple(map(page, ROWS))
#: The page of relations that have rows which the transaction has made or altered.
_NEW = "new rows"


def _is_written(catalog: str) -> str:
    id_ = f"'pg_catalog.{catalog}'::regclass"
    counted = " + ".join(f"pg_stat_get_xact_tuples_{manner}({id_})" for manner in ("inserted", "updated", "deleted"))
    return f"(select {counted} > 0)"


def _rows(catalog: str, rows: str) -> str:
    return f"""
        select '{page(catalog)}', relation, bit_xor(hash)::text from ({rows}) r(relation, hash)
        where $1 or {_is_written(catalog)}
        group by relation"""


def _new_rows(catalog: str, rows: str) -> str:
    return f"""
        select '{_NEW}', relation, count(*)::text from ({rows}) r(relation)
        where not $1 and {_is_written(catalog)}
        group by relation"""


_QUERY = " union all ".join([*map(_rows, ROWS, ROWS.values()), *map(_new_rows, _NEW_ROWS, _NEW_ROWS.values())])

ALL_ROWS = Question((*PAGES, _NEW), lambda _: _QUERY, "bool", "true")
#: Only those of catalogs that the open transaction has written to.
WRITTEN_ROWS = ALL_ROWS._replace(value="false")


def touched(before: Mapping[str, Page], now: Mapping[str, Page]) -> tuple[set[int], set[int]]:
    """The relations that are new or not what they were (LOOKING may be among them), and those that are gone.

    Both have the pages of all catalogs; ``now`` was read by WRITTEN_ROWS.
    """
    again = set(now[_NEW].rows)
    for name in PAGES:
        was, rows = before[name].rows, now[name].rows
        again |= {relation for relation in {**was, **rows} if was.get(relation) != rows.get(relation)}
    classes = page("pg_class")
    gone = before[classes].rows.keys() - now[classes].rows.keys()
    return again - gone, gone
