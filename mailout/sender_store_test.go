package mailout

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"aduan/mailout/smtptest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// reports files n reports of n persons with the clock of the machine; each causes an acknowledgement and word to Front Desk.
func reports(d *ticketstest.Desk, n int) {
	for i := range n {
		d.File(d.Mail(fmt.Sprintf("person%d@baliprov.example", i), "situs diretas", "Halaman depan berubah.",
			func(a *tickets.Arrival) { a.At = time.Now() }))
	}
}

func onTheStore(d *ticketstest.Desk, relay Relay) *Sender {
	turns := &renderings{}
	return &Sender{Outbox: d.Store, Evidence: d.Evidence, Render: turns.render, Relay: relay, Connections: 2}
}

// nothingQueued says whether all notices are settled.
func nothingQueued(t testing.TB, d *ticketstest.Desk) bool {
	t.Helper()
	due, err := d.NextDue(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return due.IsZero() || due.UnixMicro() == 0
}

func runUntilSettled(t testing.TB, s *Sender, d *ticketstest.Desk) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	waitUntil(t, "the outbox is empty", func() bool {
		time.Sleep(10 * time.Millisecond) // looking takes its share of the database
		return nothingQueued(t, d)
	})
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestNoticesOfTheStoreAreSentAndOnRecord(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.Clock = nil }, func(t *testing.T, d *ticketstest.Desk) {
		server := smtpServer(t, smtptest.Options{})
		server.Order("person0@baliprov.example", smtptest.Answer{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "no such user"})
		reports(d, 5)
		runUntilSettled(t, onTheStore(d, relayTo(server)), d)
		// Five reports: four acknowledgements, five words to Front Desk, and one that an acknowledgement was refused.
		if n := len(server.Mails()); n != 10 {
			t.Errorf("%d mails", n)
		}
		left, err := d.Outbox(t.Context())
		if err != nil || len(left) != 1 || left[0].LastError != "550 5.1.1 no such user" {
			t.Errorf("left in the outbox: %+v, %v", left, err)
		}
		d.WantClean()
	})
}

// BenchmarkSendingFromTheStore is the whole way with SQLite, evidence on disk and a relay that answers at once.
func BenchmarkSendingFromTheStore(b *testing.B) {
	for _, row := range []string{"trivial", "templates"} {
		b.Run(row, func(b *testing.B) {
			server := smtpServer(b, smtptest.Options{})
			sent, took := 0, time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				d := ticketstest.Open(b, "sqlite:"+filepath.Join(b.TempDir(), "aduan.db"), func(s *tickets.Settings) { s.Clock = nil })
				reports(d, 250)
				s := onTheStore(d, relayTo(server))
				if row == "templates" {
					r, err := NewRenderer(Settings{TeamName: "Baliprov-CSIRT", Address: ticketstest.Address, Prefix: "BALIPROV-CSIRT"}, func(context.Context, string, string) (io.ReadCloser, error) {
						return nil, tickets.ErrNotFound
					})
					if err != nil {
						b.Fatal(err)
					}
					s.Render = r.Render
				}
				b.StartTimer()
				began := time.Now()
				runUntilSettled(b, s, d)
				took += time.Since(began)
				sent += 500
			}
			b.ReportMetric(float64(sent)/took.Seconds(), "notices/s")
		})
	}
}
