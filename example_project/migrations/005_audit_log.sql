-- Migration 005: Audit log
-- Dependencies: users, organizations, grants, applications
-- Author: Priya Raman, 2023-09-26

/*
 * Who changed what, for the yearly audit. One generic trigger function;
 * a table is audited by giving it the trigger.
 */

CREATE TABLE audit_log (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    changed_by  TEXT NOT NULL DEFAULT COALESCE(current_setting('app.user_id', TRUE), SESSION_USER),
    table_name  TEXT NOT NULL,
    row_id      BIGINT,
    operation   TEXT NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE')),
    old_row     JSONB,
    new_row     JSONB
)
WITH (fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0.1);

-- The log only ever grows at its end.
CREATE INDEX audit_log_changed_at_idx ON audit_log USING BRIN (changed_at) WITH (pages_per_range = 32);
CREATE INDEX audit_log_row_idx ON audit_log (table_name, row_id);

CREATE RULE audit_log_no_update AS ON UPDATE TO audit_log DO INSTEAD NOTHING;
CREATE RULE audit_log_no_delete AS ON DELETE TO audit_log DO INSTEAD NOTHING;

CREATE FUNCTION audit_row_change() RETURNS TRIGGER
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $function$
DECLARE
    before JSONB;
    after  JSONB;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        before := to_jsonb(OLD) - 'password_hash';
    END IF;
    IF TG_OP <> 'DELETE' THEN
        after := to_jsonb(NEW) - 'password_hash';
    END IF;

    INSERT INTO audit_log (table_name, row_id, operation, old_row, new_row)
    VALUES (TG_TABLE_NAME, COALESCE(after ->> 'id', before ->> 'id')::BIGINT, TG_OP, before, after);

    RETURN NULL;
END;
$function$;

REVOKE ALL ON FUNCTION audit_row_change() FROM PUBLIC;

CREATE TRIGGER users_audit AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION audit_row_change();
CREATE TRIGGER organizations_audit AFTER INSERT OR UPDATE OR DELETE ON organizations
    FOR EACH ROW EXECUTE FUNCTION audit_row_change();
CREATE TRIGGER grants_audit AFTER INSERT OR UPDATE OR DELETE ON grants
    FOR EACH ROW EXECUTE FUNCTION audit_row_change();
CREATE TRIGGER applications_audit AFTER INSERT OR UPDATE OR DELETE ON applications
    FOR EACH ROW EXECUTE FUNCTION audit_row_change();

COMMENT ON TABLE audit_log IS 'Append only: updates and deletes are swallowed by rules';
COMMENT ON RULE audit_log_no_delete ON audit_log IS 'Retention is done by TRUNCATE, after the export';

-- ROLLBACK:
-- DROP TRIGGER IF EXISTS applications_audit ON applications;
-- DROP TRIGGER IF EXISTS grants_audit ON grants;
-- DROP TRIGGER IF EXISTS organizations_audit ON organizations;
-- DROP TRIGGER IF EXISTS users_audit ON users;
-- DROP FUNCTION IF EXISTS audit_row_change();
-- DROP TABLE IF EXISTS audit_log;
-- END ROLLBACK
