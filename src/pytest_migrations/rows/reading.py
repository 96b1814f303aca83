"""Reads from the catalog what decides which rows tables take, in one query."""

from __future__ import annotations

import json
import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from psycopg import errors, sql
from psycopg.rows import tuple_row

from pytest_migrations.catalog.session import BY_INDEX, NOT_TEMPORARY, pinned
from pytest_migrations.rows.table import Check, Column, ForeignKey, Key, Table, Type

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import psycopg

#: Of a table with more partitions than that, rows go into some of them.
_MOST_PARTITIONS = 12
#: Below it are the objects of the system (FirstNormalObjectId in PostgreSQL's sources).
_FIRST_OF_USERS = 16384

#: $1 are names and $2 OIDs of tables. What inherits from one of them is asked for as well. What is only referred to
#: gets along with NULL in its own foreign keys, so that a chain of them is not followed to its end.
_QUERY = f"""
with recursive named(oid, asked) as (
    select c.oid, true
    from (select oid from pg_class where relname = any ($1) union select unnest($2)) asked(oid) join pg_class c using (oid)
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and c.oid::int8 >= {_FIRST_OF_USERS}
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  union
    select more.oid, n.asked and more.is_child from named n cross join lateral (
        select k.confrelid, false from pg_constraint k where k.conrelid = n.oid and k.contype = 'f'
          and (n.asked or not exists (select from pg_attribute a
            where a.attrelid = n.oid and a.attnum = any (k.conkey) and not a.attnotnull))
      union all
        select i.inhrelid, true from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = n.oid and n.asked and c.relkind = 'r' and not c.relispartition
    ) more(oid, is_child)
), wanted as (
    select oid, bool_or(asked) as asked from named group by oid
), used(oid) as (
    select a.atttypid from wanted w join pg_attribute a on a.attrelid = w.oid and a.attnum > 0 and not a.attisdropped
  union
    select part.oid from used u join pg_type t on t.oid = u.oid cross join lateral (
        select t.typbasetype where t.typtype = 'd'
      union all select t.typelem where t.typelem <> 0 and t.typlen = -1 and t.typcategory = 'A'
      union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
      union all select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
      union all select a.atttypid from pg_attribute a
        where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped
    ) part(oid)
)
select 'type', t.oid::int8, json_build_object(
    'kind', t.typtype, 'name', format_type(t.oid, null), 'base', t.typname,
    'element', case when t.typtype = 'd' then t.typbasetype when t.typtype = 'b' and t.typcategory = 'A' then t.typelem
        else (select case when r.rngtypid = t.oid then r.rngsubtype else r.rngtypid end
            from pg_range r where t.oid in (r.rngtypid, r.rngmultitypid)) end::int8,
    'modifier', t.typtypmod, 'nullable', not t.typnotnull,
    'labels', (select json_agg(e.enumlabel order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
    'checks', (select json_agg(pg_get_expr(k.conbin, 0) order by k.conname) from pg_constraint k
        where k.contypid = t.oid and k.contype = 'c'),
    'attributes', (select json_agg(json_build_array(a.attname, a.atttypid::int8, a.atttypmod,
            format_type(a.atttypid, a.atttypmod)) order by a.attnum)
        from pg_attribute a where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped))
from used join pg_type t using (oid)
union all
select 'table', c.oid::int8, json_build_object(
    'asked', w.asked, 'schema', n.nspname, 'name', c.relname, 'quoted', c.oid::regclass::text,
    'partition', case when c.relispartition then pg_get_partition_constraintdef(c.oid) end,
    'partitions', case when c.relkind = 'p' then (select json_agg(p.condition) from (
        select pg_get_partition_constraintdef(p.relid) from pg_partition_tree(c.oid) p
          join pg_class l on l.oid = p.relid and l.relkind = 'r'
        where p.isleaf order by l.relname limit {_MOST_PARTITIONS}) p(condition)) end,
    'partitioned', c.relkind = 'p', 'root', pg_partition_root(c.oid)::int8,
    'identity', (select json_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = c.oid
        and a.attnum = any ((select i.indkey::int2[] from pg_index i where i.indrelid = c.oid and i.indisunique
            and i.indpred is null and i.indexprs is null and not exists (select from pg_attribute o
                where o.attrelid = c.oid and o.attnum = any (i.indkey::int2[]) and not o.attnotnull)
            order by i.indisprimary desc, i.indexrelid limit 1)::int2[])),
    -- With EXISTS the planner would read all there are.
    'triggers', (select true from pg_trigger t
        where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 4 <> 0 limit 1),
    'rules', (select true from pg_rewrite r where r.ev_class = c.oid and r.ev_type = '3' limit 1),
    'columns', (select json_agg(json_build_array(a.attname, a.atttypid::int8, a.atttypmod,
            format_type(a.atttypid, a.atttypmod), a.attnum, not a.attnotnull,
            case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
            a.atthasdef or a.attidentity <> '',
            a.attidentity <> '' or pg_get_expr(d.adbin, d.adrelid) like 'nextval(%') order by a.attnum)
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
    'checks', (select json_agg(json_build_array(
            k.conname, k.conkey, pg_get_expr(k.conbin, k.conrelid)) order by k.conname)
        from pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
          and coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)),
    'foreign', (select json_agg(json_build_array(k.conname, k.conkey, k.confrelid::int8,
            (select json_agg(a.attname order by u.place) from unnest(k.confkey) with ordinality u(number, place)
               join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number),
            k.confmatchtype = 'f') order by k.conname)
        from pg_constraint k where k.conrelid = c.oid and k.contype = 'f'
          and not exists (select from pg_constraint p where p.oid = k.conparentid and p.conrelid = k.conrelid)),
    'keys', (select json_agg(json_build_array(
            case when i.indexprs is null then to_jsonb((i.indkey::int2[])[0:i.indnkeyatts - 1])
            else (select jsonb_agg(distinct d.refobjsubid) from pg_depend d where d.classid = 'pg_class'::regclass
                and d.objid = i.indexrelid and d.refobjid = c.oid and d.refobjsubid > 0) end,
            not coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false),
            i.indexprs is null and not i.indisexclusion) order by i.indexrelid)
        from pg_index i where i.indrelid = c.oid and (i.indisunique or i.indisexclusion)),
    'indexed', (select json_agg(json_build_array(i.indexrelid::regclass::text, (
            select jsonb_agg(distinct d.refobjsubid) from pg_depend d where d.classid = 'pg_class'::regclass
                and d.objid = i.indexrelid and d.refobjid = c.oid and d.refobjsubid > 0),
            concat_ws(', ', pg_get_expr(i.indexprs, c.oid), pg_get_expr(i.indpred, c.oid))) order by i.indexrelid)
        from pg_index i where i.indrelid = c.oid and (i.indexprs is not null or i.indpred is not null)),
    'deferrable', (select json_agg(json_build_array(k.connamespace::regnamespace::text, k.conname, k.condeferred,
            exists (select from pg_constraint o where o.conname = k.conname and o.connamespace = k.connamespace
                and not o.condeferrable)) order by k.conname)
        from pg_constraint k where k.conrelid = c.oid and k.condeferrable))
from wanted w join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')"""
_NAME = '"pytest_migrations rows"'
_PREPARE = f"prepare {_NAME}(text[], oid[]) as {_QUERY};"
_KINDS = {"b": "base", "c": "composite", "d": "domain", "e": "enum", "r": "range", "m": "multirange"}


def read_tables(
    connection: psycopg.Connection[Any], *, names: Collection[str] = (), oids: Collection[int] = ()
) -> tuple[dict[int, Table], set[int]]:
    """The tables with these names, in whatever schema, or OIDs, and all that their rows have to refer to, by OID.

    Also which of them were asked for, those that inherit from one included. What belongs to an extension is left out.
    Raises psycopg.Error where the server does.
    """
    if not names and not oids:
        return {}, set()
    execute = sql.SQL("execute {} ({}::text[], {}::oid[])").format(sql.SQL(_NAME), list(names), list(oids))
    ask = NOT_TEMPORARY + BY_INDEX + execute.as_string(connection)
    try:
        (result,) = pinned(connection, ask)
    except errors.InvalidSqlStatementName:
        (result,) = pinned(connection, NOT_TEMPORARY + _PREPARE + BY_INDEX + execute.as_string(connection))
    rows = [
        (result.get_value(row, 0), int(result.get_value(row, 1) or 0), json.loads(result.get_value(row, 2) or b"{}"))
        for row in range(result.ntuples)
    ]
    types = _Types({oid: facts for kind, oid, facts in rows if kind == b"type"})
    described = {oid: facts for kind, oid, facts in sorted(rows, key=itemgetter(1)) if kind == b"table"}
    return (
        {oid: _table(oid, facts, types) for oid, facts in described.items()},
        {oid for oid, facts in described.items() if facts["asked"]},
    )


def tables_of(connection: psycopg.Connection[Any]) -> dict[int, Table]:
    """All tables of the database that are a user's, without their partitions, by OID."""
    oids = [oid for (oid,) in connection.cursor(row_factory=tuple_row).execute(_ALL)]
    return {oid: table for oid, table in read_tables(connection, oids=oids)[0].items() if table.root == oid}


_ALL = f"""
SELECT c.oid::pg_catalog.int8 FROM pg_catalog.pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition AND c.oid >= {_FIRST_OF_USERS}
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
""".encode()


class _Types:
    """Makes types of what was read of them, each with the modifiers that a column has."""

    def __init__(self, facts: Mapping[int, dict[str, Any]]) -> None:
        self._facts = facts

    def make(self, oid: int, modifier: int, name: str) -> Type:
        facts = self._facts[oid]
        kind: Any = _KINDS[facts["kind"]]
        if kind == "base" and facts["element"]:
            kind = "array"
        return Type(
            name,
            kind,
            facts["base"],
            modifier,
            tuple(facts["labels"] or ()),
            self._element(kind, facts, modifier),
            tuple((attribute, self.make(*place)) for attribute, *place in facts["attributes"] or ()),
            tuple(facts["checks"] or ()),
            facts["nullable"],
        )

    def _element(self, kind: str, facts: Mapping[str, Any], modifier: int) -> Type | None:
        if not facts["element"]:
            return None
        of = self._facts[facts["element"]]
        inner = facts["modifier"] if kind == "domain" else modifier if kind == "array" else -1
        return self.make(facts["element"], inner, of["name"])


def _table(oid: int, facts: Mapping[str, Any], types: _Types) -> Table:
    columns = tuple(
        Column(name, types.make(type_, modifier, shown), position, nullable, generated or "", has_default, bool(counts))
        for name, type_, modifier, shown, position, nullable, generated, has_default, counts in facts["columns"] or ()
    )
    named = {column.position: column.name for column in columns}
    shown = f"{facts['schema']}.{facts['name']}"
    checks = [
        Check(name, frozenset(named[place] for place in places or () if place in named), condition)
        for name, places, condition in facts["checks"] or ()
    ]
    return Table(
        oid,
        facts["quoted"],
        facts["name"],
        shown,
        columns,
        (*checks, *_bounds(facts, columns)),
        tuple(
            Key(frozenset(named[place] for place in places or ()), takes_nulls, by_value)
            for places, takes_nulls, by_value in facts["keys"] or ()
        ),
        tuple(
            ForeignKey(name, tuple(named[place] for place in places), target, tuple(referred), all_or_none)
            for name, places, target, referred, all_or_none in facts["foreign"] or ()
        ),
        tuple(
            Check(name, frozenset(named[place] for place in places), f"num_nulls({expressions}) >= 0")
            for name, places, expressions in facts["indexed"] or ()
            if places
        ),
        tuple(
            ("" if is_ambiguous else f"{schema}.{_quoted(name)}", deferred)
            for schema, name, deferred, is_ambiguous in facts["deferrable"] or ()
        ),
        bool(facts["triggers"]),
        bool(facts["rules"]),
        "it has no partitions" if facts["partitioned"] and facts["partitions"] is None else "",
        facts["root"] or oid,
        tuple(facts["identity"] or ()),
    )


def _bounds(facts: Mapping[str, Any], columns: Iterable[Column]) -> list[Check]:
    """What rows of a partition, or of a table with partitions, have to satisfy beside the constraints."""
    found = []
    if facts["partition"]:
        found.append(facts["partition"])
    conditions = facts["partitions"] or [None]
    if None not in conditions:  # a default partition that is alone takes anything
        found.append(" OR ".join(conditions))
    return [Check("its partitions", _named_in(condition, columns), condition) for condition in found]


def _named_in(condition: str, columns: Iterable[Column]) -> frozenset[str]:
    words = {
        quoted.replace('""', '"') or word for quoted, word in re.findall(r'"((?:[^"]|"")+)"|([^\W\d]\w*)', condition)
    }
    return frozenset(column.name for column in columns if column.name in words)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
