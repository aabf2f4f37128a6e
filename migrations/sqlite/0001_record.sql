-- +goose Up
-- Times are microseconds of UTC; 0 stands for "not". Addresses are in lower case. Lists are JSON.

CREATE TABLE staff (
    id         INTEGER PRIMARY KEY,
    address    TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    roles      TEXT    NOT NULL,
    team       TEXT    NOT NULL DEFAULT '',
    aliases    TEXT    NOT NULL DEFAULT '[]',
    shared     INTEGER NOT NULL DEFAULT 0,
    members    TEXT    NOT NULL DEFAULT '[]',
    away_until INTEGER NOT NULL DEFAULT 0,
    added_at   INTEGER NOT NULL,
    removed_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX staff_address ON staff (address) WHERE removed_at = 0;

-- Senders whose mail has once carried an aligned DKIM pass: a reply address alone no longer suffices for their commands.
CREATE TABLE dkim_sender (
    address TEXT    PRIMARY KEY,
    since   INTEGER NOT NULL
) STRICT;

CREATE TABLE counter (
    year INTEGER PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE ticket (
    id               INTEGER PRIMARY KEY,
    number           TEXT    NOT NULL UNIQUE,
    year             INTEGER NOT NULL,
    serial           INTEGER NOT NULL,
    state            TEXT    NOT NULL,
    subject          TEXT    NOT NULL,
    language         TEXT    NOT NULL,
    reporter         TEXT    NOT NULL,
    reporter_name    TEXT    NOT NULL,
    reporter_proven  INTEGER NOT NULL DEFAULT 0,
    outside          INTEGER NOT NULL DEFAULT 0,
    owner            INTEGER NOT NULL DEFAULT 0,
    type             TEXT    NOT NULL DEFAULT '',
    severity         TEXT    NOT NULL DEFAULT '',
    reported         TEXT    NOT NULL DEFAULT '',
    tlp              TEXT    NOT NULL DEFAULT 'amber',
    iiv              INTEGER NOT NULL DEFAULT 0,
    found_at         INTEGER NOT NULL DEFAULT 0,
    opened_at        INTEGER NOT NULL,
    due_at           INTEGER NOT NULL DEFAULT 0,
    version          INTEGER NOT NULL DEFAULT 0, -- changes of state or owner so far
    changed_at       INTEGER NOT NULL,
    changed_by       TEXT    NOT NULL DEFAULT '',
    changed_message  INTEGER NOT NULL DEFAULT 0,
    monitor_until    INTEGER NOT NULL DEFAULT 0,
    asked_at         INTEGER NOT NULL DEFAULT 0, -- a question waits for the reporter's answer
    asked_message    INTEGER NOT NULL DEFAULT 0,
    asked_again      INTEGER NOT NULL DEFAULT 0,
    duplicate_of     INTEGER NOT NULL DEFAULT 0,
    continues        INTEGER NOT NULL DEFAULT 0,
    ended_at         INTEGER NOT NULL DEFAULT 0, -- since when the state is final
    last_seq         INTEGER NOT NULL DEFAULT 0,
    last_hash        TEXT    NOT NULL DEFAULT '',
    UNIQUE (year, serial)
) STRICT;
CREATE INDEX ticket_state ON ticket (state, id);
CREATE INDEX ticket_owner ON ticket (owner, state, id) WHERE owner > 0;
CREATE INDEX ticket_duplicate_of ON ticket (duplicate_of) WHERE duplicate_of > 0;
CREATE INDEX ticket_monitor_until ON ticket (monitor_until) WHERE monitor_until > 0;
CREATE INDEX ticket_asked_at ON ticket (asked_at) WHERE asked_at > 0;

CREATE TABLE participant (
    ticket     INTEGER NOT NULL REFERENCES ticket (id),
    address    TEXT    NOT NULL,
    name       TEXT    NOT NULL DEFAULT '',
    proven     INTEGER NOT NULL DEFAULT 0,
    added_at   INTEGER NOT NULL,
    removed_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (ticket, address)
) STRICT;

CREATE TABLE message (
    id           INTEGER PRIMARY KEY,
    ticket       INTEGER NOT NULL DEFAULT 0, -- 0: belongs to none
    at           INTEGER NOT NULL,
    direction    TEXT    NOT NULL,
    visibility   TEXT    NOT NULL,
    from_address TEXT    NOT NULL,
    from_name    TEXT    NOT NULL,
    recipients   TEXT    NOT NULL,
    subject      TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    new_text     TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    automatic    TEXT    NOT NULL,
    proof        TEXT    NOT NULL,
    proof_detail TEXT    NOT NULL,
    sha256       TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    message_id   TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL, -- '' on mails that went out
    thread_index TEXT    NOT NULL DEFAULT '',
    problems     TEXT    NOT NULL DEFAULT '[]',
    notice       INTEGER NOT NULL DEFAULT 0,
    purpose      TEXT    NOT NULL DEFAULT '', -- report, question, recommendation, documentation, summary
    digest       TEXT    NOT NULL  -- over what never changes: the event names it
) STRICT;
CREATE UNIQUE INDEX message_fingerprint ON message (fingerprint) WHERE fingerprint <> '';
CREATE INDEX message_ticket ON message (ticket, id);
CREATE INDEX message_message_id ON message (message_id) WHERE message_id <> '';
CREATE INDEX message_thread_index ON message (thread_index) WHERE thread_index <> '';

CREATE TABLE attachment (
    message      INTEGER NOT NULL REFERENCES message (id),
    n            INTEGER NOT NULL,
    filename     TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    inline       INTEGER NOT NULL,
    content_id   TEXT    NOT NULL,
    place        TEXT    NOT NULL,
    decoration   INTEGER NOT NULL DEFAULT 0, -- a picture of a signature
    PRIMARY KEY (message, n)
) STRICT;

-- Ids that mails of a ticket name without being on record themselves: siblings of one conversation meet here.
CREATE TABLE named_id (
    message_id TEXT    NOT NULL,
    ticket     INTEGER NOT NULL,
    PRIMARY KEY (message_id, ticket)
) STRICT;

-- What was done with each mail of each mailbox: a second sight of it changes nothing.
CREATE TABLE ledger (
    mailbox      TEXT    NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid          INTEGER NOT NULL,
    message      INTEGER NOT NULL, -- 0 where it went to the failed folder
    verdict      TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid_validity, uid)
) STRICT;

CREATE TABLE mailbox (
    name         TEXT    NOT NULL,
    uid_validity INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL,
    quiet        INTEGER NOT NULL DEFAULT 0, -- older mails that became tickets without acknowledgement
    told_at      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (name, uid_validity)
) STRICT;

CREATE TABLE failed_mail (
    id           INTEGER PRIMARY KEY,
    mailbox      TEXT    NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid          INTEGER NOT NULL,
    faults       INTEGER NOT NULL,
    words        TEXT    NOT NULL,
    sha256       TEXT    NOT NULL DEFAULT '',
    at           INTEGER NOT NULL,
    settled_at   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (mailbox, uid_validity, uid)
) STRICT;

CREATE TABLE event (
    ticket     INTEGER NOT NULL REFERENCES ticket (id),
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    from_state TEXT    NOT NULL,
    to_state   TEXT    NOT NULL,
    data       TEXT    NOT NULL,
    prev       TEXT    NOT NULL,
    hash       TEXT    NOT NULL,
    PRIMARY KEY (ticket, seq)
) STRICT;

CREATE TABLE reply_address (
    id         INTEGER PRIMARY KEY,
    ticket     INTEGER NOT NULL,
    person     TEXT    NOT NULL,
    room       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    issued_at  INTEGER NOT NULL,
    spent_at   INTEGER NOT NULL DEFAULT 0, -- seen by others: ended for commands
    ended_at   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (ticket, person, room, generation)
) STRICT;

CREATE TABLE notice (
    id             INTEGER PRIMARY KEY,
    ticket         INTEGER NOT NULL,
    recipient      TEXT    NOT NULL,
    recipient_name TEXT    NOT NULL,
    audience       TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    room           TEXT    NOT NULL,
    language       TEXT    NOT NULL,
    subject        TEXT    NOT NULL,
    message_id     TEXT    NOT NULL UNIQUE,
    reply_address  INTEGER NOT NULL DEFAULT 0,
    version        INTEGER NOT NULL DEFAULT 0, -- the ticket's when this was said
    automatic      INTEGER NOT NULL,
    proven         INTEGER NOT NULL,
    items          TEXT    NOT NULL,
    cause          INTEGER NOT NULL DEFAULT 0, -- the message that made it
    state          TEXT    NOT NULL,
    attempts       INTEGER NOT NULL DEFAULT 0,
    next_at        INTEGER NOT NULL,
    leased_until   INTEGER NOT NULL DEFAULT 0,
    rendered       TEXT    NOT NULL DEFAULT '',
    words          TEXT    NOT NULL DEFAULT '',
    created_at     INTEGER NOT NULL,
    queued_at      INTEGER NOT NULL, -- since when it is being tried
    settled_at     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX notice_due ON notice (next_at, id) WHERE state = 'queued';
CREATE INDEX notice_order ON notice (ticket, recipient, id);
CREATE INDEX notice_recipient ON notice (recipient, created_at);
CREATE INDEX notice_stuck ON notice (state, id) WHERE state IN ('held', 'failed', 'bounced');

CREATE TABLE acknowledgement (
    id      INTEGER PRIMARY KEY,
    address TEXT    NOT NULL,
    domain  TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX acknowledgement_address ON acknowledgement (address, at);
CREATE INDEX acknowledgement_domain ON acknowledgement (domain, at);

-- Addresses that refused for good: notices to them are held.
CREATE TABLE undeliverable (
    address TEXT    PRIMARY KEY,
    since   INTEGER NOT NULL,
    words   TEXT    NOT NULL
) STRICT;

CREATE TABLE lease (
    name   TEXT    PRIMARY KEY,
    holder TEXT    NOT NULL,
    until  INTEGER NOT NULL
) STRICT;

-- +goose Down
SELECT 'a record is never taken back';
