-- Migration 023: Cost alerts
-- Dependencies: users, organizations, ai_models, ai_usage_metrics, ai_cost_budgets, ai_daily_costs, 020_cost_rounding
-- Author: Marta Nowak, 2026-01-19
--
-- Each call now carries its cost, as of the day it was made, and a budget that
-- runs low raises an alert before it is spent.

-- takes ACCESS EXCLUSIVE on every partition, but only for a moment: no default, no rewrite
ALTER TABLE ai_usage_metrics ADD COLUMN cost_usd NUMERIC(12,6);

UPDATE ai_usage_metrics
SET cost_usd = ai_request_cost(model_id, prompt_tokens, completion_tokens, recorded_at);

CREATE FUNCTION set_usage_cost() RETURNS TRIGGER
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.cost_usd := COALESCE(
        NEW.cost_usd,
        ai_request_cost(NEW.model_id, NEW.prompt_tokens, NEW.completion_tokens, NEW.recorded_at)
    );
    RETURN NEW;
END;
$$;

-- on the parent: partitions that are yet to come have it too
CREATE TRIGGER ai_usage_metrics_set_cost
    BEFORE INSERT ON ai_usage_metrics
    FOR EACH ROW EXECUTE FUNCTION set_usage_cost();

CREATE SEQUENCE cost_alert_number_seq AS INTEGER START 1 MAXVALUE 999999 CYCLE;

CREATE TABLE cost_alert_rules (
    id              INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id BIGINT REFERENCES ai_cost_budgets (organization_id) ON DELETE CASCADE,
    model_id        INTEGER REFERENCES ai_models (id),
    threshold_usd   NUMERIC(12,2) NOT NULL CHECK (threshold_usd > 0),
    per             TEXT NOT NULL DEFAULT 'month' CHECK (per IN ('day', 'week', 'month')),
    recipients      TEXT[] NOT NULL DEFAULT '{}',
    enabled         BOOLEAN NOT NULL DEFAULT TRUE
);

CREATE TABLE cost_alerts (
    number       INTEGER NOT NULL DEFAULT nextval('cost_alert_number_seq'),
    raised_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    rule_id      INTEGER NOT NULL REFERENCES cost_alert_rules (id) ON DELETE CASCADE,
    spent_usd    NUMERIC(14,6) NOT NULL,
    resolved_by  BIGINT REFERENCES users (id) ON DELETE SET NULL,
    resolved_at  TIMESTAMPTZ,
    PRIMARY KEY (raised_at, number)
);

ALTER SEQUENCE cost_alert_number_seq OWNED BY cost_alerts.number;

CREATE UNIQUE INDEX cost_alerts_one_open_per_rule ON cost_alerts (rule_id) WHERE resolved_at IS NULL;

CREATE VIEW cost_alert_status AS
SELECT r.id AS rule_id, o.name AS organization, r.threshold_usd, r.per,
       COALESCE(sum(c.cost_usd), 0) AS spent_usd,
       COALESCE(sum(c.cost_usd), 0) >= r.threshold_usd AS exceeded
FROM cost_alert_rules r
LEFT JOIN organizations o ON o.id = r.organization_id
LEFT JOIN ai_daily_costs c
    ON c.day >= date_trunc(r.per, now())::date
    AND (r.organization_id IS NULL OR c.organization_id = r.organization_id)
    AND (r.model_id IS NULL OR c.model_id = r.model_id)
WHERE r.enabled
GROUP BY r.id, o.name, r.threshold_usd, r.per;

CREATE FUNCTION raise_cost_alerts() RETURNS SETOF cost_alerts
LANGUAGE sql
AS $$
    INSERT INTO cost_alerts (rule_id, spent_usd)
    SELECT s.rule_id, s.spent_usd FROM cost_alert_status s WHERE s.exceeded
    ON CONFLICT (rule_id) WHERE resolved_at IS NULL DO NOTHING
    RETURNING *
$$;

-- ROLLBACK:
-- DROP FUNCTION IF EXISTS raise_cost_alerts();
-- DROP VIEW IF EXISTS cost_alert_status;
-- DROP TABLE IF EXISTS cost_alerts;
-- DROP TABLE IF EXISTS cost_alert_rules;
-- DROP TRIGGER IF EXISTS ai_usage_metrics_set_cost ON ai_usage_metrics;
-- DROP FUNCTION IF EXISTS set_usage_cost();
-- ALTER TABLE ai_usage_metrics DROP COLUMN IF EXISTS cost_usd;
-- END ROLLBACK
