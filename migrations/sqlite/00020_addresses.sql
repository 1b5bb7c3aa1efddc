-- +goose Up
-- What an installation keeps as it was in earlier releases, until its admin decides.
CREATE TABLE legacy (
    name TEXT PRIMARY KEY
);
-- The admin API had the address of the webhooks. A database that has been used holds
-- the tables of WhatsApp's library, which come after these migrations.
INSERT INTO legacy (name) SELECT 'one address' WHERE EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'whatsmeow_version');

-- +goose Down
DROP TABLE legacy;
