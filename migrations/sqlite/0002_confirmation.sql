-- +goose Up
-- Requests to confirm commands that came without proof, one a mail: what is needed to carry that mail out later.
CREATE TABLE confirmation (
    id         INTEGER PRIMARY KEY,
    message    INTEGER NOT NULL UNIQUE REFERENCES message (id), -- the kept mail
    ticket     INTEGER NOT NULL DEFAULT 0, -- 0: about none
    person     TEXT    NOT NULL, -- whom the request went to
    version    INTEGER NOT NULL DEFAULT 0, -- the ticket's when the mail came
    seen       INTEGER NOT NULL DEFAULT -1, -- the ticket's when the mail was sent that the kept one answers; -1: not known
    room       TEXT    NOT NULL DEFAULT '', -- where that mail said a plain answer goes
    language   TEXT    NOT NULL DEFAULT '', -- of the kept mail
    commands   TEXT    NOT NULL,
    asked_at   INTEGER NOT NULL,
    settled_at INTEGER NOT NULL DEFAULT 0,
    outcome    TEXT    NOT NULL DEFAULT '' -- confirmed, moved-on, cancelled, expired
) STRICT;
CREATE INDEX confirmation_person ON confirmation (person, asked_at);

-- +goose Down
SELECT 'a record is never taken back';
