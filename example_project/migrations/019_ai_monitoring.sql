-- Migration 019: AI monitoring
-- Dependencies: users, applications, ai_models
-- Author: Javier Lopez, 2025-06-24

CREATE TYPE ai_incident_severity AS ENUM ('low', 'medium', 'high', 'critical');

-- By hash: traces are looked up by id and by nothing else, and four indexes vacuum faster than one.
CREATE TABLE ai_request_traces (
    id           UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    model_id     INTEGER NOT NULL REFERENCES ai_models (id),
    user_id      BIGINT REFERENCES users (id) ON DELETE SET NULL,
    started_at   TIMESTAMPTZ NOT NULL DEFAULT now(),
    request      JSONB NOT NULL,
    response     JSONB,
    finish       TEXT,
    redacted     BOOLEAN NOT NULL DEFAULT FALSE
) PARTITION BY HASH (id);

CREATE TABLE ai_request_traces_p0 PARTITION OF ai_request_traces FOR VALUES WITH (MODULUS 4, REMAINDER 0);
CREATE TABLE ai_request_traces_p1 PARTITION OF ai_request_traces FOR VALUES WITH (MODULUS 4, REMAINDER 1);
CREATE TABLE ai_request_traces_p2 PARTITION OF ai_request_traces FOR VALUES WITH (MODULUS 4, REMAINDER 2);
CREATE TABLE ai_request_traces_p3 PARTITION OF ai_request_traces FOR VALUES WITH (MODULUS 4, REMAINDER 3);

-- Prompts are large and nobody filters by them.
ALTER TABLE ai_request_traces ALTER COLUMN request SET STATISTICS 0;
ALTER TABLE ai_request_traces ALTER COLUMN response SET STORAGE EXTERNAL;

CREATE TABLE ai_incidents (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id     INTEGER REFERENCES ai_models (id),
    duplicate_of BIGINT REFERENCES ai_incidents (id),
    severity     ai_incident_severity NOT NULL DEFAULT 'low',
    title        TEXT NOT NULL,
    during       TSTZRANGE NOT NULL DEFAULT tstzrange(now(), NULL),
    postmortem   TEXT,
    CONSTRAINT ai_incidents_not_its_own_duplicate CHECK (duplicate_of <> id),
    CONSTRAINT ai_incidents_serious_ones_are_explained
        CHECK (severity < 'high' OR upper_inf(during) OR postmortem IS NOT NULL)
);

CREATE INDEX ai_incidents_during_idx ON ai_incidents USING gist (during);

CREATE TABLE ai_feedback (
    id             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    trace_id       UUID NOT NULL REFERENCES ai_request_traces (id) ON DELETE CASCADE,
    application_id BIGINT REFERENCES applications (id) ON DELETE SET NULL,
    user_id        BIGINT REFERENCES users (id) ON DELETE SET NULL,
    helpful        BOOLEAN NOT NULL,
    tags           TEXT[] NOT NULL DEFAULT '{}',
    comment        TEXT,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX ai_feedback_trace_id_idx ON ai_feedback (trace_id);
CREATE INDEX ai_feedback_tags_idx ON ai_feedback USING gin (tags);

CREATE TABLE ai_model_evaluations (
    model_id  INTEGER NOT NULL REFERENCES ai_models (id),
    suite     TEXT NOT NULL,
    run_on    DATE NOT NULL DEFAULT CURRENT_DATE,
    score     DOUBLE PRECISION NOT NULL CHECK (score BETWEEN 0 AND 1),
    samples   INTEGER NOT NULL CHECK (samples > 0),
    details   JSON,
    CONSTRAINT ai_model_evaluations_pk PRIMARY KEY (model_id, suite, run_on)
);

CREATE VIEW ai_model_satisfaction AS
SELECT m.code,
       count(*) AS answers,
       avg(f.helpful::int)::numeric(4,3) AS helpful
FROM ai_feedback f
JOIN ai_request_traces t ON t.id = f.trace_id
JOIN ai_models m ON m.id = t.model_id
GROUP BY m.code
HAVING count(*) >= 20;

-- ROLLBACK:
-- DROP VIEW IF EXISTS ai_model_satisfaction;
-- DROP TABLE IF EXISTS ai_model_evaluations, ai_feedback, ai_incidents, ai_request_traces;
-- DROP TYPE IF EXISTS ai_incident_severity;
-- END ROLLBACK
