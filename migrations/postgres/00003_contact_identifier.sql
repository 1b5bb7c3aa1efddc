-- +goose Up
-- The WhatsApp id that the chat's contact was last given in Chatwoot.
ALTER TABLE chat ADD COLUMN identifier TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE chat DROP COLUMN identifier;
