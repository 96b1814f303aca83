-- A table with its primary key
-- table: name = table_name

-- Nobody is kept waiting by a new table. A foreign key in it is another matter: it blocks writes to the table that it
-- refers to until the commit. A table that is large is better given one by the template foreign-key.
CREATE TABLE {table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- ROLLBACK:
-- -- Takes the rows with it: run the rollback with --backup where there are some.
-- DROP TABLE {table};
-- END ROLLBACK
