-- +goose Up
-- What makes a message live or a backlog is how it came, not how long it waits: the
-- place of the newest live job in its lane, or 0. All that waits now is a backlog.
ALTER TABLE lane ADD COLUMN live BIGINT NOT NULL DEFAULT 0;
DROP INDEX lane_head;
CREATE INDEX lane_live ON lane (dir, head) WHERE due IS NOT NULL AND live > 0;

-- +goose Down
DROP INDEX lane_live;
ALTER TABLE lane DROP COLUMN live;
CREATE INDEX lane_head ON lane (dir, head) WHERE due IS NOT NULL;
