-- +goose Up
-- When the line's Chatwoot was found restored from a backup last, and when the first and
-- the last message were written that are known to be lost there; 0 = never, or unknown.
-- People are told of it for a while.
ALTER TABLE line ADD COLUMN restored_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN lost_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN lost_until BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE line DROP COLUMN lost_until;
ALTER TABLE line DROP COLUMN lost_since;
ALTER TABLE line DROP COLUMN restored_at;
