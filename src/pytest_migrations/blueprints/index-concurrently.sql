-- An index, built while others read and write
-- table: name = table_name
-- column: name = column_name
-- index: name = {table}_{column}_idx

-- No transaction
-- CREATE INDEX alone would block writes until it is built. CONCURRENTLY waits for all transactions that are open, takes
-- about twice as long, and cannot be in a transaction: so it is alone in its migration.
-- Where it fails it leaves an invalid index behind, which IF NOT EXISTS would take for a good one. Drop that, and run
-- the migration again:  DROP INDEX CONCURRENTLY {table.schema}{index};
CREATE INDEX CONCURRENTLY {index} ON {table} ({column});

-- ROLLBACK:
-- DROP INDEX CONCURRENTLY {table.schema}{index};
-- END ROLLBACK
