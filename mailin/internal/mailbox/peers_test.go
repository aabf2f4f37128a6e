package mailbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/mailin/dovecottest"
	"aduan/mailin/imaptest"
)

const (
	testUser     = "aduan@csirt.example"
	testPassword = "rahasia"
	processed    = "Aduan/Processed"
	failed       = "Aduan/Failed"
)

// peer is a mail server that a test body runs against.
type peer struct {
	addr     string
	deliver  func(mail string)
	folder   func(name string) []string
	renumber func()
	drop     func(name string) // deletes a folder
}

// eachPeer runs a test body against the server in memory and against a real Dovecot.
func eachPeer(t *testing.T, body func(t *testing.T, p *peer)) {
	t.Run("memory", func(t *testing.T) {
		p, _ := memory(t, imaptest.Options{})
		body(t, p)
	})
	t.Run("dovecot", func(t *testing.T) {
		p, _ := dovecot(t, dovecottest.Config{})
		body(t, p)
	})
}

func memory(t *testing.T, opts imaptest.Options) (*peer, *imaptest.Server) {
	t.Helper()
	s, err := imaptest.Start("127.0.0.1:0", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.AddUser(testUser, testPassword)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	return &peer{
		addr:     s.Addr(),
		deliver:  func(mail string) { t.Helper(); must(s.Deliver(testUser, "INBOX", []byte(mail), time.Time{})) },
		renumber: func() { t.Helper(); must(s.Renumber(testUser, "INBOX")) },
		drop:     func(name string) { t.Helper(); must(s.DeleteFolder(testUser, name)) },
		folder: func(name string) []string {
			mails, err := s.Messages(testUser, name)
			if err != nil && !strings.Contains(err.Error(), "No such mailbox") {
				t.Error(err)
			}
			return texts(mails)
		},
	}, s
}

func dovecot(t *testing.T, cfg dovecottest.Config) (*peer, *dovecottest.Server) {
	t.Helper()
	cfg.Users = map[string]string{testUser: testPassword}
	s := dovecottest.Start(t, cfg)
	return &peer{
		addr:    s.Addr,
		deliver: func(mail string) { t.Helper(); s.Deliver(t, testUser, []byte(mail)) },
		folder:  func(name string) []string { return texts(s.Folder(t, testUser, name)) },
		renumber: func() {
			t.Helper()
			s.Stop()
			s.Renumber(t, testUser)
			if err := s.Restart(); err != nil {
				t.Fatal(err)
			}
		},
		drop: func(name string) { t.Helper(); s.DeleteFolder(t, testUser, name) },
	}, s
}

func texts(mails [][]byte) []string {
	var l []string
	for _, m := range mails {
		l = append(l, string(m))
	}
	return l
}

// numbered is a small mail that can be told from others.
func numbered(n int) string {
	return fmt.Sprintf("From: pelapor@dinas.example\r\nSubject: laporan %d\r\n\r\nIsi laporan %d.\r\n", n, n)
}

// ledger is an intake that remembers.
type ledger struct {
	mu       sync.Mutex
	validity []uint32 // of each Selected
	waiting  []int
	filed    []entry
	stagings int // calls of Stage
	known    int // UIDs that Known knew

	stage   func(e Envelope) error                        // before reading; may be nil
	file    func(ctx context.Context) error               // may be nil
	verdict func(mail string) Verdict                     // Done when nil
	consume func(e Envelope, r io.Reader) (string, error) // reads all when nil
}

type entry struct {
	Envelope
	mail    string
	verdict Verdict
}

func (l *ledger) Selected(_ context.Context, s Selection) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.validity = append(l.validity, s.UIDValidity)
	l.waiting = append(l.waiting, s.Waiting)
	return nil
}

func (l *ledger) Known(_ context.Context, s Selection, uids []uint32) (map[uint32]Verdict, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := map[uint32]Verdict{}
	for _, uid := range uids {
		for _, e := range l.filed {
			if e.UIDValidity == s.UIDValidity && e.UID == uid && e.verdict != Later {
				known[uid] = e.verdict
				l.known++
			}
		}
	}
	return known, nil
}

func (l *ledger) Begin(context.Context, Selection) (Batch, error) { return &leaf{ledger: l}, nil }

// mails are those on record, in the order of filing.
func (l *ledger) mails() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var m []string
	for _, e := range l.filed {
		m = append(m, e.mail)
	}
	return m
}

func (l *ledger) count() (stagings, known int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stagings, l.known
}

// leaf is a batch of a ledger.
type leaf struct {
	ledger *ledger
	staged []entry
}

func (b *leaf) Stage(_ context.Context, e Envelope, r io.Reader) error {
	b.ledger.mu.Lock()
	b.ledger.stagings++
	b.ledger.mu.Unlock()
	if b.ledger.stage != nil {
		if err := b.ledger.stage(e); err != nil {
			return err
		}
	}
	consume := b.ledger.consume
	if consume == nil {
		consume = func(_ Envelope, r io.Reader) (string, error) {
			mail, err := io.ReadAll(r)
			return string(mail), err
		}
	}
	mail, err := consume(e, r)
	if err != nil {
		return err
	}
	b.staged = append(b.staged, entry{Envelope: e, mail: mail})
	return nil
}

func (b *leaf) File(ctx context.Context) (map[uint32]Verdict, error) {
	if b.ledger.file != nil {
		if err := b.ledger.file(ctx); err != nil {
			return nil, err
		}
	}
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	verdicts := map[uint32]Verdict{}
	for _, e := range b.staged {
		e.verdict = Done
		if b.ledger.verdict != nil {
			e.verdict = b.ledger.verdict(e.mail)
		}
		verdicts[e.UID] = e.verdict
		b.ledger.filed = append(b.ledger.filed, e)
	}
	return verdicts, nil
}

func (b *leaf) Discard() { b.staged = nil }

// running is a mailbox at work in a test.
type running struct {
	t    *testing.T
	log  *logBuffer
	stop func() // ends it and waits

	mu       sync.Mutex
	statuses []Status
}

// start works the mailbox at addr until the test ends. change may be nil.
func start(t *testing.T, addr string, in Intake, change func(*Config)) *running {
	t.Helper()
	r := &running{t: t, log: &logBuffer{}}
	cfg := Config{
		Name: "report", Addr: addr, TLS: Plain, Username: testUser, Password: testPassword,
		Processed: processed, Failed: failed, Timeout: 10 * time.Second,
		RetryMin: 10 * time.Millisecond, RetryMax: 100 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(r.log, nil)),
		Status: func(s Status) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.statuses = append(r.statuses, s)
		},
	}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg, in) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(15 * time.Second):
			t.Error("Run did not end with its context")
		}
	})
	t.Cleanup(r.stop)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the mailbox:\n%s", r.log.String())
		}
	})
	return r
}

func (r *running) status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.statuses) == 0 {
		return Status{Trouble: "none told"}
	}
	return r.statuses[len(r.statuses)-1]
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// eventually waits for something that is to become true, and says what it was if it does not.
func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	end := time.Now().Add(50 * time.Second) // less than the safety poll, which would hide a missed sign
	for time.Now().Before(end) {
		if true() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never came: %s", what)
}

func wantMails(t *testing.T, where string, got []string, want ...string) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s: got %q, want %q", where, got, want)
	}
}

func insecureTLS(s *dovecottest.Server) *tls.Config {
	return &tls.Config{RootCAs: s.Roots}
}

var errDisk = errors.New("disk full")
