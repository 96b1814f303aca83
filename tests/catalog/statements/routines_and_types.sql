create schema s
create table t (id int, a int)
-- changes
create function f(a int) returns int language sql as 'select 1'
create or replace function f(a int) returns int language sql as 'select 2'
create or replace function f(a int default 5) returns int language sql as 'select 2'
create function f(a text) returns int language sql as 'select 2'
alter function f(int) immutable
alter function f(int) stable
alter function f(int) strict
alter function f(int) called on null input
alter function f(int) security definer
alter function f(int) security invoker
alter function f(int) leakproof
alter function f(int) not leakproof
alter function f(int) parallel safe
alter function f(int) cost 77
alter function f(int) set search_path = public
alter function f(int) reset all
alter function f(int) depends on extension plpgsql
alter function f(int) rename to ff
alter function ff(int) no depends on extension plpgsql
alter function ff(int) set schema s
alter function s.ff(int) owner to app
comment on function s.ff(int) is 'function'
revoke execute on function s.ff(int) from public
grant execute on function s.ff(int) to reader
create function rows() returns setof int language sql rows 50 as 'select 1'
create function tab() returns table (x int, y text) language sql as $$ select 1, 'a' $$
create function outs(in a int, out b int, inout c text, variadic d int[]) language sql as $$ select 1, 'a'::text $$
create function body(a int) returns int begin atomic select a + 1; end
create or replace function body(a int) returns int begin atomic select a + 2; end
create function win() returns int language internal window as 'window_row_number'
create function c_lib() returns int language internal as 'pg_backend_pid'
create procedure pr(a int) language plpgsql as $$ begin null; end $$
create or replace procedure pr(a int) language plpgsql as $$ begin perform 1; end $$
create procedure pr2(in a int, out b int) language plpgsql as $$ begin b := 1; end $$
comment on procedure pr(int) is 'procedure'
alter procedure pr(int) security definer
create aggregate agg(int) (sfunc = int4pl, stype = int, initcond = '0')
create or replace aggregate agg(int) (sfunc = int4pl, stype = int, initcond = '5')
create aggregate agg2(int) (sfunc = int4pl, stype = int, combinefunc = int4pl, parallel = safe, msfunc = int4pl, minvfunc = int4mi, mstype = int)
create aggregate pct(float8 order by anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra)
comment on aggregate agg(int) is 'aggregate'
alter aggregate agg(int) owner to app
alter aggregate agg(int) rename to aggr
drop aggregate agg2(int)
create type e as enum ('a', 'c')
alter type e add value 'b' before 'c'
alter type e add value 'd'
alter type e rename value 'a' to 'aa'
alter type e rename to e2
alter type e2 owner to app
alter type e2 set schema s
comment on type s.e2 is 'enum'
grant usage on type s.e2 to reader
revoke usage on type s.e2 from public
create type co as (x int, y text)
alter type co add attribute z int
alter type co alter attribute z type bigint
alter type co rename attribute z to zz
alter type co drop attribute zz
comment on column co.x is 'attribute'
create type co2 as (x text collate "C")
create domain d as int
alter domain d set default 5
alter domain d drop default
alter domain d set not null
alter domain d drop not null
alter domain d add constraint positive check (value > 0)
alter domain d rename constraint positive to pos
alter domain d add constraint big check (value > 10) not valid
alter domain d validate constraint big
alter domain d drop constraint big
comment on constraint pos on domain d is 'domain constraint'
comment on domain d is 'domain'
alter domain d owner to app
create domain d2 as text collate "C" default 'x' not null check (value <> '')
create domain d3 as varchar(10)
create type r as range (subtype = float8)
create type r2 as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = r2multi)
create type shell
create function base_in(cstring) returns shell language internal immutable strict as 'int4in'
create function base_out(shell) returns cstring language internal immutable strict as 'int4out'
create type shell (input = base_in, output = base_out, like = int4)
comment on type shell is 'base'
create type shell2
create collation c1 (locale = 'C')
create collation c2 from "C"
create collation c3 (provider = builtin, locale = 'C.UTF-8') -- from 17
alter collation c1 rename to c1x
comment on collation c1x is 'collation'
create conversion cv for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1
create default conversion cv2 for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8
alter conversion cv rename to cvx
comment on conversion cvx is 'conversion'
create function cast_f(co) returns int language sql as 'select 1'
create cast (co as int) with function cast_f(co)
drop cast (co as int)
create cast (co as int) with function cast_f(co) as assignment
create cast (co as text) with inout as implicit
comment on cast (co as int) is 'cast'
create operator === (leftarg = int, rightarg = int, function = int4eq, commutator = ===, hashes, merges)
alter operator === (int, int) set (restrict = eqsel, join = eqjoinsel)
comment on operator === (int, int) is 'operator'
alter operator === (int, int) owner to app
create operator !== (rightarg = int, function = int4um)
create operator family of using btree
alter operator family of using btree add operator 1 < (int4, int8), function 1 btint48cmp(int4, int8)
comment on operator family of using btree is 'family'
alter operator family of using btree drop operator 1 (int4, int8)
create operator class oc for type int using btree family of as operator 1 <, operator 3 =, function 1 btint4cmp(int, int)
create operator class oc2 for type int using hash as operator 1 =, function 1 hashint4(int)
comment on operator class oc using btree is 'class'
alter operator class oc using btree rename to ocx
alter operator class ocx using btree owner to app
drop operator class oc2 using hash
create text search dictionary td (template = simple, stopwords = english)
alter text search dictionary td (accept = false)
alter text search dictionary td rename to tdx
comment on text search dictionary tdx is 'dictionary'
create text search configuration tc (copy = simple)
alter text search configuration tc alter mapping for asciiword with tdx, simple
alter text search configuration tc drop mapping for email
alter text search configuration tc owner to app
comment on text search configuration tc is 'configuration'
create text search configuration tc2 (parser = default)
create text search template tt (lexize = dsimple_lexize, init = dsimple_init)
comment on text search template tt is 'template'
create text search parser tp (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)
comment on text search parser tp is 'parser'
drop text search template tt
drop function s.ff(int)
drop domain d3
drop schema s cascade
