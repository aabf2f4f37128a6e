package mailin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"aduan/mailin"
	"aduan/mailin/dovecottest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// orderly is a record that notes in which order mails were filed.
type orderly struct {
	*tickets.Store
	mu    sync.Mutex
	filed []string // Message-IDs
	more  chan struct{}
}

// File implements mailin.Record.
func (o *orderly) File(ctx context.Context, now time.Time, arrivals ...tickets.Arrival) ([]tickets.Filed, error) {
	filed, err := o.Store.File(ctx, now, arrivals...)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range arrivals {
		o.filed = append(o.filed, a.MessageID)
	}
	close(o.more)
	o.more = make(chan struct{})
	return filed, err
}

// await waits until enough says so of what was filed.
func (o *orderly) await(t *testing.T, what string, enough func(filed []string) bool) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for {
		o.mu.Lock()
		filed, more := o.filed, o.more
		o.mu.Unlock()
		if enough(filed) {
			return
		}
		select {
		case <-more:
		case <-late:
			t.Fatalf("%s: %d mails were filed", what, len(filed))
		}
	}
}

// A command that comes while thousands of mails wait is carried out within a few batches, also when every second of them says
// that it is from the same person; and those, and the reports between them, go on.
func TestAProvenCommandGoesBeforeAFlood(t *testing.T) {
	const flood, soon = 2500, 4 * 200
	server := dovecottest.Start(t, dovecottest.Config{Users: map[string]string{ticketstest.Address: "x"}})
	d := ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), uncapped)
	d.File(d.Mail("ani@dinkes.baliprov.example", "Situs dinkes", "Situs dinkes diretas."))
	replyTo := ""
	for _, n := range d.Deliver() {
		if n.To.Address == "frontdesk@csirt.example" {
			replyTo = n.ReplyTo
		}
	}
	deliver := func(id, from, to, text string) {
		raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: laporan\r\nMessage-ID: <%s@baliprov.example>\r\n\r\n%s %s\r\n", from, to, id, text, id)
		server.Deliver(t, ticketstest.Address, []byte(raw))
	}
	for n := range flood {
		from := fmt.Sprintf("p%d@dinkes.baliprov.example", n)
		if n%2 == 0 {
			from = "frontdesk@csirt.example"
		}
		deliver(fmt.Sprint("banjir", n), from, ticketstest.Address, "Isi laporan")
	}
	o := &orderly{Store: d.Store, more: make(chan struct{})}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	in := &mailin.Intake{Record: o, Evidence: d.Evidence, Log: quiet, Clock: d.Now}
	addr, mode, err := mailin.ParseServer("imap://"+server.Addr, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- in.Watch(ctx, mailin.Mailbox{Name: "report", Addr: addr, TLS: mode, Username: ticketstest.Address, Password: "x", Logger: quiet}, 24*time.Hour)
	}()
	o.await(t, "the flood", func(filed []string) bool { return len(filed) >= 100 })
	deliver("perintah", "frontdesk@csirt.example", replyTo, "/verifikasi jenis=defacement tingkat=berbahaya\r\nSudah diperiksa")
	o.mu.Lock()
	before := len(o.filed)
	o.mu.Unlock()
	o.await(t, "the command", func(filed []string) bool { return slices.Contains(filed, "perintah@baliprov.example") })
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	at := slices.Index(o.filed, "perintah@baliprov.example")
	if at-before > soon {
		t.Errorf("%d mails were filed before the command, want at most %d", at-before, soon)
	}
	if f := d.Show("BALIPROV-CSIRT-2026-0001"); f.State != tickets.Verified {
		t.Errorf("the command was not carried out: the ticket is %s", f.State)
	}
	forged := 0
	for _, id := range o.filed {
		var n int
		if _, err := fmt.Sscanf(id, "banjir%d@", &n); err == nil && n%2 == 0 {
			forged++
		}
	}
	if share := float64(forged) / float64(len(o.filed)); share < 0.15 || share > 0.75 {
		t.Errorf("%.0f %% of what was filed was forged: one kind starved the other", 100*share)
	}
}
