-- +goose Up
-- What every row of the record read when a transaction of the gateway last wrote it, as digests in chains: one chain a ticket,
-- one for each thousand rows that belong to none. What was written past the gateway does not stand here.
CREATE TABLE chain (
    kind TEXT   NOT NULL,
    part INTEGER NOT NULL, -- the ticket's id, or the rows' ids divided by 1000
    seq  INTEGER NOT NULL,
    hash TEXT   NOT NULL,
    PRIMARY KEY (kind, part)
) STRICT;

CREATE TABLE journal (
    id      INTEGER PRIMARY KEY,
    kind    TEXT   NOT NULL,
    part    INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    entries TEXT   NOT NULL, -- rows: table, key, digest ('' for a row that is gone), marks of the columns
    prev    TEXT   NOT NULL,
    hash    TEXT   NOT NULL,
    UNIQUE (kind, part, seq)
) STRICT;

CREATE INDEX confirmation_ticket ON confirmation (ticket, id);

-- The last result of each comparison that is made once a day, and who makes the next.
CREATE TABLE reconciliation (
    day      TEXT   PRIMARY KEY, -- 2006-01-02 in the team's time zone
    begun_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL DEFAULT 0,
    result   TEXT   NOT NULL DEFAULT ''
) STRICT;

-- +goose Down
SELECT 'a record is never taken back';
