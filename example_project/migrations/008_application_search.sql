-- Migration 008: Full text search over grants and applications
-- Dependencies: users, grants, applications
-- Author: Priya Raman, 2024-11-12

/* Hyphenated words ("open-source") are looked up as they stand, not stemmed. */
CREATE TEXT SEARCH CONFIGURATION grant_search (COPY = pg_catalog.english);

ALTER TEXT SEARCH CONFIGURATION grant_search
    ALTER MAPPING FOR asciihword, hword, hword_asciipart, hword_part WITH simple;

COMMENT ON TEXT SEARCH CONFIGURATION grant_search IS 'English, but hyphenated words stay whole';

ALTER TABLE grants
    ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('grant_search', COALESCE(title, '')), 'A')
        || setweight(to_tsvector('grant_search', COALESCE(summary, '')), 'B')
    ) STORED;

ALTER TABLE applications
    ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('grant_search', COALESCE(title, '')), 'A')
        || setweight(to_tsvector('grant_search', COALESCE(abstract, '')), 'C')
    ) STORED;

CREATE INDEX grants_search_idx ON grants USING GIN (search);
CREATE INDEX applications_search_idx ON applications USING GIN (search) WITH (fastupdate = off);

CREATE TABLE saved_searches (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    query       TEXT NOT NULL DEFAULT '',
    filters     JSONB NOT NULL DEFAULT '{}',
    notify      BOOLEAN NOT NULL DEFAULT FALSE,
    created_at  TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    CONSTRAINT saved_searches_filters_check CHECK (jsonb_typeof(filters) = 'object')
);

/* Names are unique per user, whatever their case. */
CREATE UNIQUE INDEX saved_searches_name_key ON saved_searches (user_id, lower(name));
CREATE INDEX saved_searches_filters_idx ON saved_searches USING GIN (filters);

CREATE FUNCTION search_grants(terms TEXT, max_rows INTEGER DEFAULT 20)
RETURNS TABLE (grant_id BIGINT, title TEXT, rank REAL)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT g.id, g.title::text, ts_rank(g.search, q)
    FROM grants g, websearch_to_tsquery('grant_search', terms) AS q
    WHERE g.search @@ q
    ORDER BY 3 DESC, g.id
    LIMIT max_rows;
$$;

-- ROLLBACK:
-- DROP FUNCTION search_grants(TEXT, INTEGER);
-- DROP TABLE saved_searches;
-- ALTER TABLE applications DROP COLUMN search;
-- ALTER TABLE grants DROP COLUMN search;
-- DROP TEXT SEARCH CONFIGURATION grant_search;
-- END ROLLBACK
