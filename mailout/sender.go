package mailout

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"aduan/mailout/internal/relay"
	"aduan/tickets"
	"aduan/tickets/waypoint"
)

// Outbox is what the sender needs of the Store. Where a claim has passed to somebody else, its methods return
// tickets.ErrClaimLost, and what was to be said is not recorded.
type Outbox interface {
	// Claim takes at most n notices that are due, leased, and counts the attempt; never two of one ticket and recipient at once.
	Claim(ctx context.Context, n int) ([]tickets.Notice, error)
	// Rendered records the mail of a notice, once, before the first try.
	Rendered(ctx context.Context, n tickets.Notice, sha256 string, size int64, text string) error
	// Renew extends the lease while a slow relay takes the mail.
	Renew(ctx context.Context, n tickets.Notice) error
	// Sent records that the relay took responsibility, and what it said.
	Sent(ctx context.Context, n tickets.Notice, words string) error
	// Later records why a try came to nothing and plans the next one.
	Later(ctx context.Context, n tickets.Notice, words string) error
	// Failed records that the notice will not arrive.
	Failed(ctx context.Context, n tickets.Notice, words string) error
	// Wake gives a word when notices may be waiting: new ones, or those that waited for one that is settled now.
	Wake() <-chan struct{}
	// NextDue is when the next queued notice is due; the zero time for none.
	NextDue(ctx context.Context) (time.Time, error)
}

// Evidence is where rendered mails are kept. tickets.Evidence is one.
type Evidence interface {
	Create(ctx context.Context) (tickets.Draft, error)
	Keep(ctx context.Context, drafts ...tickets.Draft) error
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

// Sender brings notices to the relay: claim, render once, keep, hand over, record.
//
// A notice is sent at least once and always as the same bytes: what was rendered is kept before the first try. An end that
// nobody can be sure of counts as not sent. No fault ends the sender, and none but the context stops it: where the relay
// cannot be reached nothing is claimed and no try is counted; where the database or the evidence store is away it waits.
type Sender struct {
	Outbox   Outbox
	Evidence Evidence
	// Render writes a notice's mail and returns the text of its plain part, for the record.
	Render      func(ctx context.Context, n tickets.Notice, w io.Writer) (text string, err error)
	Relay       Relay
	Connections int // how many the relay may have at once; 0 is 1
	Rate        Rate
	// Share says which of how many senders on the same outbox this one is, from 0: the rate holds for all together. It is
	// asked again and again; nil is the only one.
	Share func() (place, of int)
	Log   *slog.Logger // nil for the default
	// Status hears what stands in the way of sending, and nil when nothing does any more. It must not block.
	Status func(trouble error)
	// Counted is told what came of each try (sent, refused, later) and how long after its queueing, for the metrics; may be nil.
	Counted func(outcome string, after time.Duration)

	pace pace
}

// pace are the sender's times. Tests shorten them.
type pace struct {
	poll  time.Duration // looking without being woken: other processes on the same database cannot wake us
	renew time.Duration // of a lease of 10 s
	hold  time.Duration // how long a notice in hand waits for the relay before its try counts as failed
	grace time.Duration // for the sends in hand after the context's end
	last  time.Duration // for recording their outcome after that
	first time.Duration // the first wait after a fault
	most  time.Duration // the longest wait for the relay
	store time.Duration // the longest wait for database and evidence
	write time.Duration // one try to record something
}

var ordinary = pace{poll: 2 * time.Second, renew: 3 * time.Second, hold: 45 * time.Second, grace: 7 * time.Second, last: time.Second,
	first: 500 * time.Millisecond, most: 30 * time.Second, store: 5 * time.Second, write: 10 * time.Second}

// errStopped is why the sends in hand end.
var errStopped = errors.New("the gateway was stopped")

// ahead is how many notices are in hand for each connection: while one is on the wire, others are rendered and recorded.
const ahead = 16

// gathering is how long a busy sender waits at most until half of its places are free: one claim for many costs the database
// one commit, and those that go together share the syncs and commits that follow.
const gathering = 16 * time.Millisecond

// round is one Run of a Sender.
type round struct {
	*Sender
	log      *slog.Logger
	stop     context.Context // ends when nothing new is to be begun
	hand     context.Context // ends when the sends in hand are cut
	last     context.Context // ends when nothing can be recorded any more
	places   chan struct{}   // one for each notice that may be in hand
	limit    *rate.Limiter
	due      atomic.Int64 // notices in hand whose turn by the rate has not come
	part     Rate         // that limit keeps
	troubles *troubles
	gate     gate
	keeper   keeper
	work     sync.WaitGroup

	mu       sync.Mutex
	rendered time.Time // when a fault of rendering was last logged
}

// Run sends until ctx ends; then it finishes the sends in hand, for some seconds at most, and returns nil. It closes the
// relay. All it started has ended when it returns.
func (s *Sender) Run(ctx context.Context) error {
	r, end := s.begin(ctx)
	defer end()
	faults := backoff{first: r.pace.first, most: r.pace.store}
	for r.ready() {
		free := r.free()
		notices, err := s.Outbox.Claim(ctx, free)
		r.due.Add(int64(len(notices)))
		for range free - len(notices) {
			r.places <- struct{}{}
		}
		for _, n := range notices {
			r.work.Go(func() { r.tell(n) })
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			r.troubles.begin("database", err)
			_ = faults.wait(ctx) // its end is seen by ready
		default:
			r.troubles.end("database")
			faults.next = 0
			if len(notices) < free {
				r.rest()
			}
		}
	}
	return nil
}

func (s *Sender) begin(ctx context.Context) (r *round, end func()) {
	r = &round{Sender: s, log: s.Log, stop: ctx, limit: s.Rate.limiter(), part: s.Rate}
	if r.log == nil {
		r.log = slog.Default()
	}
	if s.pace == (pace{}) {
		s.pace = ordinary
	}
	r.gate.waits = backoff{first: s.pace.first, most: s.pace.most}
	r.troubles = &troubles{log: r.log, status: s.Status, open: map[string]trouble{}}
	r.places = make(chan struct{}, ahead*max(s.Connections, 1))
	for range cap(r.places) {
		r.places <- struct{}{}
	}
	last, cancelLast := context.WithCancelCause(context.WithoutCancel(ctx))
	hand, cancelHand := context.WithCancelCause(last)
	r.hand, r.last = hand, last
	r.keeper = keeper{evidence: s.Evidence, ctx: hand}
	over := make(chan struct{})
	stopped := context.AfterFunc(ctx, func() {
		defer close(over)
		_ = sleep(hand, s.pace.grace)
		cancelHand(errStopped)
		_ = sleep(last, s.pace.last)
		cancelLast(errStopped)
	})
	return r, func() {
		r.work.Wait()
		cancelLast(errStopped)
		if !stopped() {
			<-over
		}
		s.Relay.Close()
	}
}

// ready waits until a notice can be taken in hand and the relay may be asked; false when it is time to stop.
func (r *round) ready() bool {
	select {
	case <-r.stop.Done():
		return false
	case <-r.places:
		r.places <- struct{}{} // free takes it; nobody else does
	}
	for waited := time.Duration(0); len(r.places) < cap(r.places)/2 && waited < gathering && r.stop.Err() == nil; waited += gathering / 8 {
		_ = sleep(r.stop, gathering/8)
	}
	// What is claimed before the rate lets it go would go before what is more urgent then.
	for wait := r.untilTurn(); wait > 0; wait = r.untilTurn() {
		if sleep(r.stop, wait) != nil {
			return false
		}
	}
	return r.awaitShare() && r.gate.pass(r.stop) == nil && r.stop.Err() == nil
}

// untilTurn is how long it takes until the rate lets one more notice go than are in hand; 0 where it does now.
func (r *round) untilTurn() time.Duration {
	if r.limit.Limit() == rate.Inf {
		return 0
	}
	lacking := 1 + float64(r.due.Load()) - r.limit.Tokens()
	return time.Duration(max(lacking, 0) / float64(r.limit.Limit()) * float64(time.Second))
}

// free takes free places: all, or as many as the rate lets go now. Only Run takes them.
func (r *round) free() int {
	n := len(r.places)
	if r.limit.Limit() != rate.Inf {
		n = max(1, min(n, int(r.limit.Tokens())-int(r.due.Load())))
	}
	for range n {
		<-r.places
	}
	return n
}

// rest waits for a word, for the next notice that is due, or a little while.
func (r *round) rest() {
	wait := r.pace.poll
	if due, err := r.Outbox.NextDue(r.stop); err == nil && !due.IsZero() {
		// What is due already and was not claimed waits for another notice or is another machine's: no reason to hurry.
		if d := time.Until(due); d > 0 {
			wait = min(wait, d)
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-r.Outbox.Wake():
	case <-timer.C:
	case <-r.stop.Done():
	}
}

// tell brings one notice as far as it goes and records what came of it.
func (r *round) tell(n tickets.Notice) {
	defer func() { r.places <- struct{}{} }()
	ctx, release := r.lease(n)
	defer release()
	words, err := r.deliver(ctx, n)
	log := r.log.With("notice", n.ID, "kind", n.Kind, "ticket", n.Ticket.Number, "attempt", n.Attempt)
	switch {
	case err == nil:
		err = r.record(func(ctx context.Context) error { return r.Outbox.Sent(ctx, n, words) })
		r.count("sent", n)
		log.Debug("sent", "words", words)
	case errors.Is(err, tickets.ErrClaimLost), errors.Is(err, errStopped), r.hand.Err() != nil:
		log.Info("left in the outbox", "why", err) // the lease ends by itself
		return
	case permanent(err):
		words = err.Error()
		r.count("refused", n)
		log.Warn("refused for good", "words", words)
		err = r.record(func(ctx context.Context) error { return r.Outbox.Failed(ctx, n, words) })
	default:
		words = err.Error()
		r.count("later", n)
		log.Info("not sent, will be tried again", "words", words)
		err = r.record(func(ctx context.Context) error { return r.Outbox.Later(ctx, n, words) })
	}
	if err != nil {
		log.Warn("what came of a notice is not on record; it will be sent again", "words", words, "err", err)
	}
}

func (r *round) count(outcome string, n tickets.Notice) {
	if r.Counted != nil {
		r.Counted(outcome, time.Since(n.QueuedAt))
	}
}

// lease keeps the claim on a notice alive. The context ends with the claim, with the time for what is in hand, or at release.
func (r *round) lease(n tickets.Notice) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(r.hand)
	renewing, settled := context.WithCancel(r.last) // the claim is kept while an outcome is being recorded, too
	var renewer sync.WaitGroup
	renewer.Go(func() {
		for sleep(renewing, r.pace.renew) == nil {
			try, stop := context.WithTimeout(renewing, r.pace.renew)
			err := r.Outbox.Renew(try, n)
			stop()
			if errors.Is(err, tickets.ErrClaimLost) {
				cancel(err)
				return
			}
		}
	})
	return ctx, func() { settled(); renewer.Wait(); cancel(nil) }
}

// deliver renders the notice where that was not done before, waits its turn, and hands over what was kept.
func (r *round) deliver(ctx context.Context, n tickets.Notice) (words string, err error) {
	wait, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.stop, func() { cancel(errStopped) })()
	turn := sync.OnceFunc(func() { r.due.Add(-1) })
	defer turn()
	if n.Rendered == "" {
		err = r.patiently(wait, func() (err error) {
			n.Rendered, err = r.render(ctx, n)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	if !r.limit.Allow() {
		if err := r.limit.Wait(wait); err != nil {
			return "", reason(wait, err)
		}
	}
	turn()
	held := time.Now()
	for {
		err = r.patiently(wait, func() (err error) {
			words, err = r.handOver(ctx, n)
			return err
		})
		if !unreachable(err) {
			return words, err
		}
		r.away(err)
		hold, stop := context.WithTimeoutCause(wait, r.pace.hold-time.Since(held), err)
		err = r.gate.pass(hold)
		stop()
		if err != nil {
			return "", err
		}
	}
}

// reason prefers the reason why a context ended to the words of who noticed it.
func reason(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// evidenceError is a fault of the evidence store, which says nothing about a notice.
type evidenceError struct{ err error }

func (e *evidenceError) Error() string { return e.err.Error() }
func (e *evidenceError) Unwrap() error { return e.err }

// patiently does something again where the evidence store is in trouble, for as long as a notice is held.
func (r *round) patiently(ctx context.Context, do func() error) error {
	faults, began := backoff{first: r.pace.first, most: r.pace.store}, time.Now()
	for {
		err := do()
		var evidence *evidenceError
		if !errors.As(err, &evidence) {
			r.troubles.end("evidence")
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.troubles.begin("evidence", err)
		if time.Since(began) > r.pace.hold {
			return err
		}
		if err := faults.wait(ctx); err != nil {
			return err
		}
	}
}

// render makes the notice's mail, keeps it and records it; from then on every try sends those bytes.
func (r *round) render(ctx context.Context, n tickets.Notice) (sum string, err error) {
	draft, err := r.Evidence.Create(ctx)
	if err != nil {
		return "", &evidenceError{err}
	}
	defer draft.Discard()
	out := &draftWriter{Draft: draft}
	buffered := bufio.NewWriterSize(out, 32<<10)
	text, err := r.Render(ctx, n, buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if out.err != nil {
		return "", &evidenceError{out.err}
	}
	if err != nil {
		r.unrendered(n, err)
		return "", err
	}
	waypoint.Pass(ctx, waypoint.NoticeRendered)
	if err := r.keeper.keep(draft); err != nil {
		return "", &evidenceError{err}
	}
	waypoint.Pass(ctx, waypoint.RenderingKept)
	sum = draft.Sum()
	return sum, r.record(func(ctx context.Context) error { return r.Outbox.Rendered(ctx, n, sum, draft.Size(), text) })
}

// unrendered logs a notice that cannot be rendered, once in a while: a broken template meets many notices.
func (r *round) unrendered(n tickets.Notice, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.rendered) > time.Minute {
		r.rendered = time.Now()
		r.log.Error("a mail cannot be rendered; it waits (more of the kind are not logged for a minute)", "notice", n.ID, "kind", n.Kind, "err", err)
	}
}

// draftWriter remembers that it was the evidence store that failed, not the template.
type draftWriter struct {
	tickets.Draft
	err error
}

func (w *draftWriter) Write(p []byte) (int, error) {
	n, err := w.Draft.Write(p)
	if err != nil {
		w.err = err
	}
	return n, err
}

// handOver sends the kept mail.
func (r *round) handOver(ctx context.Context, n tickets.Notice) (words string, err error) {
	mail, err := r.Evidence.Open(ctx, n.Rendered)
	if errors.Is(err, tickets.ErrNotFound) {
		return "", fmt.Errorf("the rendered mail is gone: %w", err)
	}
	if err != nil {
		return "", &evidenceError{err}
	}
	defer mail.Close()
	words, err = r.Relay.Send(ctx, n.Sender, n.To.Address, mail)
	var source *relay.SourceError
	if errors.As(err, &source) {
		err = &evidenceError{err}
	}
	return words, err
}

// away shuts the gate and has the relay asked until it answers.
func (r *round) away(err error) {
	r.troubles.begin("relay", err)
	if !r.gate.close() {
		return
	}
	r.work.Go(func() {
		for r.gate.waits.wait(r.stop) == nil {
			if err := r.Relay.Check(r.stop); err != nil {
				if r.stop.Err() == nil {
					r.troubles.begin("relay", err)
				}
				continue
			}
			r.troubles.end("relay")
			r.gate.open()
			return
		}
	})
}

// recordFor bounds how long an outcome waits for the database. Giving up makes a double, so it is long.
const recordFor = 10 * time.Minute

// record writes an outcome down, again and again where the database is away, until the claim is lost or time is up.
func (r *round) record(write func(context.Context) error) error {
	faults, began := backoff{first: r.pace.first / 4, most: r.pace.store}, time.Now()
	for {
		try, cancel := context.WithTimeout(r.last, r.pace.write)
		err := write(try)
		cancel()
		if err == nil || errors.Is(err, tickets.ErrClaimLost) {
			r.troubles.end("database")
			return err
		}
		r.troubles.begin("database", err)
		if r.last.Err() != nil || time.Since(began) > recordFor {
			return err
		}
		if faults.wait(r.last) != nil {
			return err
		}
	}
}
