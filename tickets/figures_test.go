package tickets_test

import (
	"context"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// The figures are kept beside the tickets, so they have to follow every change of state, also one that was rolled back.
func TestFiguresAreWhatCountingFinds(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		ctx := context.Background()
		for i := range 4 {
			d.File(d.Mail("admin@dinas.baliprov.example", "Situs diretas", "Tolong", func(a *tickets.Arrival) { a.ThreadIndex = string(rune('a' + i)) }))
		}
		d.Deliver()
		good, bad := d.Mail("x@dinas.baliprov.example", "Satu", "Tolong"), d.Mail("y@dinas.baliprov.example", "Dua", "Tolong")
		bad.Attachments = []tickets.Attachment{{Size: 1, SHA256: "x"}, {Size: 1, SHA256: "x"}}
		if _, err := d.Tamper(`CREATE UNIQUE INDEX one_each ON attachment (sha256)`); err != nil {
			t.Fatal(err)
		}
		if filed, err := d.Store.File(ctx, d.Now(), good, bad); err != nil || filed[0].Err != nil || filed[1].Err == nil {
			t.Fatalf("filed %v, %v; the second was to fail alone", filed, err)
		}
		d.File(d.Mail("frontdesk@csirt.example", "Re: [BALIPROV-CSIRT-2026-0002]", "", func(a *tickets.Arrival) {
			a.Authentication.DKIM = "csirt.example"
			a.Commands = []tickets.CommandLine{{Name: "reject", Args: []string{"bukan insiden"}}}
		}))
		f, err := d.Figures(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if f.Tickets[tickets.Rejected] != 1 || f.Tickets[tickets.Open] != 4 {
			t.Errorf("one ticket was rejected and four are open: %v", f.Tickets)
		}
		total := 0
		for _, state := range tickets.States() {
			n, err := d.Count(`SELECT COUNT(*) FROM ticket WHERE state = ?`, string(state))
			if err != nil {
				t.Fatal(err)
			}
			total += int(n)
			if f.Tickets[state] != int(n) {
				t.Errorf("%s: the figures say %d, there are %d", state, f.Tickets[state], n)
			}
		}
		if queued, err := d.Count(`SELECT COUNT(*) FROM notice WHERE state = 'queued'`); err != nil || f.Notices[tickets.Queued] != int(queued) || queued == 0 {
			t.Errorf("the figures say %d notices wait, there are %d, %v", f.Notices[tickets.Queued], queued, err)
		}
		if total != 5 {
			t.Errorf("there are %d tickets, want 5", total)
		}
	})
}
