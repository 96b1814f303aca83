-- Migration 017: Compliance requirements and checks
-- Dependencies: users, organizations, organization_addresses, funders, grants, applications
--
-- 2025-05-06 mh: what a funder asks for and whether an application has it.
-- The report names the funder of every grant, so funder_id may no longer be missing.

insert into funders (name, kind)
select 'Unknown funder', 'other'
where exists (select 1 from grants where funder_id is null);

-- nobody edited these grants: leave updated_at alone
alter table grants disable trigger grants_set_updated_at;
update grants
set funder_id = (select id from funders where name = 'Unknown funder')
where funder_id is null;
alter table grants enable trigger grants_set_updated_at;

alter table grants alter column funder_id set not null;

create table compliance_requirements (
  id            integer generated always as identity primary key,
  grant_id      bigint references grants (id) on delete cascade,
  code          text not null,
  title         text not null,
  applies_from  date not null default '2025-01-01',
  rule          jsonb not null,
  constraint compliance_requirements_rule check (rule ? 'kind')
);

-- no grant: applies to all of them
create unique index compliance_requirements_code_key
  on compliance_requirements (code, coalesce(grant_id, 0));

insert into compliance_requirements (code, title, rule) values
  ('tax-exempt',  'Proof of tax exemption',       '{"kind": "document", "label": "501c3"}'),
  ('audit',       'Audited financial statements', '{"kind": "document", "max_age": "P18M"}'),
  ('sanctions',   'Not on a sanctions list',      '{"kind": "lookup", "source": "ofac"}');

create table compliance_checks (
  application_id bigint not null references applications (id) on delete cascade,
  requirement_id integer not null references compliance_requirements (id),
  passed         boolean,
  evidence       jsonb,
  checked_by     bigint references users (id),
  checked_at     timestamptz,
  primary key (application_id, requirement_id)
);

create function application_is_compliant(p_application_id bigint) returns boolean
language sql stable
as $$
  select coalesce(bool_and(coalesce(passed, false)), false)
  from compliance_checks
  where application_id = p_application_id
$$;

-- not valid first: existing rows are checked without holding up those who write
alter table organization_addresses
  add constraint organization_addresses_country_iso check (country ~ '^[A-Z]{2}$') not valid;
alter table organization_addresses validate constraint organization_addresses_country_iso;

alter table organizations
  add constraint organizations_website_check check (website ~* '^https?://') not valid;
comment on constraint organizations_website_check on organizations
  is 'Not validated: the old importer let anything in, see the clean-up list';

-- ROLLBACK:
-- alter table organizations drop constraint organizations_website_check;
-- alter table organization_addresses drop constraint organization_addresses_country_iso;
-- drop function application_is_compliant(bigint);
-- drop table compliance_checks;
-- drop table compliance_requirements;
-- alter table grants alter column funder_id drop not null;
-- alter table grants disable trigger grants_set_updated_at;
-- update grants set funder_id = null
--   where funder_id = (select id from funders where name = 'Unknown funder');
-- alter table grants enable trigger grants_set_updated_at;
-- delete from funders where name = 'Unknown funder';
-- END ROLLBACK
