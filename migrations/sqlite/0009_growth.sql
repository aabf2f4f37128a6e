-- +goose Up
-- Indexes for what was read by going through a whole table, and the number of tickets of each state.

CREATE TABLE ticket_count (
    state TEXT    PRIMARY KEY,
    n     INTEGER NOT NULL
) STRICT;
INSERT INTO ticket_count (state, n) SELECT state, COUNT(*) FROM ticket GROUP BY state;

CREATE INDEX ticket_unfinished ON ticket (id) WHERE state IN ('open', 'verified', 'responding', 'monitoring');
CREATE INDEX failed_mail_unsettled ON failed_mail (id) WHERE settled_at = 0;
CREATE INDEX reply_address_person ON reply_address (person) WHERE ended_at = 0;
CREATE INDEX notice_unsettled ON notice (recipient, ticket, id) WHERE state IN ('queued', 'held', 'failed', 'bounced');
DROP INDEX notice_recipient;

-- +goose Down
SELECT 'a record is never taken back';
