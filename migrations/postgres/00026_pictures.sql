-- +goose Up
-- The profile picture of a chat's contact: WhatsApp's id of the one that was put into
-- Chatwoot, or is known to be shown there by somebody else, and of which contact; '' =
-- there is none. When it was looked for last, in Unix milliseconds; 0 = never.
ALTER TABLE chat ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE chat ADD COLUMN picture_contact BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN picture_checked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE chat ADD COLUMN picture_ours BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE chat DROP COLUMN picture_ours;
ALTER TABLE chat DROP COLUMN picture_checked;
ALTER TABLE chat DROP COLUMN picture_contact;
ALTER TABLE chat DROP COLUMN picture;
