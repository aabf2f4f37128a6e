package mailout

import (
	"context"
	"sync"

	"aduan/tickets"
)

// keeper makes drafts durable. What is rendered while the disk is busy shares the next sync: on a disk the number of syncs
// sets the limit, not the number of mails. A lone draft is never held back for company.
type keeper struct {
	evidence Evidence
	ctx      context.Context // no one notice's: a batch belongs to many

	mu      sync.Mutex
	busy    bool
	waiting []*keeping
}

// keeping is one draft on its way. turn is closed with kept set, or unset where the draft's owner has to keep the next batch.
type keeping struct {
	draft tickets.Draft
	turn  chan struct{}
	kept  bool
	err   error
}

// keep returns when the draft is durable, or with the error of the batch that it was in.
func (k *keeper) keep(draft tickets.Draft) error {
	own := &keeping{draft: draft, turn: make(chan struct{})}
	k.mu.Lock()
	k.waiting = append(k.waiting, own)
	if k.busy {
		k.mu.Unlock()
		<-own.turn
		if own.kept {
			return own.err
		}
		k.mu.Lock()
	}
	k.busy = true
	batch := k.waiting
	k.waiting = nil
	k.mu.Unlock()

	drafts := make([]tickets.Draft, len(batch))
	for i, b := range batch {
		drafts[i] = b.draft
	}
	err := k.evidence.Keep(k.ctx, drafts...)

	for _, b := range batch {
		b.kept, b.err = true, err
		if b != own {
			close(b.turn)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy = len(k.waiting) > 0
	if k.busy {
		close(k.waiting[0].turn)
	}
	return err
}
