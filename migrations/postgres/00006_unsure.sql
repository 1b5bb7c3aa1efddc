-- +goose Up
-- 1 = an attempt may have had an effect that is not recorded: it is looked for
-- before it is repeated. Up to here every failed attempt counted as such.
ALTER TABLE job ADD COLUMN unsure BIGINT NOT NULL DEFAULT 0;
UPDATE job SET unsure = 1 WHERE state = 'waiting' AND attempt > 0;

-- +goose Down
ALTER TABLE job DROP COLUMN unsure;
