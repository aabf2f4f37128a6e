package mailout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/tickets"
)

// outboxRow is a notice in the fake outbox with all that was said about it.
type outboxRow struct {
	tickets.Notice
	state  string // queued, sent, failed
	due    time.Time
	lease  time.Time
	words  []string
	renews int
}

// memoryOutbox keeps the rules of the Store: leases, attempts, order for one ticket and recipient.
type memoryOutbox struct {
	mu      sync.Mutex
	rows    []*outboxRow
	wake    chan struct{}
	changed chan struct{}
	retry   time.Duration                  // wait of Later
	fault   func(call string, n int) error // asked before each call, with its count
	calls   map[string]int
}

const fakeLease = 10 * time.Second

func newOutbox(notices ...tickets.Notice) *memoryOutbox {
	o := &memoryOutbox{wake: make(chan struct{}, 1), changed: make(chan struct{}), retry: 5 * time.Millisecond, calls: map[string]int{}}
	o.add(notices...)
	return o
}

func (o *memoryOutbox) add(notices ...tickets.Notice) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range notices {
		o.rows = append(o.rows, &outboxRow{Notice: n, state: "queued"})
	}
	o.word()
}

func (o *memoryOutbox) word() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
	close(o.changed)
	o.changed = make(chan struct{})
}

// enter counts a call and gives the fault that the test ordered.
func (o *memoryOutbox) enter(ctx context.Context, call string) error {
	o.calls[call]++
	if o.fault != nil {
		if err := o.fault(call, o.calls[call]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (o *memoryOutbox) Claim(ctx context.Context, n int) (out []tickets.Notice, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.enter(ctx, "Claim"); err != nil {
		return nil, err
	}
	waiting := map[string]bool{}
	for _, r := range o.rows {
		key := fmt.Sprint(r.Ticket.ID, " ", r.To.Address)
		if r.state != "queued" || waiting[key] {
			continue
		}
		waiting[key] = true
		if now := time.Now(); len(out) < n && !r.due.After(now) && !r.lease.After(now) {
			r.Attempt++
			r.lease = now.Add(fakeLease)
			out = append(out, r.Notice)
		}
	}
	return out, nil
}

// settle changes a row whose claim still holds.
func (o *memoryOutbox) settle(ctx context.Context, call string, n tickets.Notice, change func(*outboxRow)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.enter(ctx, call); err != nil {
		return err
	}
	for _, r := range o.rows {
		if r.ID == n.ID && r.Attempt == n.Attempt && r.state == "queued" {
			change(r)
			o.word()
			return nil
		}
	}
	return tickets.ErrClaimLost
}

func (o *memoryOutbox) Rendered(ctx context.Context, n tickets.Notice, sum string, _ int64, text string) error {
	return o.settle(ctx, "Rendered", n, func(r *outboxRow) { r.Notice.Rendered = sum })
}

func (o *memoryOutbox) Renew(ctx context.Context, n tickets.Notice) error {
	return o.settle(ctx, "Renew", n, func(r *outboxRow) { r.renews++; r.lease = time.Now().Add(fakeLease) })
}

func (o *memoryOutbox) end(ctx context.Context, n tickets.Notice, state, words string) error {
	return o.settle(ctx, state, n, func(r *outboxRow) { r.state = state; r.words = append(r.words, words); r.lease = time.Time{} })
}

func (o *memoryOutbox) Sent(ctx context.Context, n tickets.Notice, words string) error {
	return o.end(ctx, n, "sent", words)
}

func (o *memoryOutbox) Failed(ctx context.Context, n tickets.Notice, words string) error {
	return o.end(ctx, n, "failed", words)
}

func (o *memoryOutbox) Later(ctx context.Context, n tickets.Notice, words string) error {
	return o.settle(ctx, "later", n, func(r *outboxRow) {
		r.words = append(r.words, words)
		r.lease, r.due = time.Time{}, time.Now().Add(o.retry)
	})
}

func (o *memoryOutbox) Wake() <-chan struct{} { return o.wake }

func (o *memoryOutbox) NextDue(ctx context.Context) (due time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.rows {
		if r.state == "queued" && (due.IsZero() || r.due.Before(due)) {
			due = r.due
		}
	}
	return due, nil
}

// take gives a copy of the row of a notice.
func (o *memoryOutbox) take(id int64) outboxRow {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.rows {
		if r.ID == id {
			return *r
		}
	}
	return outboxRow{}
}

func (o *memoryOutbox) count(call string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.calls[call]
}

// wait blocks until what the test waits for is true of the outbox.
func (o *memoryOutbox) wait(t testing.TB, what string, ok func(rows []*outboxRow) bool) {
	t.Helper()
	limit := time.After(15 * time.Second)
	for {
		o.mu.Lock()
		done, changed := ok(o.rows), o.changed
		o.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-limit:
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, r := range o.rows {
				t.Logf("notice %d: %s, attempt %d, %q", r.ID, r.state, r.Attempt, r.words)
			}
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func all(state string) func([]*outboxRow) bool {
	return func(rows []*outboxRow) bool {
		for _, r := range rows {
			if r.state != state {
				return false
			}
		}
		return true
	}
}

// memoryEvidence keeps pieces in memory.
type memoryEvidence struct {
	mu    sync.Mutex
	kept  map[string][]byte
	fault func(call string) error
}

type memoryDraft struct {
	bytes.Buffer
	fault error
}

func (d *memoryDraft) Write(p []byte) (int, error) {
	if d.fault != nil {
		return 0, d.fault
	}
	return d.Buffer.Write(p)
}
func (d *memoryDraft) Sum() string { s := sha256.Sum256(d.Bytes()); return hex.EncodeToString(s[:]) }
func (d *memoryDraft) Size() int64 { return int64(d.Len()) }
func (d *memoryDraft) Discard()    {}

func (e *memoryEvidence) ask(call string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fault == nil {
		return nil
	}
	return e.fault(call)
}

func (e *memoryEvidence) Create(context.Context) (tickets.Draft, error) {
	if err := e.ask("Create"); err != nil {
		return nil, err
	}
	return &memoryDraft{fault: e.ask("Write")}, nil
}

func (e *memoryEvidence) Keep(_ context.Context, drafts ...tickets.Draft) error {
	if err := e.ask("Keep"); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range drafts {
		e.kept[d.Sum()] = bytes.Clone(d.(*memoryDraft).Bytes())
	}
	return nil
}

func (e *memoryEvidence) Open(_ context.Context, sum string) (io.ReadCloser, error) {
	if err := e.ask("Open"); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	b, ok := e.kept[sum]
	if !ok {
		return nil, tickets.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// fakeRelay answers as the test says, and remembers what it accepted.
type fakeRelay struct {
	send  func(ctx context.Context, recipient string) error // nil accepts
	check func() error

	mu     sync.Mutex
	mails  []fakeMail
	closed bool
}

type fakeMail struct {
	to, data string
	at       time.Time
}

func (f *fakeRelay) Send(ctx context.Context, _, recipient string, mail io.Reader) (string, error) {
	data, err := io.ReadAll(mail)
	if err == nil && f.send != nil {
		err = f.send(ctx, recipient)
	}
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mails = append(f.mails, fakeMail{recipient, string(data), time.Now()})
	return "250 2.0.0 taken", nil
}

func (f *fakeRelay) Check(context.Context) error {
	if f.check == nil {
		return nil
	}
	return f.check()
}

func (f *fakeRelay) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func (f *fakeRelay) accepted() []fakeMail {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fakeMail(nil), f.mails...)
}

// notices makes n notices to persons of their own, each on a ticket of its own.
func notices(n int) (out []tickets.Notice) {
	for i := 1; i <= n; i++ {
		out = append(out, tickets.Notice{ID: int64(i), Kind: tickets.KindAcknowledged, Sender: fmt.Sprintf("aduan+n%d@csirt.example", i),
			To: tickets.Address{Address: fmt.Sprintf("person%d@baliprov.example", i)}, Ticket: tickets.Ticket{ID: int64(i)}})
	}
	return out
}

// renderings counts how often a mail was rendered; every rendering gives other bytes, as MIME boundaries do.
type renderings struct {
	mu sync.Mutex
	n  int
}

func (r *renderings) render(_ context.Context, n tickets.Notice, w io.Writer) (string, error) {
	r.mu.Lock()
	r.n++
	turn := r.n
	r.mu.Unlock()
	_, err := fmt.Fprintf(w, "To: %s\r\nMessage-ID: <n%d@csirt.example>\r\nX-Turn: %d\r\n\r\nhello\r\n", n.To.Address, n.ID, turn)
	return "hello", err
}

func (r *renderings) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.n
}

// logLines is a log that tests can read.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logLines) with(words string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.SplitSeq(l.buf.String(), "\n") {
		if strings.Contains(line, words) {
			n++
		}
	}
	return n
}

// sending is a sender with its fakes.
type sending struct {
	*Sender
	outbox   *memoryOutbox
	evidence *memoryEvidence
	turns    *renderings
	logs     *logLines

	mu     sync.Mutex
	status []error
}

func newSending(outbox *memoryOutbox, relay Relay) *sending {
	s := &sending{outbox: outbox, evidence: &memoryEvidence{kept: map[string][]byte{}}, turns: &renderings{}, logs: &logLines{}}
	s.Sender = &Sender{Outbox: outbox, Evidence: s.evidence, Render: s.turns.render, Relay: relay, Connections: 2,
		Log: slog.New(slog.NewTextHandler(s.logs, nil)),
		Status: func(err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.status = append(s.status, err)
		}}
	return s
}

// quick shortens the waits for tests with real connections.
func (s *sending) quick() *sending {
	s.pace = ordinary
	s.pace.poll, s.pace.first, s.pace.most, s.pace.store = 20*time.Millisecond, 2*time.Millisecond, 20*time.Millisecond, 10*time.Millisecond
	return s
}

func (s *sending) lastStatus() (err error, told bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.status) == 0 {
		return nil, false
	}
	return s.status[len(s.status)-1], true
}

// start runs the sender; the function that it returns stops it and gives what Run returned.
func (s *sending) start(t testing.TB) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-result })
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return stop
}

var errAway = errors.New("away")
