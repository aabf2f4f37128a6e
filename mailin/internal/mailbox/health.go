package mailbox

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// health turns single faults into times of trouble: one line in the log when such a time
// begins and one when it ends, however many tries lie between.
type health struct {
	cfg     Config
	trouble string // empty when all is well
}

// Trouble is a time of trouble of which the log has the beginning and not the end yet.
type Trouble struct {
	since  time.Time
	logged bool // that it began
}

func (h *health) bad(err error) {
	var fault *Error
	if err == nil || errors.As(err, &fault) && fault.quiet && h.trouble == "" {
		// Servers end idle connections as they like. It is trouble once we cannot come back.
		h.cfg.Logger.Debug("connection ended while idle", "mailbox", h.cfg.Name)
		return
	}
	if !h.cfg.Trouble.logged {
		h.cfg.Trouble.logged, h.cfg.Trouble.since = true, time.Now()
		h.cfg.Logger.Warn("mailbox is in trouble, trying again until it works", "mailbox", h.cfg.Name, "server", h.cfg.Addr, "error", err)
	} else {
		h.cfg.Logger.Debug("mailbox is still in trouble", "mailbox", h.cfg.Name, "error", err)
	}
	if text := err.Error(); text != h.trouble {
		h.trouble = text
		h.cfg.Status(Status{Mailbox: h.cfg.Name, Trouble: text, Since: h.cfg.Trouble.since})
	}
}

func (h *health) good() {
	if h.trouble == "" {
		return
	}
	now := time.Now()
	if h.cfg.Trouble.logged {
		h.cfg.Logger.Info("mailbox works again", "mailbox", h.cfg.Name, "after", now.Sub(h.cfg.Trouble.since).Round(time.Millisecond))
	} else {
		h.cfg.Logger.Info("mailbox is open", "mailbox", h.cfg.Name, "server", h.cfg.Addr)
	}
	h.trouble, *h.cfg.Trouble = "", Trouble{since: now}
	h.cfg.Status(Status{Mailbox: h.cfg.Name, Since: now})
}

// backoff grows from min to max. Half of each wait is chance, so that many clients do not
// come back to a server all at once.
type backoff struct {
	min, max time.Duration
	last     time.Duration
}

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, b.min), b.max)
	return b.last/2 + rand.N(b.last/2+1)
}

func (b *backoff) reset() { b.last = 0 }

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// outlive is a context that ends some time after ctx, so that work in hand can be finished.
func outlive(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		pause(later, grace)
		cancel()
	})
	return later, func() { stop(); cancel() }
}
