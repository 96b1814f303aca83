-- Migration 014: Application status becomes an enum, with a history
-- Dependencies: users, applications, 010_reporting_views
-- Author: T. Okafor, 2025-03-11

CREATE TYPE application_status AS ENUM (
    'draft', 'submitted', 'under_review', 'approved', 'rejected', 'withdrawn'
);

COMMENT ON TYPE application_status IS 'The life of an application';

-- These know the column as text.
DROP VIEW reporting.application_pipeline;
DROP INDEX applications_submitted_idx;
ALTER TABLE applications DROP CONSTRAINT applications_status_check;

ALTER TABLE applications
    ALTER COLUMN status DROP DEFAULT,
    ALTER COLUMN status TYPE application_status USING status::application_status,
    ALTER COLUMN status SET DEFAULT 'draft';

CREATE INDEX applications_submitted_idx ON applications (submitted_at) WHERE status = 'submitted';
COMMENT ON INDEX applications_submitted_idx IS 'The review queue, oldest first';

CREATE VIEW reporting.application_pipeline AS
SELECT a.grant_id,
       count(*) FILTER (WHERE a.status = 'draft')        AS drafts,
       count(*) FILTER (WHERE a.status = 'submitted')    AS submitted,
       count(*) FILTER (WHERE a.status = 'under_review') AS under_review,
       count(*) FILTER (WHERE a.status = 'approved')     AS approved,
       sum(a.total_amount) FILTER (WHERE a.status = 'approved') AS approved_amount
FROM applications a
WHERE NOT a.archived
GROUP BY a.grant_id;

COMMENT ON VIEW reporting.application_pipeline IS 'Where the applications to each grant stand';
COMMENT ON COLUMN reporting.application_pipeline.approved_amount IS 'Matched amounts included';
GRANT SELECT ON reporting.application_pipeline TO PUBLIC;

CREATE TABLE application_status_history (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    application_id BIGINT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    old_status     application_status,
    new_status     application_status NOT NULL,
    changed_by     BIGINT REFERENCES users (id) ON DELETE SET NULL,
    changed_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT application_status_history_is_a_change CHECK (old_status IS DISTINCT FROM new_status)
);

CREATE INDEX application_status_history_application_idx ON application_status_history (application_id, changed_at);

-- Where every application stands today, so that the history starts somewhere.
INSERT INTO application_status_history (application_id, new_status, changed_at)
SELECT id, status, updated_at FROM applications;

CREATE FUNCTION record_application_status() RETURNS TRIGGER
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO application_status_history (application_id, old_status, new_status, changed_by)
    VALUES (NEW.id, OLD.status, NEW.status, NULLIF(current_setting('app.user_id', TRUE), '')::BIGINT);
    RETURN NULL;
END;
$$;

CREATE TRIGGER applications_record_status
    AFTER UPDATE OF status ON applications
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION record_application_status();

-- ROLLBACK:
-- DROP TRIGGER applications_record_status ON applications;
-- DROP FUNCTION record_application_status();
-- DROP TABLE application_status_history;
-- DROP VIEW reporting.application_pipeline;
-- DROP INDEX applications_submitted_idx;
--
-- ALTER TABLE applications
--     ALTER COLUMN status DROP DEFAULT,
--     ALTER COLUMN status TYPE TEXT USING status::text,
--     ALTER COLUMN status SET DEFAULT 'draft';
-- ALTER TABLE applications
--     ADD CONSTRAINT applications_status_check
--     CHECK (status IN ('draft', 'submitted', 'under_review', 'approved', 'rejected', 'withdrawn'));
-- DROP TYPE application_status;
--
-- CREATE INDEX applications_submitted_idx ON applications (submitted_at) WHERE status = 'submitted';
-- COMMENT ON INDEX applications_submitted_idx IS 'The review queue, oldest first';
--
-- CREATE VIEW reporting.application_pipeline AS
-- SELECT a.grant_id,
--        count(*) FILTER (WHERE a.status = 'draft')        AS drafts,
--        count(*) FILTER (WHERE a.status = 'submitted')    AS submitted,
--        count(*) FILTER (WHERE a.status = 'under_review') AS under_review,
--        count(*) FILTER (WHERE a.status = 'approved')     AS approved,
--        sum(a.total_amount) FILTER (WHERE a.status = 'approved') AS approved_amount
-- FROM applications a
-- WHERE NOT a.archived
-- GROUP BY a.grant_id;
-- COMMENT ON VIEW reporting.application_pipeline IS 'Where the applications to each grant stand';
-- COMMENT ON COLUMN reporting.application_pipeline.approved_amount IS 'Matched amounts included';
-- GRANT SELECT ON reporting.application_pipeline TO PUBLIC;
-- END ROLLBACK
