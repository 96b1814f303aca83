-- One more value of an enum type
-- type: name = type_name
-- value: text = new_value
-- values: sql = 'all', 'values', 'before'
-- table: name = table_name
-- column: name = column_name
-- old: name = {type}_old

-- Instant, and no lock on any table. The value may be used from the next migration on, not in this one. It comes last
-- in the order of the values unless you say BEFORE or AFTER which one.
ALTER TYPE {type} ADD VALUE {value};

-- ROLLBACK:
-- -- PostgreSQL takes no value out of an enum, so the type is made anew, with the values that it had before. Each column
-- -- of the type is rewritten, which blocks reads and writes of its table; one that has a default loses it for that long
-- -- (DROP DEFAULT before, SET DEFAULT after). Rows that hold the new value make it fail: change them first.
-- ALTER TYPE {type} RENAME TO {old};
-- CREATE TYPE {type} AS ENUM ({values});
-- ALTER TABLE {table} ALTER COLUMN {column} TYPE {type} USING {column}::text::{type};
-- DROP TYPE {type.schema}{old};
-- END ROLLBACK
