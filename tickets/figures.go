package tickets

import (
	"context"
	"fmt"
	"time"
)

// Figures are the counts that an operator watches.
type Figures struct {
	Tickets      map[State]int
	Notices      map[DeliveryState]int // queued, held, failed and bounced
	OldestQueued time.Duration         // since the oldest queued notice was recorded; 0 where none is queued
}

// Figures counts tickets and undelivered notices.
func (s *Store) Figures(ctx context.Context) (Figures, error) {
	f := Figures{Tickets: map[State]int{}, Notices: map[DeliveryState]int{}}
	err := s.look(ctx, func(t *tx) error {
		var states []struct {
			State string
			N     int
		}
		if err := t.all(ctx, &states, `SELECT state, n FROM ticket_count WHERE n > 0`); err != nil {
			return err
		}
		for _, r := range states {
			f.Tickets[State(r.State)] = r.N
		}
		states = nil
		if err := t.all(ctx, &states, `SELECT state, COUNT(*) AS n FROM notice WHERE `+stuck+` GROUP BY state`); err != nil {
			return err
		}
		for _, r := range states {
			f.Notices[DeliveryState(r.State)] = r.N
		}
		var queue struct{ N, Oldest int64 }
		if err := t.get(ctx, &queue, `SELECT COUNT(*) AS n, COALESCE(MIN(created_at), 0) AS oldest FROM notice WHERE state = 'queued'`); err != nil {
			return err
		}
		f.Notices[Queued] = int(queue.N)
		if queue.N > 0 {
			f.OldestQueued = max(0, s.now().Sub(fromMicros(queue.Oldest)))
		}
		return nil
	})
	if err != nil {
		return f, fmt.Errorf("count tickets and notices: %w", err)
	}
	return f, nil
}

// Dialect names the database: sqlite or postgres.
func (s *Store) Dialect() string { return s.dialect.name }
