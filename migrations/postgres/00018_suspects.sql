-- +goose Up
-- How often in a row a process ended by a fault of its own while it worked on the lane.
ALTER TABLE lane ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;
-- How many it had when the job began to run alone because of that; less than 0 the same
-- of when it began to be given up.
ALTER TABLE job ADD COLUMN alone BIGINT NOT NULL DEFAULT 0;
-- What a probe of readiness writes: a full disk shows itself only then.
CREATE TABLE probe (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE probe;
ALTER TABLE job DROP COLUMN alone;
ALTER TABLE lane DROP COLUMN crashes;
