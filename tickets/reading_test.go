package tickets_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const watcher = "kepala@csirt.example" // a supervisor who is not Front Desk

func noteReading(t *testing.T, d *ticketstest.Desk, r tickets.Reading, since time.Time) {
	t.Helper()
	if err := d.NoteReadings(t.Context(), []tickets.Reading{r}, since, d.Now()); err != nil {
		t.Fatal(err)
	}
}

func TestMailboxThatStandsUnreadIsToldOnceAndOnceWhenItIsReadAgain(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		since := d.Now()
		noteReading(t, d, tickets.Reading{Mailbox: "report", At: d.Now()}, since)
		d.Pass(14 * time.Minute)
		noteReading(t, d, tickets.Reading{Mailbox: "report", Trouble: "log in: no"}, since)
		if sent := d.Deliver(); len(sent) != 0 {
			t.Fatalf("told too early: %s", kinds(sent))
		}
		d.Pass(2 * time.Minute)
		var g sync.WaitGroup
		for range 4 { // gateways
			g.Go(func() { noteReading(t, d, tickets.Reading{Mailbox: "report", Trouble: "log in: no"}, since) })
		}
		g.Wait()
		wantWarned(t, d, "Kotak surat report tidak dapat dibaca sejak", "log in: no")
		d.Pass(24 * time.Hour)
		noteReading(t, d, tickets.Reading{Mailbox: "report", Trouble: "log in: no"}, since)
		if sent := d.Deliver(); len(sent) != 0 {
			t.Errorf("told twice: %s", kinds(sent))
		}
		for range 2 {
			noteReading(t, d, tickets.Reading{Mailbox: "report", At: d.Now()}, since)
		}
		wantWarned(t, d, "Kotak surat report terbaca lagi sejak")
		if read, err := d.Readings(t.Context()); err != nil || !read["report"].Equal(d.Now()) {
			t.Errorf("readings %v, %v", read, err)
		}
	})
}

// wantWarned: Front Desk and the supervisor have each one letter that says all of it.
func wantWarned(t *testing.T, d *ticketstest.Desk, words ...string) {
	t.Helper()
	to := map[string]int{}
	for _, n := range d.Deliver() {
		to[n.To.Address]++
		text := n.Items[0].Text + strings.Join(n.Items[0].Lines, "\n")
		for _, w := range words {
			if n.Kind != tickets.KindWarning || !strings.Contains(text, w) {
				t.Errorf("%s is told %s %q, want %q", n.To.Address, n.Kind, text, w)
			}
		}
	}
	if len(to) != 2 || to[fd] != 1 || to[watcher] != 1 {
		t.Errorf("told: %v, want %s and %s once each", to, fd, watcher)
	}
}

func TestGatewayThatJustStartedGivesItsMailboxesTimeBeforeItComplains(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		noteReading(t, d, tickets.Reading{Mailbox: "report", At: d.Now()}, d.Now())
		d.Pass(72 * time.Hour) // nobody was at work over the weekend
		since := d.Now()
		noteReading(t, d, tickets.Reading{Mailbox: "report"}, since)
		noteReading(t, d, tickets.Reading{Mailbox: "second"}, since)
		if sent := d.Deliver(); len(sent) != 0 {
			t.Errorf("told at once: %s", kinds(sent))
		}
		d.Pass(16 * time.Minute)
		noteReading(t, d, tickets.Reading{Mailbox: "second"}, since)
		if sent := d.Deliver(); len(sent) != 2 || !strings.Contains(sent[0].Items[0].Text, "second belum pernah dapat dibaca") {
			t.Errorf("of a mailbox that was never read: %s", kinds(sent))
		}
	})
}
