-- +goose Up
-- A month's figures are ranges of these: tickets by when they were opened, and the changes of state among the events.
CREATE INDEX ticket_opened_at ON ticket (opened_at);
CREATE INDEX event_moved ON event (at, from_state, to_state, ticket) WHERE from_state <> '' AND from_state <> to_state;

-- +goose Down
SELECT 'a record is never taken back';
