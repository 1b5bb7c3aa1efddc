-- +goose Up
-- Workers look for lanes of one direction: the thousands of another one that
-- wait must not be read for that.
DROP INDEX lane_due;
DROP INDEX lane_head;
CREATE INDEX lane_due ON lane (dir, due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (dir, head) WHERE due IS NOT NULL;

-- +goose Down
DROP INDEX lane_head;
DROP INDEX lane_due;
CREATE INDEX lane_due ON lane (due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (head) WHERE due IS NOT NULL;
