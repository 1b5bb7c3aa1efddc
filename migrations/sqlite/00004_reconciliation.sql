-- +goose Up
-- Chatwoot's newest message when the line was linked, then when the last pass
-- over its messages was finished; nothing before it is ever sent by a pass.
ALTER TABLE line ADD COLUMN watermark BIGINT NOT NULL DEFAULT 0;
-- When the last finished pass began; 0 = none yet.
ALTER TABLE line ADD COLUMN reconciled BIGINT NOT NULL DEFAULT 0;
-- How many messages of ours Chatwoot holds that the ledger lacks: then passes
-- only report until an admin confirms, which is -1 until the next pass is done.
ALTER TABLE line ADD COLUMN strange BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE line DROP COLUMN strange;
ALTER TABLE line DROP COLUMN reconciled;
ALTER TABLE line DROP COLUMN watermark;
