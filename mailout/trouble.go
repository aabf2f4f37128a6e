package mailout

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// troubles keeps what stands in the way of sending, by part ("relay", "database", "evidence"), so that each trouble has one
// log line at its start and one at its end, however many notices meet it.
type troubles struct {
	log    *slog.Logger
	status func(error)
	mu     sync.Mutex
	open   map[string]trouble
}

type trouble struct {
	err   error
	since time.Time
}

func (t *troubles) begin(part string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, known := t.open[part]
	if !known {
		now.since = time.Now()
		t.log.Warn("mail waits: trouble with the "+part, "err", err)
	}
	now.err = err
	t.open[part] = now
	t.tell()
}

func (t *troubles) end(part string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, known := t.open[part]
	if !known {
		return
	}
	delete(t.open, part)
	t.log.Info("mail goes on: the "+part+" is back", "after", time.Since(was.since).Round(time.Millisecond))
	t.tell()
}

// tell reports all open troubles in one error, in a steady order.
func (t *troubles) tell() {
	var all []error
	for _, part := range slices.Sorted(maps.Keys(t.open)) {
		all = append(all, fmt.Errorf("%s: %w", part, t.open[part].err))
	}
	if t.status != nil {
		t.status(errors.Join(all...))
	}
}

// backoff is a wait that doubles from first to most, with up to a quarter taken off by chance so that many machines do not
// come back at the same moment.
type backoff struct{ first, most, next time.Duration }

func (b *backoff) wait(ctx context.Context) error {
	if b.next == 0 {
		b.next = b.first
	}
	d := b.next - time.Duration(rand.Float64()*0.25*float64(b.next))
	b.next = min(2*b.next, b.most)
	return sleep(ctx, d)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// gate is shut while the relay cannot be reached: nothing is claimed, and what is in hand waits behind it.
type gate struct {
	mu     sync.Mutex
	shut   chan struct{} // nil while open; closed when it opens
	opened time.Time
	waits  backoff
}

// close shuts the gate; true where it was open, and the caller has to see to it that it is opened again. Waits grow on from
// where they were when the relay was back only for a moment.
func (g *gate) close() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		return false
	}
	g.shut = make(chan struct{})
	if time.Since(g.opened) > time.Minute {
		g.waits.next = 0
	}
	return true
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.shut)
	g.shut, g.opened = nil, time.Now()
}

// pass waits until the gate is open.
func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut == nil {
		return nil
	}
	select {
	case <-shut:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
