-- Migration 022: Vector embeddings
-- Dependencies: grants, applications, ai_models
-- Author: Priya Raman, 2025-10-21

/*
 * Finds grants that resemble an application. Production has pgvector; laptops, CI and the
 * on-premise customers may not. There the same column is an array and the search a plain scan.
 */

CREATE TABLE vector_embeddings (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grant_id       BIGINT REFERENCES grants (id) ON DELETE CASCADE,
    application_id BIGINT REFERENCES applications (id) ON DELETE CASCADE,
    model_id       INTEGER NOT NULL REFERENCES ai_models (id),
    chunk          INTEGER NOT NULL DEFAULT 0 CHECK (chunk >= 0),
    content        TEXT NOT NULL,
    content_hash   TEXT GENERATED ALWAYS AS (md5(content)) STORED,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT vector_embeddings_one_source CHECK (num_nonnulls(grant_id, application_id) = 1)
);

CREATE UNIQUE INDEX vector_embeddings_grant_key
    ON vector_embeddings (grant_id, model_id, chunk) WHERE grant_id IS NOT NULL;
CREATE UNIQUE INDEX vector_embeddings_application_key
    ON vector_embeddings (application_id, model_id, chunk) WHERE application_id IS NOT NULL;

CREATE TABLE embedding_jobs (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grant_id       BIGINT REFERENCES grants (id) ON DELETE CASCADE,
    application_id BIGINT REFERENCES applications (id) ON DELETE CASCADE,
    attempts       SMALLINT NOT NULL DEFAULT 0,
    run_after      TIMESTAMPTZ NOT NULL DEFAULT now(),
    locked_until   TIMESTAMPTZ,
    last_error     TEXT,
    CONSTRAINT embedding_jobs_one_source CHECK (num_nonnulls(grant_id, application_id) = 1)
);

CREATE INDEX embedding_jobs_queue_idx ON embedding_jobs (run_after) WHERE attempts < 5;

DO $$
BEGIN
    /* pgvector is not a trusted extension: without superuser somebody else has to have created it */
    IF NOT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')
        AND EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector')
        AND current_setting('is_superuser') = 'on'
    THEN
        CREATE EXTENSION vector;
        COMMENT ON EXTENSION vector IS 'Created by migration 022';
    END IF;

    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector') THEN
        ALTER TABLE vector_embeddings ADD COLUMN embedding vector(1536);
        CREATE INDEX vector_embeddings_embedding_idx
            ON vector_embeddings USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);
    ELSE
        ALTER TABLE vector_embeddings
            ADD COLUMN embedding REAL[],
            ADD CONSTRAINT vector_embeddings_dimensions CHECK (cardinality(embedding) = 1536);
    END IF;
END
$$;

COMMENT ON COLUMN vector_embeddings.embedding IS 'Empty until the job has run';

/* Both flavours take and give the same, so that callers need not know which one is there. */
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector') THEN
        CREATE FUNCTION similar_grants(query REAL[], max_rows INTEGER DEFAULT 10)
        RETURNS TABLE (grant_id BIGINT, distance DOUBLE PRECISION)
        LANGUAGE sql STABLE
        AS $function$
            SELECT e.grant_id, e.embedding <=> query::vector
            FROM vector_embeddings e
            WHERE e.grant_id IS NOT NULL AND e.embedding IS NOT NULL
            ORDER BY e.embedding <=> query::vector
            LIMIT max_rows
        $function$;
    ELSE
        CREATE FUNCTION similar_grants(query REAL[], max_rows INTEGER DEFAULT 10)
        RETURNS TABLE (grant_id BIGINT, distance DOUBLE PRECISION)
        LANGUAGE sql STABLE
        AS $function$
            SELECT e.grant_id, 1 - d.dot / NULLIF(sqrt(d.a) * sqrt(d.b), 0)
            FROM vector_embeddings e
            CROSS JOIN LATERAL (
                SELECT sum(x::float8 * y) AS dot, sum(x::float8 * x) AS a, sum(y::float8 * y) AS b
                FROM unnest(e.embedding, query) AS v (x, y)
            ) AS d
            WHERE e.grant_id IS NOT NULL AND e.embedding IS NOT NULL
            ORDER BY 2
            LIMIT max_rows
        $function$;
    END IF;
END
$$;

-- ROLLBACK:
-- DROP FUNCTION IF EXISTS similar_grants(REAL[], INTEGER);
-- DROP TABLE IF EXISTS embedding_jobs;
-- DROP TABLE IF EXISTS vector_embeddings;
--
-- /* only what we created: others may have had pgvector before us */
-- DO $$
-- BEGIN
--     IF EXISTS (
--         SELECT 1 FROM pg_extension
--         WHERE extname = 'vector' AND obj_description(oid, 'pg_extension') = 'Created by migration 022'
--     ) THEN
--         DROP EXTENSION vector;
--     END IF;
-- END
-- $$;
-- END ROLLBACK
