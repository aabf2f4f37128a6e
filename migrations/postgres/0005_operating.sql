-- +goose Up
-- Secrets that the gateway was given at run time, such as the tokens of an OAuth2 mailbox; sealed with a key made of the secret key.
CREATE TABLE credential (
    name         TEXT    PRIMARY KEY,
    version      BIGINT  NOT NULL, -- grows with each change: who read an older one does not overwrite a newer one
    sealed       TEXT    NOT NULL,
    leased_until BIGINT  NOT NULL DEFAULT 0, -- somebody is renewing it
    changed_at   BIGINT  NOT NULL
);

-- When each mailbox of the settings was last read to its end.
CREATE TABLE mailbox_reading (
    name       TEXT    PRIMARY KEY,
    read_at    BIGINT  NOT NULL,
    alarmed_at BIGINT  NOT NULL DEFAULT 0 -- supervisors and Front Desk were told that it stands still
);

-- +goose Down
SELECT 'a record is never taken back';
