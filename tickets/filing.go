package tickets

import (
	"context"
	"fmt"
	"slices"
	"time"

	"aduan/tickets/waypoint"
)

// Filed is what became of one mail of a batch: an outcome, or the fault that kept this mail alone from being filed.
type Filed struct {
	Outcome
	Err error
}

// File takes mails in, all in one transaction. A mail that causes a fault falls out of the batch alone: its Filed carries the
// fault and the others are on record. The error is for faults of the infrastructure, with nothing filed.
func (s *Store) File(ctx context.Context, now time.Time, arrivals ...Arrival) ([]Filed, error) {
	filed := make([]Filed, len(arrivals))
	err := s.write(ctx, func(t *tx) error {
		for i, a := range arrivals {
			var err error
			if filed[i].Outcome, err = t.file(ctx, a, now); err != nil {
				return err
			}
		}
		waypoint.Pass(ctx, waypoint.MailsWritten)
		return nil
	})
	if err == nil {
		waypoint.Pass(ctx, waypoint.MailsRecorded)
		s.wakeAfter(filed)
		return filed, nil
	}
	if down := s.infrastructure(ctx, err); down != nil {
		return nil, down
	}
	if len(arrivals) == 1 {
		return []Filed{{Err: err}}, nil
	}
	for i, a := range arrivals {
		alone, err := s.File(ctx, now, a)
		if err != nil {
			return nil, err
		}
		filed[i] = alone[0]
	}
	return filed, nil
}

// infrastructure tells a fault of the database from a fault of one mail: it returns the former, and nil for the latter. What
// the database itself blames on its surroundings is no mail's fault, even where it answers again a moment later.
func (s *Store) infrastructure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.dialect.retryable(err) || s.dialect.away(err) || s.db.PingContext(ctx) != nil || s.writable(ctx) != nil {
		return err
	}
	return nil
}

// writable tries a write that changes nothing, which a full disk refuses.
func (s *Store) writable(ctx context.Context) error {
	return s.writeOnce(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `INSERT INTO lease (name, holder, until) VALUES ('writable', '', 0) ON CONFLICT (name) DO UPDATE SET until = 0`)
		return err
	})
}

func (s *Store) wakeAfter(filed []Filed) {
	if slices.ContainsFunc(filed, func(f Filed) bool { return f.Wakes }) {
		s.wakeSender()
	}
	if slices.ContainsFunc(filed, func(f Filed) bool { return f.Clocked }) {
		select {
		case s.clocked <- struct{}{}:
		default: // it is awake already
		}
	}
}

// filing is one mail on its way into the record: what the transaction has found out, and what follows from it.
type filing struct {
	ctx context.Context
	t   *tx
	s   *Store
	a   Arrival
	now int64
	at  int64 // when the mail arrived: clocks run from then, also where we stood still
	err error // the first fault; what follows it is not done

	staff      directory
	sender     sender
	ticket     *ticketRow
	continues  *ticketRow // the closed case that this mail came too late for
	message    int64
	recorded   string // the message's digest as it stands in its row
	visible    Visibility
	purpose    string
	textPlaced bool      // the text of the mail has found its place
	given      []Command // what somebody outside staff asks for

	events []event
	drafts []*draft
	out    Outcome
}

func newFiling(ctx context.Context, t *tx, a Arrival, now time.Time) (*filing, error) {
	d, err := t.directory(ctx)
	if err != nil {
		return nil, err
	}
	at := micros(now)
	if !a.At.IsZero() && a.At.Before(now) {
		at = micros(a.At)
	}
	return &filing{ctx: ctx, t: t, s: t.s, a: a, now: micros(now), at: at, staff: d}, nil
}

// file is the way of one mail, top to bottom: was it seen before, whose is it, which case is it about, what follows.
func (t *tx) file(ctx context.Context, a Arrival, now time.Time) (out Outcome, err error) {
	defer func() {
		if p := recover(); p != nil { // one mail's fault must not stop the mailbox
			err = fmt.Errorf("file mail %q: panic: %v", a.MessageID, p)
		}
	}()
	f, err := newFiling(ctx, t, a, now)
	if err != nil {
		return Outcome{}, err
	}
	f.clean()
	if known, err := f.known(); known || err != nil {
		return f.out, err
	}
	f.identify()
	f.join()
	f.takePartyCommands()
	f.record()
	f.follow()
	err = f.settle(ctx)
	if err == nil {
		err = f.err // of what settling brought about
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("file mail %q: %w", a.MessageID, err)
	}
	return f.out, nil
}

// follow decides by whose the mail is what follows from it.
func (f *filing) follow() {
	switch {
	case f.err != nil:
	case f.a.Automatic == AutoOwn:
		f.event("received", f.mailFacts())
	case f.a.Automatic == AutoBounce && f.bounced():
	case f.sender.isStaff() && !f.ownCase():
		f.staffMail()
	case f.asksForHelp():
		f.helpStranger()
	case f.ticket == nil:
		f.open()
	case f.sender.role == noRole || f.a.Authentication.DMARCFail:
		f.strangersMail()
	case f.sender.proof == ProofNone:
		f.unprovenMail()
	case f.sender.role == isCounterpart:
		f.counterpartsMail()
	default:
		f.partysMail()
	}
}

// settle writes what has gathered for the ticket: its row, the events, the notices.
func (f *filing) settle(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	moved := slices.ContainsFunc(f.events, func(e event) bool { return e.from != e.to && e.from != "" })
	if err := f.writeEvents(ctx); err != nil {
		return err
	}
	if f.ticket != nil {
		if moved {
			f.tellFollowers()
		}
		f.keepTime()
		if err := f.t.saveTicket(ctx, f.ticket); err != nil {
			return err
		}
		f.out.Ticket = Number(f.ticket.Number)
	}
	return f.writeDrafts(ctx)
}

// do runs a step unless one before it failed.
func (f *filing) do(what string, step func() error) {
	if f.err != nil {
		return
	}
	if err := step(); err != nil {
		f.err = fmt.Errorf("%s: %w", what, err)
	}
}
