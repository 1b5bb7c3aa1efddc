-- +goose Up
-- What an installation keeps as it was in earlier releases, until its admin decides.
CREATE TABLE legacy (
    name TEXT PRIMARY KEY
);
-- The admin API had the address of the webhooks. A database that has been used holds
-- the tables of WhatsApp's library, which come after these migrations.
INSERT INTO legacy (name) SELECT 'one address' WHERE to_regclass('whatsmeow_version') IS NOT NULL;

-- +goose Down
DROP TABLE legacy;
