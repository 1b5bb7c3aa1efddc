-- +goose Up
-- Since when Chatwoot is known not to reach the line's webhook, in Unix
-- milliseconds (0 = it does, as far as is known), why, and when that was tried last.
ALTER TABLE line ADD COLUMN webhook_closed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN webhook_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE line ADD COLUMN webhook_detail TEXT NOT NULL DEFAULT '';
ALTER TABLE line ADD COLUMN webhook_tried BIGINT NOT NULL DEFAULT 0;
-- When a process that does not hold the line got a webhook of it.
ALTER TABLE line ADD COLUMN webhook_heard BIGINT NOT NULL DEFAULT 0;
-- When Chatwoot says that the message was written, in Unix seconds; 0 = not known.
ALTER TABLE agent_message ADD COLUMN written BIGINT NOT NULL DEFAULT 0;
-- The live channel tells of every contact of the account that changes.
CREATE INDEX chat_contact ON chat (line, contact_id);

-- +goose Down
DROP INDEX chat_contact;
ALTER TABLE agent_message DROP COLUMN written;
ALTER TABLE line DROP COLUMN webhook_heard;
ALTER TABLE line DROP COLUMN webhook_tried;
ALTER TABLE line DROP COLUMN webhook_detail;
ALTER TABLE line DROP COLUMN webhook_reason;
ALTER TABLE line DROP COLUMN webhook_closed;
