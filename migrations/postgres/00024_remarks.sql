-- +goose Up
-- What was said last of an earlier message, and by whom: the answers of a poll and who
-- chose which, a reaction, the text as it was edited last. Whoever says more of it later
-- does not say that again. Never pruned: a vote may come after months.
CREATE TABLE remark (
    line   TEXT NOT NULL,
    chat   TEXT NOT NULL,
    wa_id  TEXT NOT NULL, -- of the earlier message
    kind   TEXT NOT NULL, -- poll, vote, tally, unread, reaction, edit, sealed
    person TEXT NOT NULL, -- JID; '' = it is about the message itself; of a sealed one its id
    value  TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (line, chat, wa_id, kind, person)
);

-- +goose Down
DROP TABLE remark;
