package mailin_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"aduan/mailin"
	"aduan/mailin/imaptest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestOldMailBecomesQuietTicketsAndOneSummary(t *testing.T) {
	d := ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), nil)
	server, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	server.AddUser(ticketstest.Address, "x")
	for n, age := range []time.Duration{400 * 24 * time.Hour, 25 * time.Hour, time.Hour} {
		raw := fmt.Sprintf("From: ani%d@dinkes.baliprov.example\r\nTo: %s\r\nSubject: laporan %d\r\nMessage-ID: <%d@dinkes.baliprov.example>\r\n\r\nIsi laporan.\r\n", n, ticketstest.Address, n, n)
		if err := server.Deliver(ticketstest.Address, "INBOX", []byte(raw), d.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	in := &mailin.Intake{Record: d.Store, Evidence: d.Evidence, Log: quiet, Clock: d.Now}
	addr, mode, err := mailin.ParseServer("imap://"+server.Addr(), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- in.Watch(ctx, mailin.Mailbox{Name: "report", Addr: addr, TLS: mode, Username: ticketstest.Address, Password: "x", Logger: quiet}, 24*time.Hour)
	}()
	deadline := time.Now().Add(30 * time.Second)
	for moved := 0; moved < 3; {
		filed, err := server.Messages(ticketstest.Address, "Aduan/Processed")
		if moved = len(filed); err != nil {
			moved = 0 // the folder is not made yet
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of 3 mails were filed away", moved)
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	told := map[tickets.Kind]int{}
	for _, n := range d.Deliver() {
		if told[n.Kind]++; n.Kind == tickets.KindBacklog && len(n.Items[0].Lines) != 2 {
			t.Errorf("the summary names %q, want the two old reports", n.Items[0].Lines)
		}
	}
	want := map[tickets.Kind]int{tickets.KindAcknowledged: 1, tickets.KindNewReport: 1, tickets.KindBacklog: 1}
	for _, kind := range []tickets.Kind{tickets.KindAcknowledged, tickets.KindNewReport, tickets.KindBacklog} {
		if told[kind] != want[kind] {
			t.Errorf("%d notices %s, want %d", told[kind], kind, want[kind])
		}
	}
	if f := d.Show("BALIPROV-CSIRT-2026-0001"); f.State != tickets.Open {
		t.Errorf("the old reports are tickets of their own year: %+v", f.Ticket)
	}
	d.WantClean()
}
