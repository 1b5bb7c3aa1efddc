-- +goose Up
-- The keys of linked devices, by their JID, sealed; the columns that WhatsApp's library has for them
-- hold zeros. cleaned = 0: they stood in the clear, or sealed with another key, and the
-- database's files were not written anew since.
CREATE TABLE device_key (
    device         TEXT PRIMARY KEY,
    noise_key      BLOB NOT NULL,
    identity_key   BLOB NOT NULL,
    signed_pre_key BLOB NOT NULL,
    adv_key        BLOB NOT NULL,
    cleaned        BIGINT NOT NULL DEFAULT 0
);
-- Which encryption key the database is sealed with: one row, with something that the
-- key opens.
CREATE TABLE encryption_key (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    key_id TEXT NOT NULL,
    proof  BLOB NOT NULL
);

-- +goose Down
DROP TABLE encryption_key;
DROP TABLE device_key;
