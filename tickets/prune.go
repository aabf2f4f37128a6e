package tickets

import (
	"context"
	"fmt"
	"time"
)

// capsLookBack is the longest time that a cap on mail looks back, and an hour more for clocks that jump.
const capsLookBack = 25 * time.Hour

// Prune removes rows that no rule looks at any more: acknowledgements and warnings that no cap counts. The record itself is
// never pruned. Any number of processes may do it at any time.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	return s.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `DELETE FROM acknowledgement WHERE at < ?`, micros(now.Add(-capsLookBack))); err != nil {
			return fmt.Errorf("prune acknowledgements: %w", err)
		}
		return nil
	})
}
