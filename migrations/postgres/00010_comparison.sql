-- +goose Up
-- How far a long comparison has come that is not finished: every conversation
-- whose last message is newer than swept_to was compared as it was at swept_at;
-- 0 = none is under way.
ALTER TABLE line ADD COLUMN swept_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE line ADD COLUMN swept_to BIGINT NOT NULL DEFAULT 0;
-- The conversations that are behind their line: those that could not be compared,
-- and those in which a long comparison has found something to do.
CREATE TABLE comparison (
    line         TEXT NOT NULL REFERENCES line (id),
    conversation BIGINT NOT NULL, -- Chatwoot's number
    watermark    BIGINT NOT NULL, -- up to which it was compared
    since        BIGINT NOT NULL, -- how far back its messages are to be read
    failures     BIGINT NOT NULL, -- in a row; 0 = it waits for the end of a long comparison
    due          BIGINT NOT NULL, -- when it is tried again
    PRIMARY KEY (line, conversation)
);

-- +goose Down
DROP TABLE comparison;
ALTER TABLE line DROP COLUMN swept_to;
ALTER TABLE line DROP COLUMN swept_at;
