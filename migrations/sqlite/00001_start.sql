-- +goose Up
CREATE TABLE line (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    chatwoot_url     TEXT NOT NULL,
    account_id       BIGINT NOT NULL,
    inbox_id         BIGINT NOT NULL,
    inbox_identifier TEXT NOT NULL DEFAULT '',
    settings         TEXT NOT NULL,
    jid              TEXT NOT NULL DEFAULT '',
    phone            TEXT NOT NULL DEFAULT '',
    paused           TEXT NOT NULL DEFAULT '', -- the sentence that says why; empty = runs
    generation       BIGINT NOT NULL DEFAULT 1, -- raised whenever cached links may be wrong
    token            BLOB, -- these four are sealed with the encryption key
    webhook_secret   BLOB,
    path_secret      BLOB,
    source_key       BLOB,
    path_hash        TEXT NOT NULL,
    created          BIGINT NOT NULL,
    deleted          BIGINT NOT NULL DEFAULT 0 -- kept, so that an id is never used again
);

CREATE TABLE lane (
    key   TEXT PRIMARY KEY, -- line/chat/direction
    line  TEXT NOT NULL REFERENCES line (id),
    chat  TEXT NOT NULL,
    dir   TEXT NOT NULL,
    seq   BIGINT NOT NULL, -- position of the newest job
    due   BIGINT, -- NULL = nothing waits
    head  BIGINT NOT NULL DEFAULT 0, -- when the oldest waiting job came; tells live lanes from backlog
    lease BIGINT NOT NULL DEFAULT 0, -- until when the owner may work
    owner TEXT NOT NULL DEFAULT '' -- still set with an expired lease = not released cleanly
);
CREATE INDEX lane_due ON lane (due) WHERE due IS NOT NULL;
CREATE INDEX lane_head ON lane (head) WHERE due IS NOT NULL;
CREATE INDEX lane_line ON lane (line);

CREATE TABLE job (
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
    UNIQUE (lane, pos)
);
CREATE INDEX job_waiting ON job (lane, pos) WHERE state = 'waiting';
CREATE INDEX job_ended ON job (ended) WHERE state = 'done';
CREATE INDEX job_dead ON job (line, id) WHERE state = 'dead';
CREATE INDEX job_queue ON job (line, created) WHERE state = 'waiting';

CREATE TABLE chat (
    id              TEXT PRIMARY KEY,
    line            TEXT NOT NULL REFERENCES line (id),
    source_id       TEXT NOT NULL, -- of the Chatwoot contact; never changes
    name            TEXT NOT NULL DEFAULT '',
    contact_id      BIGINT NOT NULL DEFAULT 0,
    conversation_id BIGINT NOT NULL DEFAULT 0,
    merged_into     TEXT NOT NULL DEFAULT '',
    created         BIGINT NOT NULL,
    UNIQUE (line, source_id)
);
CREATE TABLE chat_alias (
    line TEXT NOT NULL,
    jid  TEXT NOT NULL,
    chat TEXT NOT NULL REFERENCES chat (id),
    PRIMARY KEY (line, jid)
);
CREATE INDEX chat_alias_chat ON chat_alias (chat);
CREATE TABLE conversation_link (
    line            TEXT NOT NULL,
    conversation_id BIGINT NOT NULL,
    chat            TEXT NOT NULL REFERENCES chat (id),
    PRIMARY KEY (line, conversation_id)
);

-- What became of every message; checked before every effect, never pruned.
CREATE TABLE message_link (
    line            TEXT NOT NULL,
    wa_id           TEXT NOT NULL,
    part            INTEGER NOT NULL,
    chat            TEXT NOT NULL,
    message_id      BIGINT NOT NULL, -- Chatwoot's
    conversation_id BIGINT NOT NULL,
    direction       TEXT NOT NULL, -- in (customer), echo (own phone), out (agent)
    sender          TEXT NOT NULL DEFAULT '', -- JID
    status          TEXT NOT NULL DEFAULT '', -- sending, sent, delivered, read, failed
    created         BIGINT NOT NULL,
    PRIMARY KEY (line, wa_id)
);
CREATE INDEX message_link_message ON message_link (line, message_id, part);
CREATE INDEX message_link_unread ON message_link (chat, created) WHERE direction = 'in' AND status = '';

-- What the bridge knows of an agent's message, by its Chatwoot id.
CREATE TABLE agent_message (
    line       TEXT NOT NULL,
    message_id BIGINT NOT NULL,
    state      TEXT NOT NULL, -- received, sent, failed, deleted
    failures   INTEGER NOT NULL DEFAULT 0,
    shown      TEXT NOT NULL DEFAULT '', -- status last put on the bubble
    PRIMARY KEY (line, message_id)
);

-- +goose Down
DROP TABLE agent_message;
DROP TABLE message_link;
DROP TABLE conversation_link;
DROP TABLE chat_alias;
DROP TABLE chat;
DROP TABLE job;
DROP TABLE lane;
DROP TABLE line;
