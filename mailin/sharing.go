package mailin

import (
	"context"
	"log/slog"
	"time"

	"aduan/tickets"
)

// Leases say which mailboxes this process works, of all processes on one database. tickets.Gateway is one.
type Leases interface {
	// Beat renews what is held and says how things stand; it is called every tickets.LeaseBeat, by one goroutine at a time.
	// working says which mailboxes are being worked at this moment.
	Beat(ctx context.Context, working map[string]bool) (tickets.Standing, error)
	// Leave gives everything back.
	Leave(ctx context.Context)
}

// Sharing works mailboxes together with the other gateways on the same database: those whose lease it holds, for as long as it
// does. A lease that passed on, or that could not be renewed in time, ends the work on its mailbox: the batch in hand is
// finished and the connection closed. When the context ends, the leases are given back, so that nobody waits for them.
type Sharing struct {
	Intake    *Intake
	Leases    Leases
	Mailboxes []Watched
	Log       *slog.Logger
	// Standing hears how the mailboxes are shared out and, where the leases cannot be renewed, why; after every beat. It must
	// not block.
	Standing func(st tickets.Standing, trouble error)
}

// Watched is a mailbox, and how old its mail may be to be acknowledged when it is first seen.
type Watched struct {
	Mailbox
	AcknowledgeWithin time.Duration
}

// leaveWithin bounds how long the end waits for the database: a lease ends by itself.
const leaveWithin = time.Second

// beat is what came of one Leases.Beat.
type beat struct {
	tickets.Standing
	err error
}

// sharing is one Run of a Sharing. Its fields belong to the goroutine of Run.
type sharing struct {
	*Sharing
	ctx      context.Context
	beats    chan beat
	beating  bool                          // one is on its way
	ended    chan string                   // mailboxes whose work has stopped
	working  map[string]context.CancelFunc // mailboxes that are being worked, and what stops that
	standing tickets.Standing
	trouble  bool // the leases cannot be renewed
}

// Run works until ctx ends, and returns nil then.
func (s *Sharing) Run(ctx context.Context) error {
	r := &sharing{Sharing: s, ctx: ctx, beats: make(chan beat, 1), ended: make(chan string), working: map[string]context.CancelFunc{}}
	// Work in hand keeps its lease: beats go on until all has ended.
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	tick := time.NewTicker(tickets.LeaseBeat)
	defer tick.Stop()
	stopped := ctx.Done()
	r.beat(beating)
	for stopped != nil || len(r.working) > 0 {
		select {
		case b := <-r.beats:
			r.hear(b)
		case name := <-r.ended:
			delete(r.working, name)
			r.beat(beating) // who asked for it need not wait
		case <-tick.C:
			r.beat(beating)
		case <-stopped:
			stopped = nil
		}
		r.arrange()
	}
	r.leave()
	return nil
}

// beat renews the leases, unless that is being done.
func (r *sharing) beat(ctx context.Context) {
	if r.beating {
		return
	}
	r.beating = true
	working := make(map[string]bool, len(r.working))
	for name := range r.working {
		working[name] = true
	}
	go func() {
		st, err := r.Leases.Beat(ctx, working)
		r.beats <- beat{st, err}
	}()
}

// hear takes note of a beat, with one line in the log when leases cannot be renewed any more and one when they can.
func (r *sharing) hear(b beat) {
	r.beating = false
	switch {
	case b.err == nil && r.trouble:
		r.Log.Info("leases are renewed again")
	case b.err != nil && !r.trouble && r.ctx.Err() == nil:
		r.Log.Warn("leases cannot be renewed; without them no mailbox is worked", "error", b.err)
	}
	r.trouble = b.err != nil
	if b.err == nil {
		r.logChanges(b.Standing)
		r.standing = b.Standing
	}
	if r.Sharing.Standing != nil {
		r.Sharing.Standing(r.standing, b.err)
	}
}

func (r *sharing) logChanges(st tickets.Standing) {
	for _, m := range r.Mailboxes {
		if other := st.Elsewhere[m.Name]; other != "" && other != r.standing.Elsewhere[m.Name] {
			r.Log.Info("another gateway works this mailbox", "mailbox", m.Name, "gateway", other)
		}
	}
	if st.Gateways != r.standing.Gateways && st.Gateways+r.standing.Gateways > 1 {
		r.Log.Info("gateways on this database", "number", st.Gateways)
	}
}

// arrange begins and ends work as the leases say.
func (r *sharing) arrange() {
	sure := r.standing.Until.IsZero() || time.Now().Before(r.standing.Until)
	for _, m := range r.Mailboxes {
		stop := r.working[m.Name]
		mine := r.ctx.Err() == nil && sure && r.standing.Mine[m.Name] && r.standing.Give != m.Name
		switch {
		case mine && stop == nil:
			r.begin(m)
		case !mine && stop != nil:
			stop()
		}
	}
}

func (r *sharing) begin(m Watched) {
	ctx, cancel := context.WithCancel(r.ctx)
	r.working[m.Name] = cancel
	go func() {
		defer cancel()
		_ = r.Intake.Watch(ctx, m.Mailbox, m.AcknowledgeWithin) // ends with its context alone
		r.ended <- m.Name
	}()
}

// leave gives the leases back; it waits for the database for a moment only.
func (r *sharing) leave() {
	over := make(chan struct{})
	go func() {
		defer close(over)
		if r.beating {
			<-r.beats
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), leaveWithin)
		defer cancel()
		r.Leases.Leave(ctx)
	}()
	select {
	case <-over:
	case <-time.After(leaveWithin):
	}
}
