-- +goose Up
-- A job whose message is shown as a placeholder, because no converter knew its kind,
-- ends in the state unconverted: it is kept until there is one.
CREATE INDEX job_unconverted ON job (line, id) WHERE state = 'unconverted';
-- Up to when jobs ended by releases that did not tell those apart, in Unix
-- milliseconds; 0 = there are none, or they were looked through.
ALTER TABLE line ADD COLUMN older_ended BIGINT NOT NULL DEFAULT 0;
UPDATE line SET older_ended = (SELECT COALESCE(MAX(ended), 0) FROM job WHERE state = 'done');

-- +goose Down
ALTER TABLE line DROP COLUMN older_ended;
DROP INDEX job_unconverted;
