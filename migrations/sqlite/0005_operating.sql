-- +goose Up
-- Secrets that the gateway was given at run time, such as the tokens of an OAuth2 mailbox; sealed with a key made of the secret key.
CREATE TABLE credential (
    name         TEXT    PRIMARY KEY,
    version      INTEGER NOT NULL, -- grows with each change: who read an older one does not overwrite a newer one
    sealed       TEXT    NOT NULL,
    leased_until INTEGER NOT NULL DEFAULT 0, -- somebody is renewing it
    changed_at   INTEGER NOT NULL
) STRICT;

-- When each mailbox of the settings was last read to its end.
CREATE TABLE mailbox_reading (
    name       TEXT    PRIMARY KEY,
    read_at    INTEGER NOT NULL,
    alarmed_at INTEGER NOT NULL DEFAULT 0 -- supervisors and Front Desk were told that it stands still
) STRICT;

-- +goose Down
SELECT 'a record is never taken back';
