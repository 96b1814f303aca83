-- Migration 010: Reporting views
-- Dependencies: users, organizations, funders, grants, applications, budgets, budget_lines, expenses
--
-- 2024-12-05 mh: what the dashboards read. They connect with their own logins,
-- so everything in here is readable by PUBLIC and nothing in here shows an e-mail address.

create schema reporting;
grant usage on schema reporting to public;

create view reporting.user_directory as
select u.id, u.name, o.name as organization
from users u
left join organizations o on o.id = u.organization_id
where u.is_active;

create view reporting.open_grants with (security_barrier = true) as
select g.id, g.title, f.name as funder, g.amount_max, g.currency, g.closes_on
from grants g
left join funders f on f.id = g.funder_id
where g.status = 'open';

create view reporting.application_pipeline as
select a.grant_id,
       count(*) filter (where a.status = 'draft')        as drafts,
       count(*) filter (where a.status = 'submitted')    as submitted,
       count(*) filter (where a.status = 'under_review') as under_review,
       count(*) filter (where a.status = 'approved')     as approved,
       sum(a.total_amount) filter (where a.status = 'approved') as approved_amount
from applications a
where not a.archived
group by a.grant_id;

comment on view reporting.application_pipeline is 'Where the applications to each grant stand';
comment on column reporting.application_pipeline.approved_amount is 'Matched amounts included';

create materialized view reporting.budget_utilization as
with spent as (
  select l.budget_id, sum(e.gross) as gross
  from expenses e
  join budget_lines l on l.id = e.budget_line_id
  where e.state in ('approved', 'paid')
  group by l.budget_id
)
select b.id as budget_id,
       b.application_id,
       b.fiscal_year,
       b.total,
       coalesce(s.gross, 0) as spent,
       round(100 * coalesce(s.gross, 0) / nullif(b.total, 0), 1) as percent
from budgets b
left join spent s on s.budget_id = b.id
with data;

-- refresh ... concurrently needs it
create unique index budget_utilization_budget_id_idx on reporting.budget_utilization (budget_id);

comment on materialized view reporting.budget_utilization is 'Refreshed at 02:00 UTC';

-- the importer inserts through this one and must not publish anything
create view draft_grants as
select id, funder_id, title, slug, status, amount_min, amount_max
from grants
where status = 'draft'
with cascaded check option;

grant select on reporting.user_directory, reporting.open_grants,
  reporting.application_pipeline, reporting.budget_utilization to public;

-- ROLLBACK:
-- drop view if exists draft_grants;
-- drop materialized view if exists reporting.budget_utilization;
-- drop view if exists reporting.application_pipeline;
-- drop view if exists reporting.open_grants;
-- drop view if exists reporting.user_directory;
-- drop schema if exists reporting;
-- END ROLLBACK
