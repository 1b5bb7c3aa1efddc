-- +goose Up
-- When the attempt began that ended the job; 0 = not known.
ALTER TABLE job ADD COLUMN begun BIGINT NOT NULL DEFAULT 0;
-- The attempts of a job that failed and did not end it: the first 5 and the
-- last 20. The one that ended it is told by the job's own row.
CREATE TABLE job_attempt (
    job         BIGINT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    n           BIGINT NOT NULL, -- 1 = the job's first attempt; a replay counts on
    begun       BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    outcome     TEXT NOT NULL, -- retry, paused; dead = a replay followed
    error       TEXT NOT NULL,
    PRIMARY KEY (job, n)
);
-- Written with every line and never read.
ALTER TABLE line DROP COLUMN path_hash;

-- +goose Down
ALTER TABLE line ADD COLUMN path_hash TEXT NOT NULL DEFAULT '';
DROP TABLE job_attempt;
ALTER TABLE job DROP COLUMN begun;
