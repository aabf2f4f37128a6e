-- +goose Up
-- Reports to the sectoral and national response team: drafts that were shown to their author, and what became of them.
CREATE TABLE escalation (
    id         INTEGER PRIMARY KEY,
    ticket     INTEGER NOT NULL REFERENCES ticket (id),
    message    INTEGER NOT NULL REFERENCES message (id), -- the mail that asked for it
    person     TEXT    NOT NULL, -- to whom the draft went
    version    INTEGER NOT NULL, -- the ticket's at that time
    sector     TEXT    NOT NULL, -- addresses, as JSON
    copies     TEXT    NOT NULL, -- addresses, as JSON
    text       TEXT    NOT NULL,
    asked_at   INTEGER NOT NULL,
    settled_at INTEGER NOT NULL DEFAULT 0,
    outcome    TEXT    NOT NULL DEFAULT '' -- sent, dropped, expired, moved-on, superseded
) STRICT;
CREATE INDEX escalation_ticket ON escalation (ticket, settled_at);

-- The teams that a ticket was reported to. They are no participants: what goes to reporters never goes to them.
CREATE TABLE counterpart (
    ticket   INTEGER NOT NULL REFERENCES ticket (id),
    address  TEXT    NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (ticket, address)
) STRICT;

-- Numbers under which those teams keep the case themselves.
CREATE TABLE foreign_number (
    domain  TEXT    NOT NULL,
    number  TEXT    NOT NULL,
    ticket  INTEGER NOT NULL REFERENCES ticket (id),
    message INTEGER NOT NULL, -- the mail that named it first
    PRIMARY KEY (domain, number, ticket)
) STRICT;
CREATE INDEX foreign_number_ticket ON foreign_number (ticket);

-- +goose Down
SELECT 'a record is never taken back';
