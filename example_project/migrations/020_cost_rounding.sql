-- Migration 020: Costs are not rounded per call
-- Dependencies: ai_model_prices, 013_ai_cost_tracking
-- Author: Javier Lopez, 2025-07-10
--
-- A call costs a fraction of a cent, so rounding each to the cent made most of them free:
-- July's invoice was 311 USD above what we had counted.

CREATE OR REPLACE FUNCTION ai_request_cost(
    p_model_id          INTEGER,
    p_prompt_tokens     INTEGER,
    p_completion_tokens INTEGER,
    p_at                TIMESTAMPTZ DEFAULT now()
) RETURNS NUMERIC
LANGUAGE sql STABLE
AS $$
    SELECT round(
        p.prompt_per_1k * p_prompt_tokens / 1000 + p.completion_per_1k * p_completion_tokens / 1000,
        6
    )
    FROM ai_model_prices p
    WHERE p.model_id = p_model_id AND p.valid @> p_at
$$;

COMMENT ON FUNCTION ai_request_cost(INTEGER, INTEGER, INTEGER, TIMESTAMPTZ)
    IS 'In US dollars, to the millionth; null for models without a price';

-- ROLLBACK:
-- CREATE OR REPLACE FUNCTION ai_request_cost(
--     p_model_id          INTEGER,
--     p_prompt_tokens     INTEGER,
--     p_completion_tokens INTEGER,
--     p_at                TIMESTAMPTZ DEFAULT now()
-- ) RETURNS NUMERIC
-- LANGUAGE plpgsql STABLE
-- AS $$
-- DECLARE
--     price ai_model_prices%ROWTYPE;
-- BEGIN
--     SELECT * INTO price FROM ai_model_prices
--     WHERE model_id = p_model_id AND valid @> p_at;
--     IF NOT FOUND THEN
--         RETURN NULL;  -- in-house models cost us nothing a call
--     END IF;
--     -- rounded to the cent, as on the invoice
--     RETURN round(
--         price.prompt_per_1k * p_prompt_tokens / 1000
--         + price.completion_per_1k * p_completion_tokens / 1000,
--         2
--     );
-- END;
-- $$;
-- COMMENT ON FUNCTION ai_request_cost(INTEGER, INTEGER, INTEGER, TIMESTAMPTZ) IS 'In US dollars';
-- END ROLLBACK
