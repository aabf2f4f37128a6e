-- +goose Up
-- A ticket's clocks, as JSON: they change with the ticket and are read with it alone. What others look for stands beside them:
-- due_at is the next due time of all, remind_at when somebody is reminded next; the watcher asks for its smallest value.
ALTER TABLE ticket ADD COLUMN clocks TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN remind_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN escalated_at BIGINT NOT NULL DEFAULT 0; -- the report went to the national response team
CREATE INDEX ticket_due_at ON ticket (due_at, id) WHERE due_at > 0;
CREATE INDEX ticket_remind_at ON ticket (remind_at) WHERE remind_at > 0;

-- Reminders told: each once, whichever gateway of several comes first.
CREATE TABLE reminder (
    ticket BIGINT NOT NULL REFERENCES ticket (id),
    clock  TEXT    NOT NULL,
    due_at BIGINT NOT NULL, -- of the clock when it was told
    share  BIGINT NOT NULL, -- of the clock's time that was gone, in percent
    at     BIGINT NOT NULL,
    PRIMARY KEY (ticket, clock, due_at, share)
);

-- Days on which the digest was told, 2006-01-02 in the team's time zone.
CREATE TABLE digest (
    day TEXT    PRIMARY KEY,
    at  BIGINT NOT NULL
);

-- +goose Down
SELECT 'a record is never taken back';
