-- +goose Up
-- The messages that came late: the sent time that agents were last told, in
-- Unix milliseconds, and the newest such message's place in its lane.
ALTER TABLE chat ADD COLUMN late_sent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN late_pos BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE chat DROP COLUMN late_pos;
ALTER TABLE chat DROP COLUMN late_sent;
