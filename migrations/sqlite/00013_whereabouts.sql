-- +goose Up
-- The conversations, by Chatwoot's numbers with spaces between them, in which
-- attempts may have posted something of the job: it is looked for there before it
-- is posted again, whichever conversation is the chat's by then.
ALTER TABLE job ADD COLUMN targets TEXT NOT NULL DEFAULT '';
-- 1 = the chat's conversation was resolved, or may have been: the next message
-- asks for the inbox's setting, and decides by it.
ALTER TABLE chat ADD COLUMN resolved BIGINT NOT NULL DEFAULT 0;
-- The newest agent's message that made its conversation the chat's; 0 = none did.
ALTER TABLE chat ADD COLUMN moved_by BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE chat DROP COLUMN moved_by;
ALTER TABLE chat DROP COLUMN resolved;
ALTER TABLE job DROP COLUMN targets;
