-- Values for rows that have none yet, in batches
-- table: name = table_name
-- column: name = column_name
-- value: sql = 'a value'
-- key: name = id

-- No transaction
-- One UPDATE of all rows would lock every row until it is done, and leave as many dead ones. This commits behind every
-- 1000 rows, walks along the primary key, and may be stopped and run again: it goes on with what is still empty.
-- Rows that are added meanwhile need the value from the program, or from a default. statement_timeout counts for all
-- of the block: allow it enough, or none.
DO $$
DECLARE
    first_key {table}.{key}%TYPE;
    last_key {table}.{key}%TYPE;
BEGIN
    SELECT {key} INTO first_key FROM {table} ORDER BY {key} LIMIT 1;
    WHILE first_key IS NOT NULL LOOP
        SELECT {key} INTO last_key
        FROM (SELECT {key} FROM {table} WHERE {key} >= first_key ORDER BY {key} LIMIT 1000) AS batch
        ORDER BY {key} DESC LIMIT 1;
        UPDATE {table} SET {column} = {value} WHERE {key} BETWEEN first_key AND last_key AND {column} IS NULL;
        COMMIT;
        SELECT {key} INTO first_key FROM {table} WHERE {key} > last_key ORDER BY {key} LIMIT 1;
    END LOOP;
END $$;

-- ROLLBACK:
-- -- Nothing: the schema is as it was, and which rows were empty is not known any more.
-- END ROLLBACK
