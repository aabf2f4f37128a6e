package mailin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aduan/mailin/imaptest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// orders are leases that a test gives and takes.
type orders struct {
	mu      sync.Mutex
	st      tickets.Standing
	err     error
	working map[string]bool // as the last beat said
	left    bool
}

func (o *orders) Beat(_ context.Context, working map[string]bool) (tickets.Standing, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.working = working
	return o.st, o.err
}

func (o *orders) Leave(context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = true
}

func (o *orders) order(st tickets.Standing, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.st, o.err = st, err
}

func (o *orders) works(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.working[name]
}

// counted is a way to a server that counts the connections which are open.
func counted(t *testing.T, target string) (addr string, open *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	open = &atomic.Int64{}
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			open.Add(1)
			go io.Copy(client, server)
			go func() {
				io.Copy(server, client)
				client.Close()
				server.Close()
				open.Add(-1)
			}()
		}
	}()
	return ln.Addr().String(), open
}

func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("never came: %s", what)
}

// A mailbox is worked while its lease is held: a lease that passed on, was asked for or could not be renewed ends the work and
// its connection.
func TestAMailboxIsWorkedWhileItsLeaseIsHeld(t *testing.T) {
	t.Parallel()
	server, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	server.AddUser("aduan@csirt.example", "rahasia")
	addr, open := counted(t, server.Addr())
	d := ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), nil)
	o := &orders{}
	log := slog.New(slog.DiscardHandler)
	s := &Sharing{Intake: &Intake{Record: d.Store, Evidence: d.Evidence, Log: log}, Leases: o, Log: log,
		Mailboxes: []Watched{{Mailbox: Mailbox{Name: "report", Addr: addr, TLS: plainTLS(t), Username: "aduan@csirt.example", Password: "rahasia", Logger: log}}}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	mine := map[string]bool{"report": true}
	for _, row := range []struct {
		about string
		st    tickets.Standing
		err   error
		works bool
	}{
		{"not ours", tickets.Standing{Elsewhere: map[string]string{"report": "other"}}, nil, false},
		{"ours", tickets.Standing{Mine: mine}, nil, true},
		{"passed on", tickets.Standing{Elsewhere: map[string]string{"report": "other"}}, nil, false},
		{"ours again", tickets.Standing{Mine: mine, Until: time.Now().Add(time.Hour)}, nil, true},
		{"not renewed once", tickets.Standing{}, errors.New("away"), true},
		{"asked for", tickets.Standing{Mine: mine, Give: "report"}, nil, false},
		{"ours for a moment", tickets.Standing{Mine: mine, Until: time.Now().Add(time.Hour)}, nil, true},
		{"over", tickets.Standing{Mine: mine, Until: time.Now()}, nil, false},
		{"ours at the end", tickets.Standing{Mine: mine}, nil, true},
	} {
		o.order(row.st, row.err)
		want := map[bool]int64{true: 1}[row.works]
		until(t, row.about, func() bool { return open.Load() == want && o.works("report") == row.works })
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	until(t, "leases given back and the connection closed", func() bool { return o.left && open.Load() == 0 })
}

// plainTLS is no protection at all, as on loopback.
func plainTLS(t *testing.T) TLSMode {
	t.Helper()
	_, mode, err := ParseServer("imap://127.0.0.1", false)
	if err != nil {
		t.Fatal(err)
	}
	return mode
}
