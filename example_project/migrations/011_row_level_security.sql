-- Migration 011: Row level security
-- Dependencies: grants, applications, application_sections, application_documents
-- Author: Priya Raman, 2025-01-14

/*
 * The API sets app.organization_id for each request. The owner of the tables (jobs, migrations)
 * is not bound by the policies: no FORCE.
 */

CREATE FUNCTION current_organization_id() RETURNS BIGINT
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT NULLIF(current_setting('app.organization_id', TRUE), '')::BIGINT $$;

CREATE FUNCTION owns_application(p_application_id BIGINT) RETURNS BOOLEAN
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT 1 FROM applications a
        WHERE a.id = p_application_id AND a.organization_id = current_organization_id()
    );
$$;

ALTER TABLE applications ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_sections ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_documents ENABLE ROW LEVEL SECURITY;

CREATE POLICY applications_of_organization ON applications
    USING (organization_id = current_organization_id())
    WITH CHECK (organization_id = current_organization_id());

CREATE POLICY applications_never_archived_by_api ON applications
    AS RESTRICTIVE FOR UPDATE
    USING (NOT archived);

CREATE POLICY sections_of_organization ON application_sections
    USING (owns_application(application_id))
    WITH CHECK (owns_application(application_id));

CREATE POLICY documents_readable ON application_documents
    FOR SELECT USING (owns_application(application_id));

CREATE POLICY documents_writable ON application_documents
    FOR INSERT WITH CHECK (owns_application(application_id) AND byte_size <= 52428800);

COMMENT ON POLICY documents_writable ON application_documents IS 'Through the API 50 MB, not 100';

/* Anybody may read what we publish, but not every column of it. */
GRANT SELECT (id, title, slug, summary, amount_min, amount_max, currency, opens_on, closes_on) ON grants TO PUBLIC;

-- ROLLBACK:
-- REVOKE SELECT (id, title, slug, summary, amount_min, amount_max, currency, opens_on, closes_on) ON grants FROM PUBLIC;
-- DROP POLICY documents_writable ON application_documents;
-- DROP POLICY documents_readable ON application_documents;
-- DROP POLICY sections_of_organization ON application_sections;
-- DROP POLICY applications_never_archived_by_api ON applications;
-- DROP POLICY applications_of_organization ON applications;
-- ALTER TABLE application_documents DISABLE ROW LEVEL SECURITY;
-- ALTER TABLE application_sections DISABLE ROW LEVEL SECURITY;
-- ALTER TABLE applications DISABLE ROW LEVEL SECURITY;
-- DROP FUNCTION owns_application(BIGINT);
-- DROP FUNCTION current_organization_id();
-- END ROLLBACK
