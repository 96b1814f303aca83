-- NOT NULL, in three steps that block nobody for long
-- table: name = table_name
-- column: name = column_name
-- constraint: name = {table}_{column}_not_null_check

-- MIGRATION: check
-- SET NOT NULL alone reads the whole table under a lock that blocks reads and writes. This is instant: rows that are
-- written from here on are checked, those that are there by the next migration.
ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID;

-- ROLLBACK:
-- ALTER TABLE {table} DROP CONSTRAINT {constraint};
-- END ROLLBACK

-- MIGRATION: validate
-- Reads the table, and blocks neither reads nor writes. It is a migration of its own, since in one transaction with the
-- step before, that one's lock would be held as long. Where it fails there are rows without a value: fill them
-- (template backfill), and run it again.
ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};

-- ROLLBACK:
-- -- A constraint cannot be made unvalidated, so it is made anew. Both are instant.
-- ALTER TABLE {table} DROP CONSTRAINT {constraint};
-- ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL) NOT VALID;
-- END ROLLBACK

-- MIGRATION: set
-- Instant: PostgreSQL sees by the validated check that no row is without a value, and reads none. Then the check has
-- done its work.
ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL;
ALTER TABLE {table} DROP CONSTRAINT {constraint};

-- ROLLBACK:
-- -- Reads the whole table while nobody else can: that is what it takes to have the check back as it was.
-- ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({column} IS NOT NULL);
-- ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;
-- END ROLLBACK
