"""Stages, and changes after which a snapshot could easily be stale: each is tried in a transaction of its own."""

from __future__ import annotations

CASES = {
    "untracked first publication": (
        "create table a (x int, y int, check ((x, y) < (1, 2)))",
        "create table b (i int)",
        "create publication p",
    ),
    "untracked first type": (
        "create table a (x int, y int, check ((x, y) < (1, 2)))",
        "create table b (i int)",
        "create type mood as enum ('a')",
    ),
    "untracked first domain": (
        "create table a (x int, y int, check ((x, y) < (1, 2)))",
        "create table b (i int)",
        "create domain d as int check (value > 0)",
    ),
    "untracked first evt": (
        (
            "create function et() returns event_trigger language plpgsql as 'begin end'; "
            "create table a (x int, y int, check ((x, y) < (1, 2)))"
        ),
        "create table b (i int)",
        "create event trigger e on ddl_command_start execute function et()",
    ),
    "untracked default priv": (
        "create table a (x int, y int, check ((x, y) < (1, 2)))",
        "create table b (i int)",
        "alter default privileges grant select on tables to app",
    ),
    "untracked dbsetting": (
        "create table a (x int, y int, check ((x, y) < (1, 2)))",
        "create table b (i int)",
        "do $$ begin execute format('alter database %I set work_mem = ''5MB''', current_database()); end $$",
    ),
    "depends swap ext": (
        (
            "create extension hstore; create table a (x int); create index i on a (x); "
            "alter index i depends on extension plpgsql"
        ),
        "alter index i no depends on extension plpgsql",
        "alter index i depends on extension hstore",
    ),
    "depends swap fn": (
        (
            "create extension hstore; create function f() returns int language sql as 'select 1'; "
            "alter function f() depends on extension plpgsql"
        ),
        "alter function f() no depends on extension plpgsql",
        "alter function f() depends on extension hstore",
    ),
    "member to depends": (
        (
            "create extension hstore;create function f() returns int language sql as 'select 1'; "
            "alter extension hstore add function f()"
        ),
        "alter extension hstore drop function f()",
        "alter function f() depends on extension hstore",
    ),
    "members sum": (
        (
            "create extension hstore; create table m1(); create table m2(); create table m3(); "
            "create table m4(); alter extension hstore add table m1; alter extension hstore add table m4"
        ),
        "do $$ begin null; end $$",
        (
            "alter extension hstore drop table m1; alter extension hstore drop table m4; "
            "alter extension hstore add table m2; alter extension hstore add table m3"
        ),
    ),
    "regtype array drop type": (
        "create type mood as enum ('x'); create table u (t regtype[] default '{mood}'::regtype[])",
        "drop type mood",
    ),
    "regnamespace array drop": (
        "create schema s; create table u (t regnamespace[] default '{s}'::regnamespace[])",
        "drop schema s",
    ),
    "regrole array drop": (
        "create role rr; create table u (t regrole[] default '{rr}'::regrole[])",
        "drop role rr",
    ),
    "temp hides": (
        "create view v as select relname from pg_class",
        "create temp table pg_class (relname text)",
    ),
    "temp hides2": (
        "create view v as select usename from pg_stat_activity",
        "create temp table pg_stat_activity (relname text)",
    ),
    "opfamily": (
        (
            "create type c as (x int); "
            "create function lt(c,c) returns bool language sql immutable as 'select $1.x<$2.x'; "
            "create function cmp(c,c) returns int language sql immutable as 'select 0'; "
            "create operator <<< (leftarg=c,rightarg=c,function=lt); "
            "create operator === (leftarg=c,rightarg=c,function=lt); "
            "create operator family fam using btree; "
            "create operator class cc default for type c using btree family fam as operator 1 <<<, "
            "operator 3 ===, function 1 cmp(c,c); "
            "create table a (v c); create view w as select v from a order by v using <<<"
        ),
        "drop operator class cc using btree",
    ),
    "serial owner": (
        "create table a (x serial); create table b (y int)",
        "alter sequence a_x_seq owned by none",
        "alter sequence a_x_seq owned by b.y",
    ),
    "matview toast": (
        "create materialized view mv as select 'x'::text t",
        "alter materialized view mv set (toast.autovacuum_enabled=false)",
    ),
    "index attach": (
        (
            "create table p (i int) partition by range(i); "
            "create table p1 partition of p for values from (0) to (10); create index pi on only p (i); "
            "create index p1i on p1 (i)"
        ),
        "alter index pi attach partition p1i",
    ),
    "con comment": (
        "create domain d as int constraint c check (value>0)",
        "comment on constraint c on domain d is 'x'",
    ),
    "coltype": (
        "create table a (x int); create function f(a.x%type) returns int language sql as 'select 1'",
        "alter table a alter x type bigint",
    ),
    "init privs": (
        "create extension hstore",
        "grant usage on type hstore to app",
    ),
    "grant pg class col": (
        "select 1",
        "grant select (relname) on pg_class to app",
    ),
    "lo": (
        "select lo_create(424242)",
        "comment on large object 424242 is 'x'",
    ),
    "lo2": (
        "select lo_create(424243)",
        "grant select on large object 424243 to app",
    ),
    "usermapping": (
        (
            "create foreign data wrapper w; create server sv foreign data wrapper w; "
            "create user mapping for app server sv options (a 'b')"
        ),
        "alter user mapping for app server sv options (set a 'c')",
    ),
    "replica ident": (
        "create table a (x int primary key)",
        "alter table a replica identity using index a_pkey",
        "alter table a drop constraint a_pkey",
    ),
    "lang": (
        "create table a(x int)",
        "alter language plpgsql owner to app",
    ),
    "nn18": (
        "create table a (x int not null); create table b () inherits (a)",
        "alter table b no inherit a",
    ),
    "multi inh": (
        "create table a (x int); create table b (x int); create table c () inherits (a, b)",
        "alter table c no inherit b",
    ),
    "view coldef": (
        (
            "create type pr as (a int, b text); "
            "create function f() returns setof pr language sql as 'select 1, null::text'; "
            "create view v as select f.a from f() f"
        ),
        "alter type pr add attribute z int",
    ),
    "view coldef tab": (
        (
            "create table pr (a int, b text); "
            "create function f() returns setof pr language sql as 'select * from pr'; "
            "create view v as select f.a from f() f"
        ),
        "alter table pr drop column b",
    ),
    "drop evt": (
        (
            "create function et() returns event_trigger language plpgsql as 'begin end'; "
            "create event trigger e on ddl_command_start execute function et()"
        ),
        "drop event trigger e",
    ),
    "ext set schema": (
        "create schema s; create extension hstore; create table a (h hstore)",
        "alter extension hstore set schema s",
    ),
    "ext drop cascade": (
        "create extension hstore; create table a (h hstore, i int)",
        "drop extension hstore cascade",
    ),
    "ext create after": (
        "create table a (i int)",
        "create extension hstore",
    ),
    "pub col": (
        "create table a (i int primary key, j int); create publication p for table a (i) where (i > 0)",
        "alter table a rename j to jj",
        "alter table a rename i to ii",
    ),
    "pub schema": (
        "create schema s; create publication p for tables in schema s",
        "alter schema s rename to s2",
    ),
    "pub drop table": (
        "create table a (i int primary key, j int); create publication p for table a",
        "drop table a",
    ),
    "drop owned": (
        (
            "create table a (i int); grant select on a to app; "
            "alter default privileges grant select on tables to app; create policy p on a to app"
        ),
        "drop owned by app",
    ),
    "reassign": (
        "create table a (i serial); alter table a owner to app",
        "reassign owned by app to other",
    ),
    "seclabel comment cast": (
        "create type c as (x int); create cast (c as text) with inout",
        "comment on cast (c as text) is 'x'",
    ),
    "drop cast": (
        "create type c as (x int); create cast (c as text) with inout",
        "drop cast (c as text)",
    ),
    "cast spelling": (
        "create type c as enum ('a'); create table t (x c default 'a'::text::c)",
        "create cast (text as c) with inout as implicit",
    ),
    "partition key expr": (
        (
            "create function f(int) returns int immutable language sql as 'select $1'; "
            "create table p (i int) partition by range (f(i))"
        ),
        "alter function f(int) rename to g",
    ),
    "toast opt": (
        "create table a (t text)",
        "alter table a set (toast.autovacuum_enabled=false)",
        "alter table a reset (toast.autovacuum_enabled)",
    ),
    "typed": (
        "create type c as (x int); create table t of c",
        "alter type c add attribute y int cascade",
    ),
    "typed not": (
        "create type c as (x int); create table t of c",
        "alter table t not of",
    ),
    "trigger part": (
        (
            "create function t() returns trigger language plpgsql as 'begin return new; end'; "
            "create table p (i int) partition by range(i); "
            "create table p1 partition of p for values from (0) to (10); "
            "create trigger tr after insert on p for each row execute function t()"
        ),
        "alter table p1 disable trigger tr",
    ),
    "fk part": (
        (
            "create table r (i int primary key); create table p (i int references r) partition by range(i); "
            "create table p1 partition of p for values from (0) to (10)"
        ),
        "alter table p detach partition p1",
    ),
    "fk disable": (
        "create table r (i int primary key); create table p (i int references r)",
        "alter table r disable trigger all",
    ),
    "domain over domain": (
        "create domain d1 as int; create domain d2 as d1; create table a (x d2)",
        "alter domain d1 rename to d0",
    ),
    "ts": (
        (
            "create text search configuration c (copy = simple); create table a (t text); "
            "create index i on a using gin (to_tsvector('c', t))"
        ),
        "alter text search configuration c rename to cc",
    ),
    "ts schema": (
        (
            "create schema s; create text search configuration c (copy = simple); create table a (t text); "
            "create index i on a using gin (to_tsvector('c', t))"
        ),
        "alter text search configuration c set schema s",
    ),
    "schema drop": (
        "create schema s; create table s.a (i int); create view v as select * from s.a",
        "drop schema s cascade",
    ),
    "schema owner": (
        "create schema s",
        "alter schema s owner to app",
    ),
    "comment db": (
        "create schema s",
        "do $$ begin execute format('comment on database %I is ''x''', current_database()); end $$",
    ),
    "comment type": (
        "create type c as (x int)",
        "comment on column c.x is 'y'",
    ),
    "amop": (
        "create operator family fam using btree",
        "alter operator family fam using btree add operator 1 < (int4, int8)",
    ),
    "enum in array": (
        "create type e as enum ('a','b'); create table t (x e[] default '{a}')",
        "alter type e rename value 'a' to 'z'",
    ),
    "xid subxact": (
        "create table t (x int)",
        (
            "do $$ begin begin create table u (x int); raise exception 'x'; "
            "exception when others then null; end; create table w (x int); end $$"
        ),
    ),
    "truncate cat": (
        "create table t (x int); create index i on t (x)",
        "reindex table t",
    ),
    "cluster": (
        "create table t (x int); create index i on t (x)",
        "cluster t using i",
        "alter table t set without cluster",
    ),
    "collation version": (
        'create collation c from "C"',
        "alter collation c rename to d",
    ),
    "role alter": (
        "create table a (i int)",
        "alter role app rename to app2",
        "alter role app2 rename to app",
    ),
    "untracked gone": (
        (
            "create table untracked (tables regclass[] default '{pg_class}'::regclass[]); "
            "create table z (i int); create type tt as enum ('q')"
        ),
        "drop table z",
        "drop type tt",
    ),
    "untracked col statement": (
        (
            "create type pair as (x int, y text); "
            "create table a (i int, check (row(1,'x')::pair is not null)); create table b (i int)"
        ),
        "alter table b add column j int",
        "create publication pp for table b",
    ),
    "foreign wrapped type": (
        "create type m as enum ('a')",
        "drop type m",
        "create type m as enum ('b')",
    ),
    "array of row": (
        "create table k (a int); create table h (x k[] default '{}')",
        "alter table k add column b int",
    ),
    "row type default": (
        "create type pair as (x int, y text); create table h (x pair default '(1,a)'::pair)",
        "alter type pair add attribute z int",
    ),
    "row type default2": (
        "create type pair as (x int, y text); create table h (i int, x pair default row(1,'a'))",
        "alter type pair drop attribute y",
    ),
    "whole row check": (
        "create table h (i int, check (h is not null))",
        "alter table h add column j int",
    ),
    "stats expr": (
        "create table h (i int, j int); create statistics s on (i+1), j from h",
        "alter table h rename j to jj",
    ),
    "gen col": (
        "create table h (i int, j int generated always as (i + 1) stored)",
        "alter table h rename i to ii",
    ),
}
