package mailbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// A server that sends less than this within stallFactor timeouts has stalled, even if
	// single bytes keep coming.
	stallBytes  = 64 << 10
	stallFactor = 4
)

var (
	errUnresponsive = errors.New("the server does not answer in time")
	errEnded        = fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
)

// guard is a connection that cannot hang. While something is asked of the server (armed),
// each wait has a deadline; while nothing is asked, it may be silent. Its first fault stays,
// and is kept here because the IMAP library flattens errors to text. The deadlines that the
// library sets are ignored: it lifts them between two responses.
type guard struct {
	net.Conn
	timeout time.Duration

	mu     sync.Mutex
	armed  bool
	since  time.Time     // when the present wait began; zero when nobody waits
	waited time.Duration // waiting since got was last counted from zero
	got    int           // bytes received meanwhile
	cause  error
}

func newGuard(conn net.Conn, timeout time.Duration) *guard {
	return &guard{Conn: conn, timeout: timeout}
}

// arm begins a time in which the server has to answer.
func (g *guard) arm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed, g.waited, g.got = true, 0, 0
	now := time.Now()
	if !g.since.IsZero() {
		g.since = now
	}
	g.limit(now)
}

// disarm ends it. The server may be silent now.
func (g *guard) disarm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed = false
	g.limit(time.Now())
}

// limit sets the deadline of the present or next read. A connection that is closed refuses
// it, which the read then finds out by itself.
func (g *guard) limit(now time.Time) {
	if !g.armed {
		_ = g.Conn.SetReadDeadline(time.Time{})
		return
	}
	left := min(g.timeout, stallFactor*g.timeout-g.waited)
	_ = g.Conn.SetReadDeadline(now.Add(max(left, 0)))
}

func (g *guard) Read(b []byte) (int, error) {
	if err := g.beginRead(); err != nil {
		return 0, err
	}
	n, err := g.Conn.Read(b)
	return n, g.endRead(n, err)
}

func (g *guard) beginRead() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cause != nil {
		return g.cause
	}
	g.since = time.Now()
	g.limit(g.since)
	return nil
}

func (g *guard) endRead(n int, err error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waited += time.Since(g.since)
	g.since = time.Time{}
	if g.got += n; g.got >= stallBytes {
		g.got, g.waited = 0, 0
	}
	return g.keep(err)
}

func (g *guard) Write(b []byte) (int, error) {
	g.mu.Lock()
	if g.cause != nil {
		defer g.mu.Unlock()
		return 0, g.cause
	}
	_ = g.Conn.SetWriteDeadline(time.Now().Add(g.timeout))
	g.mu.Unlock()
	n, err := g.Conn.Write(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	return n, g.keep(err)
}

// keep remembers the first fault and returns it for ever after. An end of the stream while
// an answer is due is not a clean one.
func (g *guard) keep(err error) error {
	if err == nil || g.cause != nil {
		return g.cause
	}
	switch {
	case err == io.EOF && g.armed:
		err = errEnded
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("%w: %w", errUnresponsive, err)
	}
	g.cause = err
	return err
}

// kill closes the connection; err becomes its fault if it has none.
func (g *guard) kill(err error) {
	g.mu.Lock()
	if g.cause == nil {
		g.cause = err
	}
	g.mu.Unlock()
	g.Conn.Close()
}

// fault is why the connection is of no use any more, or nil.
func (g *guard) fault() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cause
}

func (g *guard) SetDeadline(time.Time) error      { return nil }
func (g *guard) SetReadDeadline(time.Time) error  { return nil }
func (g *guard) SetWriteDeadline(time.Time) error { return nil }
