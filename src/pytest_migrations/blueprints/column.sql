-- A column that costs nothing to add
-- table: name = table_name
-- column: name = column_name
-- type: sql = text

-- Instant: reads and writes wait only as long as this lock takes to get, and no row is written. That is so without a
-- default, with a constant one and with now(); clock_timestamp(), gen_random_uuid() and the like rewrite the table.
-- No NOT NULL here: the rows that are there would break it. Fill the column (template backfill), then not-null-in-steps.
ALTER TABLE {table} ADD COLUMN {column} {type};

-- ROLLBACK:
-- -- Takes what is in the column with it: run the rollback with --backup where that matters.
-- ALTER TABLE {table} DROP COLUMN {column};
-- END ROLLBACK
