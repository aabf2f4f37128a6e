package tickets

import (
	"context"
	"fmt"
)

// WriteShared makes one change that may share its commit, and tells which transaction made it last.
func (s *Store) WriteShared(ctx context.Context, do func() error, statement string, args ...any) (transaction string, err error) {
	err = s.writeShared(ctx, func(t *tx) error {
		transaction = fmt.Sprintf("%p", t)
		if err := do(); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, t.Rebind(statement), args...)
		return err
	})
	return transaction, err
}

// WaitingChanges is how many changes wait for a commit to share.
func (s *Store) WaitingChanges() int {
	s.sharing.mu.Lock()
	defer s.sharing.mu.Unlock()
	return len(s.sharing.waiting)
}
