-- Migration 013: AI cost tracking
-- Dependencies: organizations, ai_providers, ai_models, ai_usage_metrics
-- Author: Javier Lopez, 2025-02-20

CREATE TABLE ai_model_prices (
    id                   INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id             INTEGER NOT NULL REFERENCES ai_models (id),
    valid                TSTZRANGE NOT NULL,
    prompt_per_1k        NUMERIC(10,6) NOT NULL CHECK (prompt_per_1k >= 0),
    completion_per_1k    NUMERIC(10,6) NOT NULL DEFAULT 0 CHECK (completion_per_1k >= 0),
    CONSTRAINT ai_model_prices_valid_check CHECK (NOT isempty(valid) AND lower_inc(valid)),
    -- one price at a time; see grant_funding_periods for the one-element range
    CONSTRAINT ai_model_prices_one_at_a_time
        EXCLUDE USING gist (int4range(model_id, model_id, '[]') WITH =, valid WITH &&)
);

INSERT INTO ai_model_prices (model_id, valid, prompt_per_1k, completion_per_1k)
SELECT m.id, tstzrange('2024-10-01 00:00:00+00', NULL), p.prompt, p.completion
FROM (VALUES
    ('gpt-4o-mini', 0.000150, 0.000600),
    ('text-embedding-3-small', 0.000020, 0),
    ('mistral-large-2407', 0.002000, 0.006000)
) AS p (code, prompt, completion)
JOIN ai_models m USING (code);

CREATE TABLE ai_cost_budgets (
    organization_id BIGINT PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    monthly_limit   NUMERIC(12,2) NOT NULL CHECK (monthly_limit > 0),
    warn_at_percent SMALLINT NOT NULL DEFAULT 80 CHECK (warn_at_percent BETWEEN 1 AND 100),
    hard_limit      BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE ai_daily_costs (
    day             DATE NOT NULL,
    model_id        INTEGER NOT NULL REFERENCES ai_models (id),
    organization_id BIGINT REFERENCES organizations (id) ON DELETE SET NULL,
    calls           INTEGER NOT NULL DEFAULT 0,
    total_tokens    BIGINT NOT NULL DEFAULT 0,
    cost_usd        NUMERIC(14,6) NOT NULL DEFAULT 0
);

-- No organization: our own batch jobs. They count once a day and model, too.
CREATE UNIQUE INDEX ai_daily_costs_key ON ai_daily_costs (day, model_id, COALESCE(organization_id, 0));

CREATE FUNCTION ai_request_cost(
    p_model_id          INTEGER,
    p_prompt_tokens     INTEGER,
    p_completion_tokens INTEGER,
    p_at                TIMESTAMPTZ DEFAULT now()
) RETURNS NUMERIC
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    price ai_model_prices%ROWTYPE;
BEGIN
    SELECT * INTO price FROM ai_model_prices
    WHERE model_id = p_model_id AND valid @> p_at;
    IF NOT FOUND THEN
        RETURN NULL;  -- in-house models cost us nothing a call
    END IF;
    -- rounded to the cent, as on the invoice
    RETURN round(
        price.prompt_per_1k * p_prompt_tokens / 1000
        + price.completion_per_1k * p_completion_tokens / 1000,
        2
    );
END;
$$;

COMMENT ON FUNCTION ai_request_cost(INTEGER, INTEGER, INTEGER, TIMESTAMPTZ) IS 'In US dollars';

CREATE FUNCTION ai_cost_on(p_day DATE) RETURNS NUMERIC
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT COALESCE(sum(c.cost_usd), 0) FROM ai_daily_costs c WHERE c.day = p_day;
END;

CREATE FUNCTION roll_up_ai_costs(p_day DATE) RETURNS INTEGER
LANGUAGE plpgsql
AS $$
DECLARE
    written INTEGER;
BEGIN
    DELETE FROM ai_daily_costs WHERE day = p_day;

    INSERT INTO ai_daily_costs (day, model_id, organization_id, calls, total_tokens, cost_usd)
    SELECT p_day, u.model_id, u.organization_id, count(*), sum(u.total_tokens),
           COALESCE(sum(ai_request_cost(u.model_id, u.prompt_tokens, u.completion_tokens, u.recorded_at)), 0)
    FROM ai_usage_metrics u
    WHERE u.recorded_at >= p_day::timestamp AT TIME ZONE 'UTC'
      AND u.recorded_at < (p_day + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY u.model_id, u.organization_id;

    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END;
$$;

REVOKE EXECUTE ON FUNCTION roll_up_ai_costs(DATE) FROM PUBLIC;

CREATE VIEW ai_costs_by_provider AS
SELECT p.code AS provider, date_trunc('month', c.day::timestamp)::date AS month, sum(c.cost_usd) AS cost_usd
FROM ai_daily_costs c
JOIN ai_models m ON m.id = c.model_id
JOIN ai_providers p ON p.id = m.provider_id
GROUP BY 1, 2;

-- ROLLBACK:
-- DROP VIEW IF EXISTS ai_costs_by_provider;
-- DROP FUNCTION IF EXISTS roll_up_ai_costs(DATE);
-- DROP FUNCTION IF EXISTS ai_cost_on(DATE);
-- DROP FUNCTION IF EXISTS ai_request_cost(INTEGER, INTEGER, INTEGER, TIMESTAMPTZ);
-- DROP TABLE IF EXISTS ai_daily_costs;
-- DROP TABLE IF EXISTS ai_cost_budgets;
-- DROP TABLE IF EXISTS ai_model_prices;
-- END ROLLBACK
