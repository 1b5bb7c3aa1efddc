-- +goose Up
-- Workers look for lanes of one direction: the thousands of another one that
-- wait must not be read for that.
DROP INDEX lane_due;
DROP INDEX lane_head;
CREATE INDEX lane_due ON lane (dir, due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (dir, head) WHERE due IS NOT NULL;
-- Every index is written with every job. Positions need to be unique among the
-- jobs that wait, and what waits is counted by lane. SQLite drops a table's own
-- constraint only with the table.
CREATE TABLE job_new (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    lane         TEXT NOT NULL REFERENCES lane (key),
    line         TEXT NOT NULL,
    pos          BIGINT NOT NULL,
    dedupe       TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    payload      BLOB NOT NULL,
    attempt      INTEGER NOT NULL DEFAULT 0,
    first_failed BIGINT NOT NULL DEFAULT 0,
    state        TEXT NOT NULL DEFAULT 'waiting', -- waiting, done, dead
    last_error   TEXT NOT NULL DEFAULT '',
    at           BIGINT NOT NULL, -- the other side's time
    created      BIGINT NOT NULL,
    ended        BIGINT NOT NULL DEFAULT 0,
    unsure       BIGINT NOT NULL DEFAULT 0
);
INSERT INTO job_new (id, lane, line, pos, dedupe, kind, payload, attempt, first_failed, state, last_error, at, created, ended, unsure)
    SELECT id, lane, line, pos, dedupe, kind, payload, attempt, first_failed, state, last_error, at, created, ended, unsure FROM job;
-- Ids are never used again, those of pruned jobs neither.
DELETE FROM sqlite_sequence WHERE name = 'job_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'job_new', seq FROM sqlite_sequence WHERE name = 'job';
DROP TABLE job;
ALTER TABLE job_new RENAME TO job;
CREATE UNIQUE INDEX job_waiting ON job (lane, pos) WHERE state = 'waiting';
CREATE INDEX job_ended ON job (ended) WHERE state = 'done';
CREATE INDEX job_dead ON job (line, id) WHERE state = 'dead';

-- +goose Down
CREATE TABLE job_new (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    lane         TEXT NOT NULL REFERENCES lane (key),
    line         TEXT NOT NULL,
    pos          BIGINT NOT NULL,
    dedupe       TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    payload      BLOB NOT NULL,
    attempt      INTEGER NOT NULL DEFAULT 0,
    first_failed BIGINT NOT NULL DEFAULT 0,
    state        TEXT NOT NULL DEFAULT 'waiting', -- waiting, done, dead
    last_error   TEXT NOT NULL DEFAULT '',
    at           BIGINT NOT NULL, -- the other side's time
    created      BIGINT NOT NULL,
    ended        BIGINT NOT NULL DEFAULT 0,
    unsure       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (lane, pos)
);
INSERT INTO job_new (id, lane, line, pos, dedupe, kind, payload, attempt, first_failed, state, last_error, at, created, ended, unsure)
    SELECT id, lane, line, pos, dedupe, kind, payload, attempt, first_failed, state, last_error, at, created, ended, unsure FROM job;
-- Ids are never used again, those of pruned jobs neither.
DELETE FROM sqlite_sequence WHERE name = 'job_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'job_new', seq FROM sqlite_sequence WHERE name = 'job';
DROP TABLE job;
ALTER TABLE job_new RENAME TO job;
CREATE INDEX job_waiting ON job (lane, pos) WHERE state = 'waiting';
CREATE INDEX job_queue ON job (line, created) WHERE state = 'waiting';
CREATE INDEX job_ended ON job (ended) WHERE state = 'done';
CREATE INDEX job_dead ON job (line, id) WHERE state = 'dead';
DROP INDEX lane_head;
DROP INDEX lane_due;
CREATE INDEX lane_due ON lane (due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (head) WHERE due IS NOT NULL;
