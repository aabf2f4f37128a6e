package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// believer is a gateway that holds every lease, as it believes: one whose clock stood still, whose machine was frozen, whose
// network was cut from the others.
type believer struct {
	mailboxes []string
	place     int
}

// Beat implements mailin.Leases.
func (b believer) Beat(context.Context, map[string]bool) (tickets.Standing, error) {
	st := tickets.Standing{Mine: map[string]bool{}, Gateways: 2, Place: b.place}
	for _, m := range b.mailboxes {
		st.Mine[m] = true
	}
	return st, nil
}

// Leave implements mailin.Leases.
func (believer) Leave(context.Context) {}

// believe runs a gateway that never doubts its leases, until the test ends.
func (f *fleet) believe(place int) *journal {
	f.Helper()
	s, err := loadSettings(f.in.config)
	if err != nil {
		f.Fatal(err)
	}
	log := &journal{}
	ctx, stop := context.WithCancel(context.Background())
	p, err := openParts(ctx, s, slog.New(slog.NewTextHandler(log, nil)), true)
	if err != nil {
		f.Fatal(err)
	}
	p.leases = believer{f.mailboxes, place}
	ended := make(chan error, 1)
	go func() { ended <- p.serve(ctx) }()
	f.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			f.Error(err)
		}
		p.close()
		if f.Failed() {
			f.Logf("log of gateway %d:\n%s", place, log.String())
		}
	})
	return log
}

func TestTwoGatewaysThatBothBelieveTheyHaveAMailboxDoubleNothing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		about  string
		server func(*testing.T, map[string]string) mailServer
		mails  int
	}{{"dovecot", dovecotWith, 200}, {"memory", memoryWith, 200}} {
		t.Run(row.about, func(t *testing.T) {
			t.Parallel()
			f := newFleetAt(t, 1, ticketstest.PostgreSQL(t), row.server)
			for place := range 2 {
				log := f.believe(place)
				eventually(t, "an open mailbox", patience, func() bool { return strings.Contains(log.String(), "mailbox is open") })
			}
			f.floodOf(row.mails)
			eventually(t, "everything sent", time.Minute, func() bool { return f.number(`SELECT COUNT(*) FROM notice WHERE state = 'sent'`) == row.mails })
			eventually(t, "an empty inbox", patience, func() bool { return len(f.server.folder(f.mailboxes[0], "INBOX")) == 0 })
			again := f.checkFlood(row.mails)
			if again > 0 {
				t.Errorf("%d acknowledgements went out twice with nobody killed", again)
			}
		})
	}
}
