-- Migration 012: Notifications
-- Dependencies: users

CREATE TYPE notification_channel AS ENUM ('email', 'in_app', 'webhook');

CREATE TABLE notifications (
    id         BIGSERIAL PRIMARY KEY,
    user_id    BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    channel    notification_channel NOT NULL DEFAULT 'in_app',
    subject    VARCHAR(200) NOT NULL,
    body       TEXT,
    payload    JSONB,
    created_at TIMESTAMPTZ DEFAULT now() NOT NULL,
    sent_at    TIMESTAMPTZ,
    read_at    TIMESTAMPTZ
);

CREATE TABLE notification_preferences (
    user_id     BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    topic       VARCHAR(60) NOT NULL,
    channels    notification_channel[] NOT NULL DEFAULT '{in_app}',
    quiet_hours TIME[2],
    digest      BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, topic),
    CONSTRAINT quiet_hours_are_a_pair CHECK (quiet_hours IS NULL OR cardinality(quiet_hours) = 2)
);

CREATE INDEX notifications_unread_idx ON notifications (user_id, created_at DESC) WHERE read_at IS NULL;
CREATE INDEX notifications_unsent_idx ON notifications (created_at) WHERE sent_at IS NULL AND channel <> 'in_app';

-- wakes the sender, which otherwise polls once a minute
CREATE FUNCTION announce_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('notifications', json_build_object('id', NEW.id, 'user', NEW.user_id)::text);
    RETURN NEW;
END $$;

CREATE TRIGGER notifications_announce
    AFTER INSERT ON notifications
    FOR EACH ROW
    WHEN (NEW.sent_at IS NULL)
    EXECUTE FUNCTION announce_notification();

-- ROLLBACK:
-- DROP TABLE notification_preferences;
-- DROP TABLE notifications;
-- DROP FUNCTION announce_notification();
-- DROP TYPE notification_channel;
-- END ROLLBACK
