-- Migration 021: Usage partitions for the rest of 2025
-- Dependencies: ai_usage_metrics
-- Author: Javier Lopez, 2025-08-04
--
-- Nobody made partitions after June, so July and August so far lie in the default one.
-- The new partitions are filled from there and attached after it has been emptied of them.

DO $$
DECLARE
    first_day TIMESTAMP;
    partition TEXT;
    bounds    TEXT[];
BEGIN
    FOR first_day IN
        SELECT generate_series(TIMESTAMP '2025-07-01', TIMESTAMP '2025-12-01', INTERVAL '1 month')
    LOOP
        partition := 'ai_usage_metrics_' || to_char(first_day, 'YYYY_MM');
        bounds := ARRAY[
            to_char(first_day, 'YYYY-MM-DD 00:00:00+00'),
            to_char(first_day + INTERVAL '1 month', 'YYYY-MM-DD 00:00:00+00')
        ];
        EXECUTE format('CREATE TABLE %I (LIKE ai_usage_metrics INCLUDING ALL EXCLUDING COMMENTS)', partition);
        EXECUTE format(
            'INSERT INTO %I (id, recorded_at, model_id, organization_id, user_id, feature,
                             prompt_tokens, completion_tokens, latency_ms, succeeded)
             SELECT id, recorded_at, model_id, organization_id, user_id, feature,
                    prompt_tokens, completion_tokens, latency_ms, succeeded
             FROM ai_usage_metrics_default WHERE recorded_at >= %L AND recorded_at < %L',
            partition, bounds[1], bounds[2]
        );
        EXECUTE format(
            'DELETE FROM ai_usage_metrics_default WHERE recorded_at >= %L AND recorded_at < %L',
            bounds[1], bounds[2]
        );
        EXECUTE format(
            'ALTER TABLE ai_usage_metrics ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            partition, bounds[1], bounds[2]
        );
    END LOOP;
END
$$;

-- ROLLBACK:
-- CREATE TEMPORARY TABLE moved_metrics ON COMMIT DROP AS
--     SELECT * FROM ai_usage_metrics
--     WHERE recorded_at >= '2025-07-01 00:00:00+00' AND recorded_at < '2026-01-01 00:00:00+00';
-- DROP TABLE ai_usage_metrics_2025_07, ai_usage_metrics_2025_08, ai_usage_metrics_2025_09,
--     ai_usage_metrics_2025_10, ai_usage_metrics_2025_11, ai_usage_metrics_2025_12;
-- -- without their partitions the rows go to the default one again
-- INSERT INTO ai_usage_metrics (id, recorded_at, model_id, organization_id, user_id, feature,
--                               prompt_tokens, completion_tokens, latency_ms, succeeded)
-- SELECT id, recorded_at, model_id, organization_id, user_id, feature,
--        prompt_tokens, completion_tokens, latency_ms, succeeded
-- FROM moved_metrics;
-- DROP TABLE moved_metrics;
-- END ROLLBACK
