"""What is asked of the catalog about tables, in one query."""

from __future__ import annotations

#: Of a table with more partitions than that, rows go into some of them.
_MOST_PARTITIONS = 12
#: Below it are the objects of the system (FirstNormalObjectId in PostgreSQL's sources).
FIRST_OF_USERS = 16384

#: $1 are names and $2 OIDs of tables. What inherits from one of them is asked for as well. What is only referred to
#: gets along with NULL in its own foreign keys, so that a chain of them is not followed to its end.
QUERY = f"""
with recursive named(oid, asked) as (
    select c.oid, true
    from (select oid from pg_class where relname = any ($1) union select unnest($2)) asked(oid)
      join pg_class c using (oid)
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and c.oid::int8 >= {FIRST_OF_USERS}
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
  union
    select more.oid, n.asked and more.is_child from named n cross join lateral (
        select k.confrelid, false from pg_constraint k where k.conrelid = n.oid and k.contype = 'f'
          and (n.asked or (select case k.confmatchtype when 'f' then bool_or(a.attnotnull)
              else bool_and(a.attnotnull) end
            from pg_attribute a where a.attrelid = n.oid and a.attnum = any (k.conkey)))
      union all
        select k.confrelid, false from pg_class c cross join lateral pg_partition_tree(c.oid) p
          join pg_constraint k on k.conrelid = p.relid
        where c.oid = n.oid and c.relkind = 'p' and p.level > 0 and k.contype = 'f' and k.conparentid = 0
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
        select nullif(concat_ws(' AND ', pg_get_partition_constraintdef(p.relid), (
              select string_agg(pg_get_expr(k.conbin, k.conrelid), ' AND ') from pg_constraint k
              where k.conrelid = p.relid and k.contype = 'c' and k.coninhcount = 0)), '')
          from pg_partition_tree(c.oid) p
          join pg_class l on l.oid = p.relid and l.relkind = 'r'
        where p.isleaf order by l.relname limit {_MOST_PARTITIONS}) p(condition)) end,
    'forbidden', not has_table_privilege(c.oid, 'INSERT'), 'partitioned', c.relkind = 'p',
    'key', (select pg_get_partkeydef(p.partrelid) from pg_partitioned_table p
        where p.partrelid = c.oid and p.partdefid <> 0),
    'root', pg_partition_root(c.oid)::int8,
    'identity', (select json_agg(a.attname order by a.attnum) from pg_attribute a where a.attrelid = c.oid
        and a.attnum = any ((select i.indkey::int2[] from pg_index i where i.indrelid = c.oid and i.indisunique
            and i.indpred is null and i.indexprs is null and not exists (select from pg_attribute o
                where o.attrelid = c.oid and o.attnum = any (i.indkey::int2[]) and not o.attnotnull)
            order by i.indisprimary desc, i.indexrelid limit 1)::int2[])),
    -- With EXISTS the planner would read all there are.
    'triggers', (select true from pg_trigger t
        where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 4 <> 0 limit 1),
    'functions', (select md5(string_agg(concat(p.oid, ' ', p.xmin), ' ' order by p.oid)) from pg_proc p
        where p.oid >= {FIRST_OF_USERS}::oid),
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
    'foreign', (select json_agg(json_build_array(k.conname,
            (select json_agg(o.attnum order by u.place) from unnest(k.conkey) with ordinality u(number, place)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number
               join pg_attribute o on o.attrelid = c.oid and o.attname = a.attname),
            k.confrelid::int8,
            (select json_agg(a.attname order by u.place) from unnest(k.confkey) with ordinality u(number, place)
               join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number),
            k.confmatchtype = 'f') order by k.conname)
        from unnest(case c.relkind when 'p' then array(select relid::oid from pg_partition_tree(c.oid))
            else array[c.oid] end) part(oid) join pg_constraint k on k.conrelid = part.oid
        where k.contype = 'f' and (k.conrelid = c.oid or k.conparentid = 0)
          and not exists (select from pg_constraint p where p.oid = k.conparentid and p.conrelid = k.conrelid)),
    'keys', (select json_agg(json_build_array(
            case when i.indexprs is null then to_jsonb((i.indkey::int2[])[0:i.indnkeyatts - 1])
            else (select jsonb_agg(distinct d.refobjsubid) from pg_depend d where d.classid = 'pg_class'::regclass
                and d.objid = i.indexrelid and d.refobjid = c.oid and d.refobjsubid > 0) end,
            not coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false),
            i.indexprs is null and not i.indisexclusion,
            case when not i.indisexclusion then pg_get_expr(i.indpred, c.oid) end) order by i.indexrelid)
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
where c.relkind in ('r', 'p') and has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')"""
