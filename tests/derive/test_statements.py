"""What is derived for single statements and short scripts, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_migrations.catalog.snapshot import Snapshot, take_snapshot
from tests.derive.conftest import tried

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.catalog.conftest import Server

_STAGE = """
create schema s;
create table t (id int primary key, a int not null default 1, b text check (b <> ''), c text);
create table "Odd t.able" ("User" int, "é" text);
create table s.u (id int references t (id), v varchar(10));
create table parts (id int not null, at date not null) partition by range (at);
create table parts_1 partition of parts for values from ('2020-01-01') to ('2021-01-01');
create table parts_2 (like parts);
create table parent (x int, y text default 'p');
create table child (y text default 'c') inherits (parent);
create index t_a on t (a);
create index on parts (id);
create table lists (id int) partition by list (id);
create table lists_1 partition of lists for values in (1);
create index lists_only on only lists (id);
create sequence q maxvalue 100;
create view v as select id, a from t;
create view w as select 1 as one;
create materialized view m as select id from t;
create function f(x int) returns int language sql as 'select 1';
create function trg() returns trigger language plpgsql as 'begin return new; end';
create procedure pr() language plpgsql as 'begin null; end';
create trigger g before insert on t for each row execute function trg();
create rule r as on delete to s.u do instead nothing;
create policy p on t using (a > 1);
create type mood as enum ('sad', 'glad');
create type pair as (x int, y int);
create domain positive as int check (value > 0);
comment on table t is 'the owner''s \\ table';
comment on column t.a is 'a';
grant select on t to reader;
alter table t add constraint late check (a < 1000) not valid;
"""


class Case(NamedTuple):
    script: str
    back: str


_CASES = {
    # made by a name
    "table": Case("create table x (id serial primary key, y int references t)", "DROP TABLE public.x;"),
    "table in a schema": Case("create table s.x ()", "DROP TABLE s.x;"),
    "table, odd name": Case('create table "select" ()', 'DROP TABLE public."select";'),
    "table on the search path": Case("set search_path = s, public; create table x ()", "DROP TABLE s.x;"),
    "table if it is not there": Case("create table if not exists x ()", "DROP TABLE public.x;"),
    "table that is there": Case("create table if not exists t (z int)", ""),
    "unlogged table like another": Case("create unlogged table x (like t including all)", "DROP TABLE public.x;"),
    "table from a query": Case("create table x as select * from t", "DROP TABLE public.x;"),
    "table by select into": Case("select * into x from t", "DROP TABLE public.x;"),
    "temporary table": Case("create temp table t (x int); insert into t values (1); drop table t", ""),
    "temporary view, though nothing says so": Case(
        "create temp table x (a int); create view y as select * from x; create or replace view z as select * from y", ""
    ),
    "temporary by the search path": Case(
        "set search_path = pg_temp, public; create table t (x int); create type t2 as (x int); alter table t add y int",
        "",
    ),
    "not the temporary one": Case(
        "create temp table x (a int); create table public.x (a int); alter table x add b int; "
        "alter table public.x rename to y",
        "ALTER TABLE public.y RENAME TO x;\nDROP TABLE public.x;",
    ),
    "where an index was": Case(
        "create table x (a int); create index y on x (a); drop table x; create table if not exists y ()",
        "DROP TABLE public.y;",
    ),
    "partition": Case(
        "create table parts_x partition of parts for values from ('2022-01-01') to ('2023-01-01')",
        "DROP TABLE public.parts_x;",
    ),
    "view": Case("create view x as select 1 as one", "DROP VIEW public.x;"),
    "materialized view": Case("create materialized view x as select 1 as one", "DROP MATERIALIZED VIEW public.x;"),
    "sequence": Case("create sequence if not exists x", "DROP SEQUENCE public.x;"),
    "schema": Case("create schema if not exists x", "DROP SCHEMA x;"),
    "schema that is there": Case("create schema if not exists s", ""),
    "schema of a role": Case("create schema authorization app", "DROP SCHEMA app;"),
    "enum": Case("create type x as enum ('a')", "DROP TYPE public.x;"),
    "composite type": Case("create type s.x as (a int)", "DROP TYPE s.x;"),
    "range": Case("create type x as range (subtype = float8)", "DROP TYPE public.x;"),
    "domain": Case("create domain x as text", "DROP DOMAIN public.x;"),
    "function": Case("create function f(text, out int) language sql as 'select 1'", "DROP FUNCTION public.f(text);"),
    "procedure": Case("create procedure s.x() language sql as ''", "DROP PROCEDURE s.x();"),
    "aggregate": Case(
        "create aggregate total(int) (sfunc = int4pl, stype = int)", "DROP AGGREGATE public.total(integer);"
    ),
    "index": Case("create index x on t (c)", "DROP INDEX public.x;"),
    "index without a name": Case("create unique index on s.u (v)", "DROP INDEX s.u_v_idx;"),
    "index that is there": Case("create index if not exists t_a on t (b)", ""),
    "index of partitions": Case("create index on parts (at)", "DROP INDEX public.parts_at_idx;"),
    "index of the partitioned table only": Case("create index x on only parts (at)", "DROP INDEX public.x;"),
    "trigger": Case(
        "create trigger x after insert on t for each row execute function trg()", "DROP TRIGGER x ON public.t;"
    ),
    "rule": Case("create rule x as on insert to s.u do nothing", "DROP RULE x ON s.u;"),
    "policy": Case("create policy x on t", "DROP POLICY x ON public.t;"),
    "statistics": Case("create statistics x on a, b from t", "DROP STATISTICS public.x;"),
    "event trigger": Case(
        "create function et() returns event_trigger language plpgsql as 'begin end'; "
        "create event trigger x on ddl_command_end execute function et()",
        "DROP EVENT TRIGGER x;\nDROP FUNCTION public.et();",
    ),
    # put back as it was
    "replaced function": Case(
        "create or replace function f(x int) returns int language sql immutable as 'select 2'",
        "CREATE OR REPLACE FUNCTION public.f(x integer)\n RETURNS integer\n LANGUAGE sql\n"
        "AS $function$select 1$function$;",
    ),
    "replaced by the same function": Case(
        "create or replace function f(x int) returns int language sql as 'select 1'", ""
    ),
    "altered function": Case(
        "alter function f(int) strict",
        "CREATE OR REPLACE FUNCTION public.f(x integer)\n RETURNS integer\n LANGUAGE sql\n"
        "AS $function$select 1$function$;",
    ),
    "replaced trigger": Case(
        "create or replace trigger g after update on t for each row execute function trg()",
        "CREATE OR REPLACE TRIGGER g BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.trg();",
    ),
    "replaced rule": Case(
        "create or replace rule r as on delete to s.u do also select 1",
        "CREATE OR REPLACE RULE r AS\n    ON DELETE TO s.u DO INSTEAD NOTHING;",
    ),
    "comment": Case("comment on table t is 'new'", "COMMENT ON TABLE public.t IS E'the owner''s \\\\ table';"),
    "first comment": Case("comment on column t.b is 'new'", "COMMENT ON COLUMN public.t.b IS NULL;"),
    "comment taken away": Case("comment on column t.a is null", "COMMENT ON COLUMN public.t.a IS 'a';"),
    "comment on a function": Case(
        "comment on function f(int) is 'x'", "COMMENT ON FUNCTION public.f(integer) IS NULL;"
    ),
    "comment on a constraint": Case(
        "comment on constraint t_b_check on t is 'x'", "COMMENT ON CONSTRAINT t_b_check ON public.t IS NULL;"
    ),
    "comment on a domain's constraint": Case(
        "comment on constraint positive_check on domain positive is 'x'",
        "COMMENT ON CONSTRAINT positive_check ON DOMAIN public.positive IS NULL;",
    ),
    "grant": Case(
        "grant select, insert on t to reader, app",
        ("REVOKE INSERT ON TABLE public.t FROM reader;\nREVOKE INSERT, SELECT ON TABLE public.t FROM app;"),
    ),
    "grant on a table of which columns are granted": Case(
        "grant update (a) on t to app; grant update on t to app",
        "REVOKE UPDATE ON TABLE public.t FROM app;\nGRANT UPDATE (a) ON TABLE public.t TO app;\n"
        "REVOKE UPDATE (a) ON TABLE public.t FROM app;",
    ),
    "grant of what is there": Case("grant select on t to reader", ""),
    "grant on columns": Case(
        "grant update (a, b) on t to app",
        "REVOKE UPDATE (a) ON TABLE public.t FROM app;\nREVOKE UPDATE (b) ON TABLE public.t FROM app;",
    ),
    "revoke": Case("revoke select on t from reader", "GRANT SELECT ON TABLE public.t TO reader;"),
    "revoke from everybody": Case(
        "revoke execute on function f(int) from public", "GRANT EXECUTE ON FUNCTION public.f(integer) TO PUBLIC;"
    ),
    "grant on a schema's tables": Case(
        "grant insert on all tables in schema s to app", "REVOKE INSERT ON TABLE s.u FROM app;"
    ),
    "grant by default": Case(
        "alter default privileges in schema s grant select on tables to reader",
        "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA s REVOKE SELECT ON TABLES FROM reader;",
    ),
    "default": Case("alter table t alter a set default 2", "ALTER TABLE public.t ALTER COLUMN a SET DEFAULT 1;"),
    "first default": Case("alter table t alter b set default 'x'", "ALTER TABLE public.t ALTER COLUMN b DROP DEFAULT;"),
    "not null": Case("alter table t alter b set not null", "ALTER TABLE public.t ALTER COLUMN b DROP NOT NULL;"),
    "null": Case("alter table t alter a drop not null", "ALTER TABLE public.t ALTER COLUMN a SET NOT NULL;"),
    "default of a table with children": Case(
        "alter table parent alter y set default 'x'",
        "ALTER TABLE ONLY public.parent ALTER COLUMN y SET DEFAULT 'p'::text;\n"
        "ALTER TABLE public.child ALTER COLUMN y SET DEFAULT 'c'::text;",
    ),
    "row security": Case("alter table t enable row level security", "ALTER TABLE public.t DISABLE ROW LEVEL SECURITY;"),
    "options": Case("alter table t set (fillfactor = 50)", "ALTER TABLE public.t RESET (fillfactor);"),
    "owner": Case("alter table t owner to app", "ALTER TABLE public.t OWNER TO postgres;"),
    "owner of a type": Case("alter type mood owner to app", "ALTER TYPE public.mood OWNER TO postgres;"),
    "cluster": Case("alter table t cluster on t_a", "ALTER TABLE public.t SET WITHOUT CLUSTER;"),
    "replica identity": Case("alter table t replica identity full", "ALTER TABLE public.t REPLICA IDENTITY DEFAULT;"),
    "unlogged": Case("alter table s.u set unlogged", "ALTER TABLE s.u SET LOGGED;"),
    "disabled trigger": Case("alter table t disable trigger g", "ALTER TABLE public.t ENABLE TRIGGER g;"),
    "sequence's parameters": Case(
        "alter sequence q as bigint increment 2 no maxvalue",
        "ALTER SEQUENCE public.q INCREMENT BY 1 MAXVALUE 100;",
    ),
    "policy altered": Case("alter policy p on t using (a > 2)", "ALTER POLICY p ON public.t USING ((a > 1));"),
    "domain altered": Case("alter domain positive set default 5", "ALTER DOMAIN public.positive DROP DEFAULT;"),
    "populated": Case("refresh materialized view m with no data", "REFRESH MATERIALIZED VIEW public.m;"),
    "attribute": Case("alter type pair add attribute z int", "ALTER TYPE public.pair DROP ATTRIBUTE z;"),
    "enum value renamed": Case(
        "alter type mood rename value 'sad' to 'blue'", "ALTER TYPE public.mood RENAME VALUE 'blue' TO 'sad';"
    ),
    # added to a table
    "column": Case("alter table t add column d int not null", "ALTER TABLE public.t DROP COLUMN d;"),
    "columns": Case(
        'alter table "Odd t.able" add "ü" int, add column if not exists "User" int',
        'ALTER TABLE public."Odd t.able" DROP COLUMN "ü";',
    ),
    "column with all that can be": Case(
        "alter table t add column d int generated by default as identity unique references t check (d > a)",
        "ALTER TABLE public.t DROP COLUMN d;",
    ),
    "constraint": Case("alter table t add constraint x check (a > 0)", "ALTER TABLE public.t DROP CONSTRAINT x;"),
    "constraint without a name": Case(
        "alter table s.u add foreign key (id) references t", "ALTER TABLE s.u DROP CONSTRAINT u_id_fkey1;"
    ),
    "constraint replaced by one of a new column": Case(
        "alter table s.u add x int, drop constraint u_id_fkey, add constraint u_id_fkey foreign key (x) references t",
        "ALTER TABLE s.u DROP CONSTRAINT u_id_fkey;\nALTER TABLE s.u DROP COLUMN x;\n"
        "ALTER TABLE s.u ADD CONSTRAINT u_id_fkey FOREIGN KEY (id) REFERENCES public.t(id);",
    ),
    "primary key": Case(
        "alter table s.u add primary key (id)",
        "ALTER TABLE s.u DROP CONSTRAINT u_pkey;\nALTER TABLE s.u ALTER COLUMN id DROP NOT NULL;",
    ),
    "validated": Case(
        "alter table t validate constraint late",
        "ALTER TABLE public.t DROP CONSTRAINT late;\n"
        "ALTER TABLE public.t ADD CONSTRAINT late CHECK ((a < 1000)) NOT VALID;",
    ),
    "attached": Case(
        "alter table parts attach partition parts_2 default",
        "ALTER TABLE public.parts DETACH PARTITION public.parts_2;\nDROP INDEX public.parts_2_id_idx;",
    ),
    "detached": Case(
        "alter table parts detach partition parts_1; alter table parts_1 add x int",
        "ALTER TABLE public.parts_1 DROP COLUMN x;\n"
        "ALTER TABLE public.parts ATTACH PARTITION public.parts_1 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');",
    ),
    # called otherwise
    "table renamed": Case("alter table t rename to x", "ALTER TABLE public.x RENAME TO t;"),
    "column renamed": Case("alter table t rename a to x", "ALTER TABLE public.t RENAME COLUMN x TO a;"),
    "constraint renamed": Case(
        "alter table t rename constraint t_b_check to x", "ALTER TABLE public.t RENAME CONSTRAINT x TO t_b_check;"
    ),
    "view renamed": Case("alter view w rename to x", "ALTER VIEW public.x RENAME TO w;"),
    "index renamed": Case("alter index t_a rename to x", "ALTER INDEX public.x RENAME TO t_a;"),
    "type renamed": Case("alter type mood rename to x", "ALTER TYPE public.x RENAME TO mood;"),
    "attribute renamed": Case(
        "alter type pair rename attribute x to z", "ALTER TYPE public.pair RENAME ATTRIBUTE z TO x;"
    ),
    "attribute renamed in tables of the type": Case(
        "create table typed of pair; alter type pair rename attribute x to z cascade",
        "ALTER TYPE public.pair RENAME ATTRIBUTE z TO x CASCADE;\nDROP TABLE public.typed;",
    ),
    "attribute of a new type": Case(
        "create type x as (a int); create table y of x; alter type x add attribute b int cascade",
        "DROP TABLE public.y;\nDROP TYPE public.x;",
    ),
    "function renamed": Case("alter function f(int) rename to x", "ALTER FUNCTION public.x(integer) RENAME TO f;"),
    "trigger renamed": Case("alter trigger g on t rename to x", "ALTER TRIGGER x ON public.t RENAME TO g;"),
    "schema renamed": Case("alter schema s rename to x", "ALTER SCHEMA x RENAME TO s;"),
    "what is not there": Case("alter table if exists nothing rename to x; drop table if exists nothing", ""),
    "table moved": Case("alter table t set schema s", "ALTER TABLE s.t SET SCHEMA public;"),
    "function moved": Case("alter function f set schema s", "ALTER FUNCTION s.f(integer) SET SCHEMA public;"),
    # dropped and made again
    "index dropped": Case("drop index t_a", "CREATE INDEX t_a ON public.t USING btree (a);"),
    "constraint dropped": Case(
        "alter table t drop constraint t_b_check",
        "ALTER TABLE public.t ADD CONSTRAINT t_b_check CHECK ((b <> ''::text));",
    ),
    "trigger dropped": Case(
        "drop trigger g on t",
        "CREATE TRIGGER g BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.trg();",
    ),
    "policy dropped": Case("drop policy p on t", "CREATE POLICY p ON public.t FOR ALL TO public USING ((a > 1));"),
    "view dropped": Case(
        "drop view w",
        "CREATE VIEW public.w AS\n SELECT 1 AS one;\nALTER VIEW public.w OWNER TO postgres;",
    ),
    "function dropped": Case(
        "drop function if exists f(int), nothing(int)",
        "CREATE OR REPLACE FUNCTION public.f(x integer)\n RETURNS integer\n LANGUAGE sql\n"
        "AS $function$select 1$function$;\nALTER FUNCTION public.f(integer) OWNER TO postgres;",
    ),
    "enum dropped": Case(
        "drop type mood",
        "CREATE TYPE public.mood AS ENUM ('sad', 'glad');\nALTER TYPE public.mood OWNER TO postgres;",
    ),
    # nothing to undo
    "no schema": Case(
        "set work_mem = '1MB'; select setval('q', 5); analyze t; lock table t; show work_mem; notify x; "
        "select count(*), max(a) from t; reset all",
        "",
    ),
    # moot within the script
    "in a new schema": Case(
        "create schema x; create function x.f() returns int language sql as 'select 1'; create table x.t ()",
        "DROP TABLE x.t;\nDROP FUNCTION x.f();\nDROP SCHEMA x;",
    ),
    "moved into a new schema": Case(
        "create schema x; alter table t set schema x; alter table x.t alter b set not null",
        "ALTER TABLE x.t ALTER COLUMN b DROP NOT NULL;\nALTER TABLE x.t SET SCHEMA public;\nDROP SCHEMA x;",
    ),
    "comments and grants on what is new": Case(
        "create table x (a int); comment on table x is 'x'; grant select on x to app; create index on x (a); "
        "alter table x add b int, alter a type bigint; alter table x enable row level security; "
        "insert into x values (1)",
        "DROP TABLE public.x;",
    ),
    "made and dropped": Case(
        "create table x (a int); insert into x values (1); alter table x add b int; drop table x", ""
    ),
    "renamed and dropped": Case("create table x (a int); alter table x rename to y; drop table y", ""),
    "column made, filled and dropped": Case(
        'alter table "Odd t.able" add x int; update "Odd t.able" set x = 1; '
        'alter table "Odd t.able" alter x set not null; '
        'alter table "Odd t.able" drop x',
        "",
    ),
    "another of that name": Case(
        "alter table t rename to t_old; create table t (x int); alter table t_old add y int; drop table t",
        "ALTER TABLE public.t_old DROP COLUMN y;\nALTER TABLE public.t_old RENAME TO t;",
    ),
    "later things that earlier ones need": Case(
        "create table x (y_id int); create table y (id int primary key); alter table x add foreign key (y_id) "
        "references y; create function late() returns trigger language plpgsql as 'begin return new; end'; "
        "create trigger late before insert on x for each row execute function late()",
        "DROP TABLE public.x;\nDROP FUNCTION public.late();\nDROP TABLE public.y;",
    ),
    "tables that need each other": Case(
        "create table x (id int primary key, y_id int); create table y (id int primary key, x_id int references x); "
        "alter table x add foreign key (y_id) references y",
        "DROP TABLE public.y, public.x;",
    ),
    "sequence of a new table": Case(
        "create sequence x_seq; create table x (a int default nextval('x_seq')); alter sequence x_seq owned by x.a",
        "DROP TABLE public.x;",
    ),
    "constraint that took an index over": Case(
        "create unique index x on s.u (v); alter table s.u add constraint y unique using index x",
        "ALTER TABLE s.u DROP CONSTRAINT y;",
    ),
    "index of a partition that became part of another": Case(
        "create index x on only parts (at); create index x1 on parts_1 (at); alter index x attach partition x1",
        "DROP INDEX public.x;",
    ),
    "valid behind its making": Case(
        "alter table t add constraint x check (a > 0) not valid; alter table t validate constraint x",
        "ALTER TABLE public.t DROP CONSTRAINT x;",
    ),
    "rolled back by the script": Case(
        "savepoint x; create table gone (); rollback to savepoint x; create table x (); release savepoint x",
        "DROP TABLE public.x;",
    ),
}


@pytest.fixture(scope="module")
def staged(server: Server) -> Iterator[tuple[psycopg.Connection[Any], Snapshot]]:
    with server.fresh() as connection:
        connection.execute(_STAGE)
        yield connection, take_snapshot(connection)


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES)
def test_a_statement_is_undone(staged: tuple[psycopg.Connection[Any], Snapshot], case: Case) -> None:
    connection, before = staged
    trial = tried(connection, case.script, before)
    assert trial.reasons == []
    assert trial.sql == case.back
    assert not trial.wrong


def test_a_view_with_more_columns_is_made_anew_with_all_that_was_said_of_it(
    connection: psycopg.Connection[Any],
) -> None:
    connection.execute(
        "create table t (a int, b int); create view v with (security_barrier) as select a from t; "
        "comment on view v is 'v'; comment on column v.a is 'c'; grant select on v to reader; "
        "alter view v owner to app; "
        "create rule r as on delete to v do instead nothing"
    )
    trial = tried(connection, "create or replace view v as select a, b from t")
    assert trial.reasons == []
    assert not trial.wrong
    assert trial.sql.startswith("DROP VIEW public.v;\nCREATE VIEW public.v WITH (security_barrier=true) AS\n")


def test_what_the_owner_of_a_view_granted_to_us_is_granted_in_his_name(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "create view v as select 1 as a; alter view v owner to app; "
        "set role app; grant select (a) on v to postgres; reset role"
    )
    trial = tried(connection, "drop view v")
    assert trial.reasons == []
    assert not trial.wrong


def test_extensions_go_together(connection: psycopg.Connection[Any]) -> None:
    trial = tried(connection, "create extension if not exists plpgsql; create extension if not exists citext")
    if not trial.wrong:  # where the server has it
        assert trial.sql in ("DROP EXTENSION citext;", "")
