-- Calls of a model that has a price, for 023 to work out what they cost.
INSERT INTO ai_usage_metrics (recorded_at, model_id, feature, prompt_tokens, completion_tokens)
SELECT coalesce(upper(valid), now()) - interval '1 day', model_id, 'draft', 1000, 10
FROM ai_model_prices
WHERE prompt_per_1k > 0;
