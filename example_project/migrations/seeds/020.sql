-- Calls of each month since nobody made partitions, for 021 to move out of the default one.
INSERT INTO ai_usage_metrics (recorded_at, model_id, feature, prompt_tokens, completion_tokens)
SELECT month + interval '3 days', ai_models.id, 'draft', 1000, 10
FROM ai_models, generate_series(timestamptz '2025-07-01 00:00+00', '2025-12-01 00:00+00', '1 month') AS month;
