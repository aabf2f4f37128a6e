package tickets_test

import (
	"context"
	"sync"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestRecordFromBeforeTheJournalIsTakenIntoItOnce(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		everyTable(t, d)
		for _, q := range []string{`DELETE FROM journal`, `DELETE FROM chain`} { // as in a database of an older version
			tamper(t, d, q)
		}
		if len(faults(t, d)) == 0 {
			t.Error("nothing is in the journal, and the audit is content")
		}
		for range 2 {
			if _, err := d.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			d.WantClean()
		}
		tamper(t, d, `UPDATE notice SET recipient_name = 'Lain' WHERE id = 1`)
		tamper(t, d, `DELETE FROM journal WHERE kind = 'began'`)
		tamper(t, d, `DELETE FROM chain WHERE kind = 'began'`)
		if _, err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := faults(t, d); len(got) < 2 {
			t.Errorf("a change is adopted where the journal's beginning is gone: %q", got)
		}
	})
}

func TestAuditBesideWorkingGatewaysRaisesNoFalseAlarm(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		evidence := oneMail{d.Evidence, []byte("From: x\r\n\r\nIsi.\r\n")}
		ctx, stop := context.WithCancel(t.Context())
		var g sync.WaitGroup
		for lane := range 3 {
			g.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					if _, err := d.Store.File(t.Context(), d.Now(), evidence.arrival(lane*100_000+n, d.Now())); err != nil {
						t.Error(err)
						return
					}
					tellOne(t, d, evidence)
				}
			})
		}
		head := ""
		for range 12 {
			a, err := d.AuditWith(t.Context(), tickets.Auditing{Evidence: evidence, Head: head})
			if err != nil || len(a.Faults) > 0 {
				t.Errorf("%v: %q", err, a.Faults)
			}
			head = a.Head
		}
		stop()
		g.Wait()
	})
}

// tellOne sends one notice, if there is one.
func tellOne(t *testing.T, d *ticketstest.Desk, evidence oneMail) {
	claimed, err := d.Claim(t.Context(), 1)
	if err != nil {
		t.Error(err)
	}
	for _, n := range claimed {
		a := evidence.arrival(0, d.Now())
		if err := d.Rendered(t.Context(), n, a.SHA256, a.Size, "Isi."); err != nil {
			t.Error(err)
		}
		if err := d.Sent(t.Context(), n, "250 taken"); err != nil {
			t.Error(err)
		}
	}
}
