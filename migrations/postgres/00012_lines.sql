-- +goose Up
-- When nothing was left of a deleted line; 0 = its rows are still being removed.
ALTER TABLE line ADD COLUMN removed BIGINT NOT NULL DEFAULT 0;
-- Lines that were deleted before stay out of sight; what they left behind, if their
-- deletion failed, is looked for once more.
UPDATE line SET removed = 1 WHERE deleted <> 0;
-- Whose deletion looks for rows here must not read the whole table each time: a
-- lane's deletion for its jobs, a chat's for its conversations.
CREATE INDEX job_lane ON job (lane, id);
CREATE INDEX conversation_link_chat ON conversation_link (chat);
-- The line's inbox among those of all Chatwoots, in one spelling: no two lines have
-- the same. Empty for a deleted line; also for one whose inbox another line had
-- before there was this column: that one is paused at the start.
ALTER TABLE line ADD COLUMN place TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX line_place ON line (place) WHERE place <> '';

-- +goose Down
DROP INDEX line_place;
ALTER TABLE line DROP COLUMN place;
DROP INDEX conversation_link_chat;
DROP INDEX job_lane;
ALTER TABLE line DROP COLUMN removed;
