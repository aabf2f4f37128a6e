package tickets

import (
	"context"
	"errors"
	"sync"
)

// sharing lets small changes that wait at the same time share one commit: on a disk the number of commits sets the limit, not
// the number of changes. A lone change is never held back for company.
type sharing struct {
	mu      sync.Mutex
	busy    bool
	waiting []*sharedChange
}

// sharedChange is one change on its way. turn is closed when it was committed or refused (settled), when it has to go alone, or,
// with neither set, when its owner has to commit the next ones.
type sharedChange struct {
	do      func(*tx) error
	turn    chan struct{}
	settled bool
	alone   bool
	err     error
}

// sharedAtMost bounds how long one commit keeps other writers waiting.
const sharedAtMost = 64

// writeShared is write in one transaction with other changes that are made this way. do must have written nothing where it
// returns ErrClaimLost; where it returns another fault, the changes of the others are made without it.
func (s *Store) writeShared(ctx context.Context, do func(*tx) error) error {
	own := &sharedChange{do: do, turn: make(chan struct{})}
	if leads, err := s.sharing.enter(ctx, own); !leads {
		if own.alone {
			return s.write(ctx, do)
		}
		return err
	}
	batch := s.sharing.take()
	err := s.write(ctx, func(t *tx) error {
		for _, c := range batch {
			if c.err = c.do(t); c.err != nil && !errors.Is(c.err, ErrClaimLost) {
				return c.err
			}
		}
		return nil
	})
	s.sharing.end(own, batch, err)
	if own.alone {
		return s.write(ctx, do)
	}
	return own.err
}

// enter waits for the change's turn. leads says that its owner has to commit; else the change is settled, has to go alone, or
// ctx has ended before anybody took it.
func (g *sharing) enter(ctx context.Context, own *sharedChange) (leads bool, err error) {
	g.mu.Lock()
	g.waiting = append(g.waiting, own)
	if !g.busy {
		g.busy = true
		g.mu.Unlock()
		return true, nil
	}
	g.mu.Unlock()
	select {
	case <-own.turn:
	case <-ctx.Done():
		if g.leave(own) {
			return false, ctx.Err()
		}
		<-own.turn // somebody is committing it, or it is to lead
	}
	return !own.settled && !own.alone, own.err
}

// leave takes a change off the waiting ones; false where it is among them no more, or is the next to lead.
func (g *sharing) leave(own *sharedChange) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-own.turn:
		return false
	default:
	}
	for i, c := range g.waiting {
		if c == own {
			g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (g *sharing) take() []*sharedChange {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), sharedAtMost)
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return batch
}

// end tells the batch what became of it and lets the next ones go. A batch that failed goes on one by one, so that one
// change's fault is its own.
func (g *sharing) end(own *sharedChange, batch []*sharedChange, err error) {
	for _, c := range batch {
		switch {
		case err == nil:
			c.settled = true
		case len(batch) == 1:
			c.settled, c.err = true, err
		default:
			c.alone, c.err = true, nil
		}
		if c != own {
			close(c.turn)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.busy = len(g.waiting) > 0
	if g.busy {
		close(g.waiting[0].turn)
	}
}
