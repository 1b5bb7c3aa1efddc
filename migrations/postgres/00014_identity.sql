-- +goose Up
-- A hidden id is a person; a number is something she has for a while. Since when the
-- chat has an address, when WhatsApp has said so last, and when its person was seen
-- with another number, or 0.
ALTER TABLE chat_alias ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat_alias ADD COLUMN seen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat_alias ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;
UPDATE chat_alias SET since = (SELECT created FROM chat WHERE chat.id = chat_alias.chat), seen = (SELECT created FROM chat WHERE chat.id = chat_alias.chat);
-- 1 = a number has left the chat: its contact is known by its hidden id since.
ALTER TABLE chat ADD COLUMN by_lid BIGINT NOT NULL DEFAULT 0;
-- How often the line's Chatwoot was found restored from a backup, after which it gives
-- message ids again, and the lowest id that was met again; 0 = never.
ALTER TABLE line ADD COLUMN restores BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN restored_from BIGINT NOT NULL DEFAULT 0;
-- After which of these the row was written, and when Chatwoot says that its message
-- was, in whole seconds; 0 = unknown.
ALTER TABLE agent_message ADD COLUMN restores BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message_link ADD COLUMN restores BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message_link ADD COLUMN written BIGINT NOT NULL DEFAULT 0;
-- Cached chats lack the new fields.
UPDATE line SET generation = generation + 1;

-- +goose Down
ALTER TABLE message_link DROP COLUMN written;
ALTER TABLE message_link DROP COLUMN restores;
ALTER TABLE agent_message DROP COLUMN restores;
ALTER TABLE line DROP COLUMN restored_from;
ALTER TABLE line DROP COLUMN restores;
ALTER TABLE chat DROP COLUMN by_lid;
ALTER TABLE chat_alias DROP COLUMN given_up;
ALTER TABLE chat_alias DROP COLUMN seen;
ALTER TABLE chat_alias DROP COLUMN since;
