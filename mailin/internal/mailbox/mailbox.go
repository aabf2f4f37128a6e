// Package mailbox works one IMAP mailbox for ever: it fetches what waits there, hands
// each mail over as a stream, and files it away once its user says that it is on record.
//
// It promises:
//   - A mail leaves the folder only after Batch.File returned a verdict for it. Whatever
//     breaks before that, the mail is still there and is handed over again.
//   - A mail whose bytes did not all arrive is never taken for a whole one.
//   - After a crash between File and the move, Intake.Known is asked first, and the mail
//     is moved without being fetched again.
//   - No answer of the server is waited for longer than Config.Timeout; the connection
//     is then given up and made anew, for ever, at growing and jittered intervals.
//   - One mail that cannot be fetched or staged does not keep the others waiting.
//   - Memory does not depend on the size of a mail.
//
// It does not promise that a mail is handed over only once: that is for the user's ledger
// of (mailbox, UIDVALIDITY, UID), which is also why two processes may work one mailbox.
// Flags other than \Deleted, dates and sequence numbers decide nothing here.
//
// A mailbox whose server knows neither MOVE (RFC 6851) nor UIDPLUS (RFC 4315) keeps its
// mails: they are copied and marked \Deleted, but a plain EXPUNGE would also remove what
// a person marked, so it is not given. Such mails are not looked at again.
package mailbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// TLSMode is how the connection is protected.
type TLSMode int

const (
	Implicit TLSMode = iota // TLS from the first byte, usually on port 993
	StartTLS                // STARTTLS before the log-in, or no connection at all
	Plain                   // no TLS
)

// Config describes a mailbox. Zero durations and counts take the defaults.
type Config struct {
	Name      string      // by which the user knows the mailbox
	Addr      string      // host and port
	TLS       TLSMode     // how the connection is protected
	TLSConfig *tls.Config // nil verifies the host name against the system's roots

	Username string
	Password string
	// Token, where set, gives the OAuth2 access token to log in with in place of Password. It is
	// asked for each connection; refused is the one that the server did not take the last time, or "".
	Token func(ctx context.Context, refused string) (string, error)

	Folder    string // worked on; INBOX when empty. "/" parts the levels of all folder names
	Processed string // where mails go that are on record; Aduan/Processed when empty, made when missing
	Failed    string // where mails go that cannot be taken in; Aduan/Failed when empty, made when missing

	Poll    time.Duration // looks into the folder at least so often, IDLE or not; 60 s at most and by default
	Timeout time.Duration // the longest wait for the server to go on; 30 s
	Grace   time.Duration // for the batch in hand once the context ended; 8 s
	// IntakeTimeout is the deadline of the contexts that the intake's calls get, Stage
	// excepted; 1 min. A database that does not answer is trouble then, not silence.
	IntakeTimeout time.Duration
	Batch         int           // mails that share one File and one move; 100
	RetryMin      time.Duration // the first wait after trouble; 500 ms
	RetryMax      time.Duration // the longest; 30 s

	// Urgent tells by some fields of the headers of mails (RFC 5322, unchanged) which
	// go before others when more wait than one batch: one urgency for each header. A header
	// that it says nothing of is Usual. Nil keeps the order of arrival.
	Urgent func(ctx context.Context, headers [][]byte) []Urgency

	Trouble *Trouble     // outlives Run: who begins again in a time of trouble tells its end; may be nil
	Logger  *slog.Logger // one line when trouble begins and one when it ends; slog.Default() when nil
	Status  func(Status) // called when the state changes, from the goroutine of Run; may be nil
	Read    func()       // called whenever the folder was read to its end, from the goroutine of Run; may be nil
}

// Urgency says how a mail of a backlog is put in order.
type Urgency int

const (
	Usual   Urgency = iota // in the order of arrival
	Claimed                // before others, in a small part of each batch: anybody can claim it
	Proven                 // before others
)

// toOthers is how long a mail that another process filed is left for that process to move.
const toOthers = 5 * time.Second

// pollWithoutIdle is how often a mailbox is looked at whose server cannot tell of new mail.
const pollWithoutIdle = 10 * time.Second

func (c Config) withDefaults() Config {
	duration := func(d *time.Duration, preset, highest time.Duration) {
		if *d <= 0 {
			*d = preset
		}
		*d = min(*d, highest)
	}
	duration(&c.Poll, time.Minute, time.Minute)
	duration(&c.Timeout, 30*time.Second, 10*time.Minute)
	duration(&c.Grace, 8*time.Second, time.Minute)
	duration(&c.IntakeTimeout, time.Minute, time.Hour)
	duration(&c.RetryMin, 500*time.Millisecond, time.Minute)
	duration(&c.RetryMax, 30*time.Second, time.Hour)
	if c.Trouble == nil {
		c.Trouble = &Trouble{}
	}
	if c.Batch <= 0 {
		c.Batch = 100
	}
	name := func(s *string, preset string) {
		if *s == "" {
			*s = preset
		}
	}
	name(&c.Folder, "INBOX")
	name(&c.Processed, "Aduan/Processed")
	name(&c.Failed, "Aduan/Failed")
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Status == nil {
		c.Status = func(Status) {}
	}
	if c.Read == nil {
		c.Read = func() {}
	}
	return c
}

// Status is the state of a mailbox.
type Status struct {
	Mailbox string
	Trouble string    // what keeps it from working; empty when all is well
	Since   time.Time // when it became so
}

// Envelope tells which mail it is, as the server knows it.
type Envelope struct {
	Mailbox     string // Config.Name
	UIDValidity uint32
	UID         uint32
	ArrivedAt   time.Time // INTERNALDATE; zero where the server gives none
	Size        int64     // bytes that the reader yields
}

// Verdict says what becomes of a mail.
type Verdict int

const (
	Later Verdict = iota // stays where it is and is handed over again at the next poll
	Done                 // goes to Config.Processed
	Bad                  // goes to Config.Failed
	// Elsewhere: another process put it on record meanwhile and is about to move it. It is left to that for a moment, and
	// goes to Config.Processed if it is still there then: two that move a mail at once leave two copies on some servers.
	Elsewhere
)

// Selection is a folder as it was opened.
type Selection struct {
	Mailbox     string // Config.Name
	UIDValidity uint32
	Waiting     int // mails in it that are not marked as deleted
}

// Intake is what a mailbox needs of its user. It is called by one goroutine at a time,
// except that a Batch may be in File while the next one is begun and staged.
type Intake interface {
	// Selected tells that the folder was opened for the first time in this run, or that
	// its UIDVALIDITY changed: all UIDs known before mean nothing now.
	Selected(ctx context.Context, s Selection) error
	// Known returns a verdict for those of the UIDs that were filed before, or that are
	// to be given up. They are moved without being fetched; all others are fetched.
	Known(ctx context.Context, s Selection, uids []uint32) (map[uint32]Verdict, error)
	// Begin starts a batch. Its context ends when Begin returns.
	Begin(ctx context.Context, s Selection) (Batch, error)
}

// Batch is some mails that become durable together. Either File or Discard is its last call.
type Batch interface {
	// Stage takes in the bytes of one mail. It does not have to read to the end. An error, its own or the reader's, means
	// that this mail is no part of the batch: the mail stays where it is and is handed
	// over again after a while. The others go on.
	Stage(ctx context.Context, e Envelope, r io.Reader) error
	// File makes what was staged durable and returns a verdict for each UID of it. One
	// without a verdict is for Later. An error means that nothing can be said of any.
	File(ctx context.Context) (map[uint32]Verdict, error)
	// Discard gives up what was staged.
	Discard()
}

// Error is a fault of a mailbox: in which step, and why.
type Error struct {
	Op      string // what was being done, such as "log in" or "move"
	Mailbox string // Config.Name
	UID     uint32 // the mail, where the fault is about one
	Err     error
	lost    bool // the connection is of no use any more
	quiet   bool // it ended while nothing was asked of it
}

func (e *Error) Error() string {
	if e.UID != 0 {
		return fmt.Sprintf("%s mail %d (mailbox %s): %v", e.Op, e.UID, e.Mailbox, e.Err)
	}
	return fmt.Sprintf("%s (mailbox %s): %v", e.Op, e.Mailbox, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Run works the mailbox until ctx ends and returns nil then. Nothing else ends it: what is
// wrong is told by Config.Status and the log, and tried again. When ctx ends, the batch in
// hand is finished if Config.Grace allows it.
func Run(ctx context.Context, cfg Config, in Intake) error {
	cfg = cfg.withDefaults()
	w := &worker{cfg: cfg, in: in, resting: map[uint32]*rest{}, health: health{cfg: cfg, trouble: "not connected yet"}}
	retry := backoff{min: cfg.RetryMin, max: cfg.RetryMax}
	for ctx.Err() == nil {
		begun := time.Now()
		err := w.connection(ctx)
		if ctx.Err() != nil {
			break
		}
		// A server that throws us out at once after each log-in is not asked ever faster.
		if w.worked && time.Since(begun) > 10*cfg.RetryMin {
			retry.reset()
		}
		w.health.bad(err)
		pause(ctx, retry.next())
	}
	return nil
}
