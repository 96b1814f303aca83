create table t (id int primary key, a int, b text, c text, d date, j jsonb)
create table t2 (id int, x int)
create function trg() returns trigger language plpgsql as $$ begin return new; end $$
-- changes
create index i1 on t (a)
create unique index i2 on t (a, b desc nulls last)
create index i3 on t (lower(b)) where a > 5
create index i4 on t using gin (j)
create index i5 on t using gin (j jsonb_path_ops)
create index i6 on t (b collate "C")
create index i7 on t (b text_pattern_ops) include (c)
create unique index i8 on t (c) nulls not distinct -- from 15
create index i9 on t (a) with (fillfactor = 50)
alter index i9 set (fillfactor = 60)
alter index i9 reset (fillfactor)
alter index i1 depends on extension plpgsql
alter index i1 rename to i1x
alter index i1x no depends on extension plpgsql
alter index i3 alter column 1 set statistics 500
comment on index i2 is 'x'
alter table t cluster on i2
alter table t set without cluster
drop index i4
create view v as select id, a from t where a > 1
create or replace view v as select id, a from t where a > 2
create or replace view v with (security_barrier) as select id, a from t where a > 2
alter view v set (check_option = local)
alter view v reset (security_barrier)
alter view v set (security_invoker = true) -- from 15
alter view v alter column a set default 5
alter view v alter column a drop default
alter view v rename column a to aa
alter view v owner to app
alter view v rename to v1
comment on view v1 is 'view'
comment on column v1.aa is 'column of a view'
grant select on v1 to reader
grant update (aa) on v1 to reader
create recursive view rv (n) as values (1) union all select n + 1 from rv where n < 10
create materialized view m as select a, count(*) from t group by a
create unique index mi on m (a)
create materialized view m2 as select 1 as one with no data
alter materialized view m set (fillfactor = 70)
alter materialized view m alter column a set statistics 7
alter materialized view m cluster on mi
alter materialized view m depends on extension plpgsql
alter materialized view m rename column count to n
comment on materialized view m is 'm'
create rule r as on insert to t2 do also insert into t (id) values (new.id)
create or replace rule r as on insert to t2 do instead nothing
alter rule r on t2 rename to rr
comment on rule rr on t2 is 'rule'
alter table t2 disable rule rr
alter table t2 enable always rule rr
drop rule rr on t2
create trigger g before insert or update of a on t for each row when (new.a > 0) execute function trg('x')
alter trigger g on t depends on extension plpgsql
alter trigger g on t rename to gg
comment on trigger gg on t is 'trigger'
alter table t disable trigger gg
alter table t enable replica trigger gg
alter table t enable always trigger gg
alter table t enable trigger gg
create or replace trigger gg before insert on t for each row execute function trg()
create constraint trigger cg after insert on t deferrable initially deferred for each row execute function trg()
create trigger vg instead of insert on v1 for each row execute function trg()
create trigger sg after update on t referencing old table as o for each statement execute function trg()
drop trigger sg on t
create function et() returns event_trigger language plpgsql as $$ begin end $$
create event trigger e on ddl_command_end execute function et()
alter event trigger e disable
alter event trigger e enable always
alter event trigger e owner to postgres
comment on event trigger e is 'event'
drop event trigger e
create event trigger e2 on ddl_command_start when tag in ('CREATE TABLE', 'DROP TABLE') execute function et()
drop event trigger e2
create policy po on t using (a > 1)
alter policy po on t using (a > 2) with check (a < 5)
alter policy po on t to app, reader
alter policy po on t rename to pol
comment on policy pol on t is 'policy'
create policy po2 on t as restrictive for update to public using (true)
drop policy po2 on t
create statistics st on a, b from t
alter statistics st set statistics 100
alter statistics st rename to st2
alter statistics st2 owner to app
create statistics st3 (ndistinct) on a, d from t
create statistics st4 on (a + 1), (lower(b)) from t
comment on statistics st2 is 'statistics'
drop statistics st3
drop view rv
drop materialized view m2
create sequence q
alter sequence q increment 2
alter sequence q minvalue -5 maxvalue 500 start 3 cache 7 cycle
alter sequence q as integer
alter sequence q owned by t.a
alter sequence q owned by none
alter sequence q set unlogged -- from 15
alter sequence q owner to app
alter sequence q rename to q2
comment on sequence q2 is 'sequence'
grant usage on sequence q2 to reader
drop sequence q2
