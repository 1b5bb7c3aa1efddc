-- +goose Up
-- Workers look for lanes of one direction: the thousands of another one that
-- wait must not be read for that.
DROP INDEX lane_due;
DROP INDEX lane_head;
CREATE INDEX lane_due ON lane (dir, due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (dir, head) WHERE due IS NOT NULL;
-- Every index is written with every job. Positions need to be unique among the
-- jobs that wait, and what waits is counted by lane.
DROP INDEX job_queue;
DROP INDEX job_waiting;
ALTER TABLE job DROP CONSTRAINT job_lane_pos_key;
CREATE UNIQUE INDEX job_waiting ON job (lane, pos) WHERE state = 'waiting';

-- +goose Down
ALTER TABLE job ADD CONSTRAINT job_lane_pos_key UNIQUE (lane, pos);
DROP INDEX job_waiting;
CREATE INDEX job_waiting ON job (lane, pos) WHERE state = 'waiting';
CREATE INDEX job_queue ON job (line, created) WHERE state = 'waiting';
DROP INDEX lane_head;
DROP INDEX lane_due;
CREATE INDEX lane_due ON lane (due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (head) WHERE due IS NOT NULL;
