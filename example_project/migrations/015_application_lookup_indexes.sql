-- Migration 015: Indexes for the application lists
-- Dependencies: applications, application_reviews, audit_log
-- No transaction
-- Author: Javier Lopez, 2025-03-27
--
-- The list of an organization's applications took 4 s in production. Concurrently,
-- because applications is written to all day.

CREATE INDEX CONCURRENTLY applications_recent_idx
    ON applications (organization_id, created_at DESC) WHERE NOT archived;

CREATE INDEX CONCURRENTLY applications_title_lower_idx
    ON applications (lower(title) text_pattern_ops);

CREATE INDEX CONCURRENTLY application_reviews_pending_idx
    ON application_reviews (reviewer_id, application_id) WHERE reviewed_at IS NULL AND NOT recused;

-- Most organizations have one application, a few have thousands: the planner needs to know.
ALTER TABLE applications ALTER COLUMN organization_id SET STATISTICS 1000;
CREATE STATISTICS applications_grant_organization_stats (dependencies, ndistinct)
    ON grant_id, organization_id FROM applications;

ALTER TABLE audit_log SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- ROLLBACK:
-- ALTER TABLE audit_log RESET (autovacuum_analyze_scale_factor);
-- ALTER TABLE audit_log SET (autovacuum_vacuum_insert_scale_factor = 0.1);
-- DROP STATISTICS applications_grant_organization_stats;
-- ALTER TABLE applications ALTER COLUMN organization_id SET STATISTICS -1;
-- DROP INDEX CONCURRENTLY application_reviews_pending_idx;
-- DROP INDEX CONCURRENTLY applications_title_lower_idx;
-- DROP INDEX CONCURRENTLY applications_recent_idx;
-- END ROLLBACK
