-- +goose Up
-- What the process that holds the line's connection shows of it to people, sealed:
-- the others show the same. NULL = nothing yet.
ALTER TABLE line ADD COLUMN shown BLOB;
-- How often a process has lost an event of the line's inbox, and how often one has
-- asked for a comparison: the one that holds the connection has to know.
ALTER TABLE line ADD COLUMN lost BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN compare_asked BIGINT NOT NULL DEFAULT 0;
-- When the line's phone gave a sign of life last, and when it was asked for one.
ALTER TABLE line ADD COLUMN phone_seen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN phone_asked BIGINT NOT NULL DEFAULT 0;
-- What people ask, at any process, of the one that holds the line's connection. The
-- answer is '' when it was done, otherwise why not.
CREATE TABLE line_command (
    id       TEXT PRIMARY KEY,
    line     TEXT NOT NULL REFERENCES line (id),
    kind     TEXT NOT NULL,
    argument TEXT NOT NULL DEFAULT '',
    created  BIGINT NOT NULL,
    taken    BIGINT NOT NULL DEFAULT 0,
    done     BIGINT NOT NULL DEFAULT 0,
    answer   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX line_command_line ON line_command (line);
CREATE INDEX line_command_open ON line_command (created) WHERE taken = 0;

-- +goose Down
DROP TABLE line_command;
ALTER TABLE line DROP COLUMN phone_asked;
ALTER TABLE line DROP COLUMN phone_seen;
ALTER TABLE line DROP COLUMN compare_asked;
ALTER TABLE line DROP COLUMN lost;
ALTER TABLE line DROP COLUMN shown;
