-- +goose Up
-- What staff wait for is sent before others.

ALTER TABLE notice ADD COLUMN hurried INTEGER NOT NULL DEFAULT 0;
CREATE INDEX notice_hurried ON notice (next_at, id) WHERE state = 'queued' AND hurried = 1;

-- +goose Down
SELECT 'a record is never taken back';
