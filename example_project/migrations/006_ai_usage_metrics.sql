-- Migration 006: AI usage metrics
-- Dependencies: users, organizations
-- Author: Javier Lopez, 2024-10-01

CREATE TYPE ai_model_kind AS ENUM ('chat', 'embedding', 'rerank');

CREATE TABLE ai_providers (
    id         SMALLINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    base_url   TEXT,
    is_enabled BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE ai_models (
    id             INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider_id    SMALLINT NOT NULL REFERENCES ai_providers (id),
    code           TEXT NOT NULL,
    kind           ai_model_kind NOT NULL DEFAULT 'chat',
    context_tokens INTEGER CHECK (context_tokens > 0),
    retired_on     DATE,
    CONSTRAINT ai_models_code_key UNIQUE (provider_id, code)
);

INSERT INTO ai_providers (code, name, base_url) VALUES
    ('openai', 'OpenAI', 'https://api.openai.com/v1'),
    ('mistral', 'Mistral AI', 'https://api.mistral.ai/v1'),
    ('inhouse', 'Our own GPUs', NULL);

INSERT INTO ai_models (provider_id, code, kind, context_tokens)
SELECT p.id, m.code, m.kind::ai_model_kind, m.context_tokens
FROM (VALUES
    ('openai', 'gpt-4o-mini', 'chat', 128000),
    ('openai', 'text-embedding-3-small', 'embedding', 8191),
    ('mistral', 'mistral-large-2407', 'chat', 131072),
    ('inhouse', 'bge-reranker-large', 'rerank', 512)
) AS m (provider, code, kind, context_tokens)
JOIN ai_providers p ON p.code = m.provider;

-- One partition a month: we keep 24 months and drop the oldest.
CREATE TABLE ai_usage_metrics (
    id                UUID NOT NULL DEFAULT gen_random_uuid(),
    recorded_at       TIMESTAMPTZ NOT NULL DEFAULT NOW(),
    model_id          INTEGER NOT NULL REFERENCES ai_models (id),
    organization_id   BIGINT REFERENCES organizations (id) ON DELETE SET NULL,
    user_id           BIGINT REFERENCES users (id) ON DELETE SET NULL,
    feature           TEXT NOT NULL,
    prompt_tokens     INTEGER NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
    completion_tokens INTEGER NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
    total_tokens      INTEGER GENERATED ALWAYS AS (prompt_tokens + completion_tokens) STORED,
    latency_ms        INTEGER,
    succeeded         BOOLEAN NOT NULL DEFAULT TRUE,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);

CREATE INDEX ai_usage_metrics_model_idx ON ai_usage_metrics (model_id, recorded_at);
CREATE INDEX ai_usage_metrics_organization_idx ON ai_usage_metrics (organization_id, recorded_at DESC);

DO $$
DECLARE
    first_day TIMESTAMP;
BEGIN
    FOR first_day IN
        SELECT generate_series(TIMESTAMP '2024-10-01', TIMESTAMP '2025-06-01', INTERVAL '1 month')
    LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF ai_usage_metrics FOR VALUES FROM (%L) TO (%L)',
            'ai_usage_metrics_' || to_char(first_day, 'YYYY_MM'),
            to_char(first_day, 'YYYY-MM-DD 00:00:00+00'),
            to_char(first_day + INTERVAL '1 month', 'YYYY-MM-DD 00:00:00+00')
        );
    END LOOP;
END
$$;

CREATE TABLE ai_usage_metrics_default PARTITION OF ai_usage_metrics DEFAULT;

COMMENT ON TABLE ai_usage_metrics IS 'One row per call to a model';
COMMENT ON TABLE ai_usage_metrics_default IS 'Should be empty; rows in here mean that a month has no partition';

-- ROLLBACK:
-- DROP TABLE IF EXISTS ai_usage_metrics; -- with all its partitions
-- DROP TABLE IF EXISTS ai_models;
-- DROP TABLE IF EXISTS ai_providers;
-- DROP TYPE IF EXISTS ai_model_kind;
-- END ROLLBACK
