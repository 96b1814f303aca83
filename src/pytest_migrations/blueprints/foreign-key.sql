-- A foreign key, in two steps that block nobody for long
-- table: name = table_name
-- column: name = other_id
-- references: name = other_table
-- key: name = id
-- constraint: name = {table}_{column}_fkey

-- MIGRATION: not valid
-- Instant: new rows are checked from here on, those that are there by the next migration. Blocks writes to both tables
-- for a moment. Deleting from {references} looks {column} up: make an index for it first (template
-- index-concurrently).
ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ({column}) REFERENCES {references} ({key}) NOT VALID;

-- ROLLBACK:
-- ALTER TABLE {table} DROP CONSTRAINT {constraint};
-- END ROLLBACK

-- MIGRATION: validate
-- Reads both tables, and blocks neither reads nor writes. It is a migration of its own, since in one transaction with
-- the step before, that one's lock would be held as long. Where it fails, the message names a row without a partner:
-- mend the rows, and run it again.
ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};

-- ROLLBACK:
-- -- A constraint cannot be made unvalidated, so it is made anew. Both are instant.
-- ALTER TABLE {table} DROP CONSTRAINT {constraint};
-- ALTER TABLE {table} ADD CONSTRAINT {constraint} FOREIGN KEY ({column}) REFERENCES {references} ({key}) NOT VALID;
-- END ROLLBACK
