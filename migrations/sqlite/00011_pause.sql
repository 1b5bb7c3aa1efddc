-- +goose Up
-- Why a line does not run: admin, token, inbox, crash; empty while it runs. The
-- sentence for people was all that was kept before.
ALTER TABLE line ADD COLUMN pause_cause TEXT NOT NULL DEFAULT '';
UPDATE line SET pause_cause = CASE
	WHEN paused = '' THEN ''
	WHEN paused LIKE 'Chatwoot does not accept the token%' THEN 'token'
	WHEN paused LIKE 'The inbox was deleted in Chatwoot%' THEN 'inbox'
	WHEN paused LIKE 'The program crashed%' THEN 'crash'
	ELSE 'admin' END;

-- +goose Down
ALTER TABLE line DROP COLUMN pause_cause;
