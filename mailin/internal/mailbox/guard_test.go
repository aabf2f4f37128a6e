package mailbox

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

func guarded(t *testing.T, timeout time.Duration) (*guard, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	return newGuard(near, timeout), far
}

func TestSilenceIsAllowedWhileNothingIsAsked(t *testing.T) {
	g, far := guarded(t, 20*time.Millisecond)
	time.AfterFunc(100*time.Millisecond, func() { far.Write([]byte("x")) })
	if n, err := g.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestSilenceEndsTheConnectionWhileAnAnswerIsDue(t *testing.T) {
	g, _ := guarded(t, 20*time.Millisecond)
	// The read is under way when the command is given, as in the library.
	time.AfterFunc(20*time.Millisecond, g.arm)
	_, err := g.Read(make([]byte, 9))
	if !errors.Is(err, errUnresponsive) {
		t.Errorf("got %v, want %v", err, errUnresponsive)
	}
	if _, again := g.Read(make([]byte, 9)); again != err {
		t.Errorf("the second read: got %v, want the same fault", again)
	}
	if _, again := g.Write([]byte("x")); again != err {
		t.Errorf("a write: got %v, want the same fault", again)
	}
}

func TestAnEndIsCleanOnlyWhileNothingIsAsked(t *testing.T) {
	for _, row := range []struct {
		about string
		armed bool
		want  error
	}{{"idle", false, io.EOF}, {"inside a command", true, io.ErrUnexpectedEOF}} {
		g, far := guarded(t, time.Second)
		if row.armed {
			g.arm()
		}
		far.Close()
		if _, err := g.Read(make([]byte, 9)); !errors.Is(err, row.want) || row.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", row.about, err, row.want)
		}
	}
}

func TestAWriteThatNobodyTakesEnds(t *testing.T) {
	g, _ := guarded(t, 20*time.Millisecond)
	if _, err := g.Write([]byte("x")); !errors.Is(err, errUnresponsive) {
		t.Errorf("got %v, want %v", err, errUnresponsive)
	}
}

func TestTheLibrarysDeadlinesAreIgnored(t *testing.T) {
	g, far := guarded(t, time.Second)
	if err := errors.Join(g.SetDeadline(time.Unix(1, 0)), g.SetReadDeadline(time.Unix(1, 0)), g.SetWriteDeadline(time.Unix(1, 0))); err != nil {
		t.Fatal(err)
	}
	go far.Write([]byte("x"))
	if n, err := g.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestWaitsGrowToTheirLimitAndStartAgain(t *testing.T) {
	b := backoff{min: 100 * time.Millisecond, max: time.Second}
	for n, want := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		want *= time.Millisecond
		if got := b.next(); got < want/2 || got > want {
			t.Errorf("wait %d: got %v, want between %v and %v", n, got, want/2, want)
		}
	}
	b.reset()
	if got := b.next(); got > 100*time.Millisecond {
		t.Errorf("after a reset: got %v", got)
	}
}
