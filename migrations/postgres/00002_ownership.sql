-- +goose Up
-- Which process holds the line's WhatsApp connection, and until when. A line
-- whose owner is still set after its time was not given back cleanly.
ALTER TABLE line ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE line ADD COLUMN owned_until BIGINT NOT NULL DEFAULT 0;
-- How many connects in a row the process did not survive.
ALTER TABLE line ADD COLUMN connects BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE line DROP COLUMN connects;
ALTER TABLE line DROP COLUMN owned_until;
ALTER TABLE line DROP COLUMN owner;
