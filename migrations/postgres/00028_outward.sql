-- +goose Up
-- After how many seconds messages of the chat disappear, and when that was chosen, in
-- seconds; 0 = never, or not known.
ALTER TABLE chat ADD COLUMN timer BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN timer_set BIGINT NOT NULL DEFAULT 0;
-- The person in Chatwoot whose name stood above the last signed message; 0 = none yet.
ALTER TABLE chat ADD COLUMN signed_by BIGINT NOT NULL DEFAULT 0;
-- What was decided about an agent's message before its first part left, while parts of it
-- may have to be sent again; it stands at the part that was first.
ALTER TABLE message_link ADD COLUMN prepared TEXT NOT NULL DEFAULT '';
-- How many members the message's group had beside the own account; 0 = not known.
ALTER TABLE message_link ADD COLUMN members BIGINT NOT NULL DEFAULT 0;
-- Who of a group has got or read a message, as long as not all have read it.
CREATE TABLE member_receipt (
    line TEXT NOT NULL,
    wa_id TEXT NOT NULL,
    member TEXT NOT NULL,
    is_read BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    PRIMARY KEY (line, wa_id, member)
);
CREATE INDEX member_receipt_created ON member_receipt (created);
-- Cached chats lack the new fields.
UPDATE line SET generation = generation + 1;

-- +goose Down
DROP TABLE member_receipt;
ALTER TABLE message_link DROP COLUMN members;
ALTER TABLE message_link DROP COLUMN prepared;
ALTER TABLE chat DROP COLUMN signed_by;
ALTER TABLE chat DROP COLUMN timer_set;
ALTER TABLE chat DROP COLUMN timer;
