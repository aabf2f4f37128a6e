package tickets

import (
	"context"
	"fmt"
)

// RetryOutbox queues notices again: one by its id, or all that are held, failed, bounced or waiting; not what is being sent
// at this moment, nor what was withdrawn. Addresses that were held as undeliverable are tried again.
func (s *Store) RetryOutbox(ctx context.Context, id int64) (int64, error) {
	var n int64
	err := s.write(ctx, func(t *tx) (err error) {
		now := micros(s.now())
		var freed []string
		free, retry := `DELETE FROM undeliverable`, `UPDATE notice SET state = 'queued', next_at = `+s.dialect.leaseNow+`, leased_until = 0, settled_at = 0, queued_at = ? WHERE leased_until <= `+s.dialect.leaseNow+` AND SUBSTR(words, 1, 10) <> 'withdrawn:' AND `+unsettled
		var one []any
		if id > 0 {
			free, retry, one = free+` WHERE address = (SELECT recipient FROM notice WHERE id = ?)`, retry+` AND id = ?`, []any{id}
		}
		if err = t.all(ctx, &freed, free+` RETURNING address`, one...); err != nil {
			return err
		}
		for _, address := range freed {
			t.wrote("undeliverable", address)
		}
		var ids []int64
		err = t.all(ctx, &ids, retry+` RETURNING id`, append([]any{s.leaseNow(), now, s.leaseNow()}, one...)...)
		t.wroteAll("notice", ids)
		n = int64(len(ids))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retry the outbox: %w", err)
	}
	s.wakeSender()
	return n, nil
}
