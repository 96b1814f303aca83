create schema s
create table t (id int primary key, a int, b text)
create table s.u (id int)
create function f(int) returns int language sql as 'select 1'
create sequence q
-- changes
create schema x
create schema y authorization app
alter schema x rename to xx
alter schema xx owner to app
comment on schema xx is 'schema'
grant usage on schema xx to reader
grant create on schema xx to reader with grant option
revoke all on schema xx from reader
drop schema xx
comment on schema public is 'changed'
comment on schema public is 'standard public schema'
comment on schema public is null
comment on schema public is 'standard public schema'
grant create on schema public to public
revoke create on schema public from public
revoke usage on schema public from public
grant usage on schema public to public
alter schema public owner to app
alter schema public owner to pg_database_owner
grant select on t to reader
grant select on t to reader with grant option
revoke grant option for select on t from reader
grant insert (a), update (a, b) on t to reader
revoke insert (a) on t from reader
revoke update (a, b) on t from reader
revoke select on t from reader
grant all on t to public
revoke all on t from public
revoke delete on t from postgres
grant delete on t to postgres
revoke all on t from postgres
grant all on t to postgres
grant select, update on sequence q to app
grant all on all tables in schema s to app
grant usage on language plpgsql to reader
revoke usage on language plpgsql from reader
revoke usage on language plpgsql from public
grant usage on language plpgsql to public
revoke execute on function pg_catalog.pg_sleep(double precision) from public
grant execute on function pg_catalog.pg_sleep(double precision) to public
grant select on pg_catalog.pg_authid to reader
revoke select on pg_catalog.pg_authid from reader
grant select (rolname) on pg_catalog.pg_authid to reader
alter default privileges in schema s grant select on tables to reader
alter default privileges in schema s grant usage on sequences to reader
alter default privileges grant execute on functions to reader
alter default privileges revoke execute on functions from public
alter default privileges for role app grant usage on types to reader
alter default privileges grant usage on schemas to reader
alter default privileges in schema s revoke select on tables from reader
create foreign data wrapper w
alter foreign data wrapper w options (add debug 'true')
alter foreign data wrapper w options (set debug 'false')
alter foreign data wrapper w owner to postgres
comment on foreign data wrapper w is 'wrapper'
grant usage on foreign data wrapper w to reader
create server sv type 'ty' version '1' foreign data wrapper w options (host 'h')
alter server sv version '2'
alter server sv options (set host 'i')
comment on server sv is 'server'
grant usage on foreign server sv to reader
alter server sv rename to svx
create user mapping for app server svx options (user 'u', password 'secret')
alter user mapping for app server svx options (set password 'other')
create user mapping for public server svx
create foreign table ft (id int options (k 'v'), b text) server svx options (t 'x')
alter foreign table ft options (set t 'y')
alter foreign table ft alter column id options (set k 'w')
alter foreign table ft add column c int not null
comment on foreign table ft is 'foreign'
drop user mapping for app server svx
drop foreign table ft
create publication pb for table t
alter publication pb add table s.u
alter publication pb set (publish = 'insert, update')
alter publication pb set (publish_via_partition_root)
alter publication pb set table t (id, a) -- from 15
alter publication pb set table t where (id > 5) -- from 15
alter publication pb add tables in schema s -- from 15
alter publication pb set (publish_generated_columns = stored) -- from 18
alter publication pb rename to pbx
comment on publication pbx is 'publication'
create publication pall for all tables
drop publication pall
create subscription sb connection 'host=nowhere password=secret' publication pb with (connect = false, slot_name = none)
alter subscription sb set (synchronous_commit = off, binary = true)
alter subscription sb connection 'host=elsewhere'
alter subscription sb rename to sbx
comment on subscription sbx is 'subscription'
drop subscription sbx
create language pl2 handler plpgsql_call_handler
create trusted language pl3 handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator
comment on language pl2 is 'language'
alter language pl2 rename to pl2x
create access method am type table handler heap_tableam_handler
comment on access method am is 'am'
create table amt (id int) using am
alter table amt set access method heap -- from 15
create transform for int language plpgsql (from sql with function prsd_lextype(internal)) -- from 15
comment on transform for int language plpgsql is 'transform' -- from 15
drop table amt
drop access method am
set default_toast_compression = 'pglz'
drop owned by reader
drop publication pbx
