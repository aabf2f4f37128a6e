// Package relay hands finished mails to one SMTP relay over connections that stay open (RFC 5321).
//
// What it promises:
//   - Send returns nil only after the relay has accepted responsibility for the whole mail. Every other end is an error and
//     counts as not sent, also a connection cut after the last byte, where nobody can know.
//   - The mail's bytes go out unchanged but for dot-stuffing. A mail whose source cannot be read to its end is never sent.
//   - What the relay refuses is a *Refusal in its own words; 5xx to this mail is permanent, everything else is temporary.
//     Where no session can be opened the error is *Unreachable: never the mail's fault.
//   - With StartTLS or Implicit nothing is ever said in the clear but the greeting: there is no falling back.
//   - Every wait ends: by the server's answer, the timeout, or the context. A connection that went stale between two mails
//     is replaced without anybody noticing.
package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/idna"

	"aduan/tickets/waypoint"
)

// TLSMode says how a connection is encrypted.
type TLSMode int

// The ways of section 5 of the contract.
const (
	Plain    TLSMode = iota // smtp:// without starttls
	StartTLS                // smtp:// with starttls = true; never falls back
	Implicit                // smtps://
)

// Config says which relay, and how to speak to it.
type Config struct {
	Addr      string // host:port
	TLS       TLSMode
	TLSConfig *tls.Config // nil for the system's roots and Addr's host

	Username string // "" for no log-in
	Password string
	// Token gives an OAuth2 access token; it is asked anew for each connection. refused is one that the relay did not take, or
	// "". Where it is set, Password is not used.
	Token func(ctx context.Context, refused string) (string, error)

	Hello       string        // our own name (FQDN); "" for the address literal of the connection
	Timeout     time.Duration // of connecting, of each answer, and of each write; 0 is a minute
	Connections int           // how many at once at most; 0 is 1
}

const (
	// finalPatience is how many timeouts the server has for its answer to the whole mail. RFC 5321 section 4.5.3.2.6 asks for
	// 10 minutes, because giving up earlier makes doubles.
	finalPatience = 10
	// checkAfter is the idle time after which a session is asked whether it still stands before a mail is trusted to it.
	checkAfter = 5 * time.Second
	// closeAfter is the idle time after which a session is closed. Servers wait 5 minutes (RFC 5321 section 4.5.3.2.7), but
	// state in firewalls on the way may end sooner.
	closeAfter = time.Minute
)

// codeClosing is the server's good-bye (RFC 5321 section 3.8): the connection is of no more use.
const codeClosing = 421

// errClosed is given after Close.
var errClosed = errors.New("the relay was closed")

// Relay keeps the connections. It is safe for use by many goroutines; more than Connections wait for each other.
type Relay struct {
	cfg    Config
	slots  chan struct{} // one for each connection in use
	idle   chan *session
	live   atomic.Int32 // open sessions, idle or in use
	closed chan struct{}

	mu      sync.Mutex // guards what follows, and that nothing is put aside after Close
	sweep   *time.Timer
	ended   bool
	leaving sync.WaitGroup
}

// New returns a relay; it connects when there is something to send.
func New(cfg Config) *Relay {
	if cfg.Timeout <= 0 {
		cfg.Timeout = time.Minute
	}
	cfg.Connections = max(cfg.Connections, 1)
	return &Relay{cfg: cfg, slots: make(chan struct{}, cfg.Connections), idle: make(chan *session, cfg.Connections),
		closed: make(chan struct{})}
}

// Send hands one mail to the relay; sender "" is the null reverse-path. It returns the server's words of acceptance, which
// often name the mail's id in the relay's queue. Errors are *Refusal, *Unreachable, *SourceError, the context's cause, or a
// fault of the network; all but a permanent Refusal are temporary.
func (r *Relay) Send(ctx context.Context, sender, recipient string, mail io.Reader) (words string, err error) {
	from, err := path(sender)
	if err != nil {
		return "", &Refusal{Code: 553, Status: "5.1.7", Text: "sender: " + err.Error(), Permanent: true}
	}
	to, err := path(recipient)
	if err == nil && to == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", &Refusal{Code: 553, Status: "5.1.3", Text: "recipient: " + err.Error(), Permanent: true}
	}
	if err := r.enter(ctx); err != nil {
		return "", err
	}
	defer r.leave()
	s, err := r.session(ctx)
	for err == nil {
		var again bool
		if words, again, err = r.transact(ctx, s, from, to, mail); !again {
			return words, err
		}
		// What was wrong lay with the old connection, and nothing of the mail was sent: a fresh one decides.
		s, err = r.fresh(ctx)
	}
	return "", err
}

// Check opens a session, or asks an idle one, and keeps it. Its error is *Unreachable or the context's cause.
func (r *Relay) Check(ctx context.Context) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.leave()
	s, err := r.session(ctx)
	if err != nil {
		return err
	}
	if s.used && !r.standing(ctx, s) {
		if s, err = r.fresh(ctx); err != nil {
			return err
		}
	}
	r.keep(s)
	return nil
}

// Close takes leave of the relay. Sends in progress finish, but their connections are not kept.
func (r *Relay) Close() error {
	r.mu.Lock()
	if !r.ended {
		r.ended = true
		close(r.closed)
	}
	if r.sweep != nil {
		r.sweep.Stop()
	}
	r.mu.Unlock()
	for {
		select {
		case s := <-r.idle:
			r.leaving.Go(func() { r.drop(s, true) })
		default:
			r.leaving.Wait()
			return nil
		}
	}
}

// enter takes one of the connections' places.
func (r *Relay) enter(ctx context.Context) error {
	select {
	case <-r.closed:
		return errClosed
	default:
	}
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.closed:
		return errClosed
	}
}

func (r *Relay) leave() { <-r.slots }

// session gives an idle session that stands, else a fresh one.
func (r *Relay) session(ctx context.Context) (*session, error) {
	for {
		select {
		case s := <-r.idle:
			if time.Since(s.since) < checkAfter || r.standing(ctx, s) {
				return s, nil
			}
			continue
		default:
		}
		return r.fresh(ctx)
	}
}

// standing asks an idle session, and drops it where it does not answer.
func (r *Relay) standing(ctx context.Context, s *session) bool {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	ok := s.alive()
	if !stop() || !ok {
		r.drop(s, false)
		return false
	}
	return true
}

// fresh opens a session. A relay may allow fewer connections than the settings: then the next one that is put aside serves.
func (r *Relay) fresh(ctx context.Context) (*session, error) {
	s, err := open(ctx, &r.cfg, "")
	var old *tokenRefused
	if errors.As(err, &old) { // once more with a token that was made anew, where one can be had
		if again, err2 := open(ctx, &r.cfg, old.token); !errors.Is(err2, errSameToken) {
			s, err = again, err2
		}
	}
	if err == nil {
		waypoint.Pass(ctx, waypoint.RelayOpened)
		r.live.Add(1)
		return s, nil
	}
	if r.live.Load() == 0 || ctx.Err() != nil {
		return nil, err
	}
	wait := time.NewTimer(time.Second)
	defer wait.Stop()
	select {
	case s := <-r.idle:
		return s, nil
	case <-wait.C:
	case <-ctx.Done():
	}
	return nil, err
}

// transact sends one mail over s and keeps or drops s after it. again is true where another session should be asked: s was
// in use before, nothing of the mail was sent, and what went wrong may be the connection's own.
func (r *Relay) transact(ctx context.Context, s *session, from, to string, mail io.Reader) (words string, again bool, err error) {
	stop := context.AfterFunc(ctx, func() { s.conn.Close() })
	reused := s.used
	w, err := s.envelope(ctx, from, to)
	if err == nil {
		reused = false
		words, err = s.content(ctx, w, mail)
	}
	standing, step := stop(), s.step // once kept, the session is somebody else's
	no := refusal(err)
	if standing && (err == nil || (no != nil && no.Code != codeClosing)) {
		r.keep(s)
	} else {
		r.drop(s, false)
	}
	var source *SourceError
	switch {
	case err == nil:
		return words, false, nil
	case ctx.Err() != nil:
		return "", false, context.Cause(ctx)
	case no != nil:
		stale := no.Code == codeClosing || (step == stepSender && !no.Permanent)
		return "", reused && stale, no
	case errors.As(err, &source):
		return "", false, err
	}
	// Silence at MAIL may be a connection that nobody is at the other end of any more; silence later is a slow recipient.
	var silence net.Error
	slow := step != stepSender && errors.As(err, &silence) && silence.Timeout()
	return "", reused && !slow, fmt.Errorf("relay %s: %s: %w", r.cfg.Addr, step, plain(err))
}

// keep puts a session aside for the next mail.
func (r *Relay) keep(s *session) {
	s.since, s.used = time.Now(), true
	if !r.store(s) {
		r.drop(s, true)
	}
}

func (r *Relay) store(s *session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	select {
	case r.idle <- s:
	default: // more sessions than places cannot be, but must not block either
		return false
	}
	if r.sweep == nil {
		r.sweep = time.AfterFunc(closeAfter, r.closeIdle)
	}
	return true
}

// closeIdle ends sessions that nobody needed for a while. No timer runs while there is none.
func (r *Relay) closeIdle() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep = nil
	if r.ended {
		return
	}
	for range len(r.idle) {
		select {
		case s := <-r.idle:
			if time.Since(s.since) < closeAfter {
				r.idle <- s
				continue
			}
			r.leaving.Go(func() { r.drop(s, true) })
		default:
		}
	}
	if len(r.idle) > 0 {
		r.sweep = time.AfterFunc(closeAfter/2, r.closeIdle)
	}
}

// drop ends a session; politely where it still stands.
func (r *Relay) drop(s *session, polite bool) {
	r.live.Add(-1)
	if polite {
		s.quit()
		return
	}
	s.conn.Close()
}

// path checks an address for the envelope and writes its domain in ASCII (RFC 5891). What could end the command or hide a
// second one is refused here: the server must never see it.
func path(address string) (string, error) {
	if address == "" {
		return "", nil
	}
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 {
		return "", errors.New("it has no local part or no domain")
	}
	local, domain := address[:at], address[at+1:]
	quoted := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"' && !strings.Contains(local[1:len(local)-1], `"`)
	for _, c := range local {
		if c < ' ' || c == 0x7f || c == '<' || c == '>' || (strings.ContainsRune(` ,;:@()"`, c) && !quoted) {
			return "", errors.New("its local part holds a character that no address has")
		}
	}
	if strings.ContainsAny(domain, "<>() \t\r\n\"\\,;@") {
		return "", errors.New("its domain holds a character that no domain has")
	}
	if !ascii(domain) {
		wide, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", errors.New("its domain cannot be written in ASCII")
		}
		domain = wide
	}
	return local + "@" + domain, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// plain says in words what the network reports by types: a clean end in the middle of a conversation is none, and a deadline
// is the server's silence.
func plain(err error) error {
	var (
		said    *Refusal
		timeout net.Error
	)
	switch {
	case errors.As(err, &said):
		return err
	case refusal(err) != nil:
		return refusal(err)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer in time: %w", err)
	}
	return err
}
