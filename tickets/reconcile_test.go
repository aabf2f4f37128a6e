package tickets_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// lies is a folder's mail; its content is that of an arrival.
func lies(uid uint32, at time.Time, a tickets.Arrival) tickets.FolderMail {
	return tickets.FolderMail{UID: uid, ArrivedAt: at, MessageID: a.MessageID, Read: func() (tickets.Mail, error) { return a.Mail, nil }}
}

func compared(t *testing.T, d *ticketstest.Desk, folders tickets.Folders) tickets.Reconciliation {
	t.Helper()
	day, err := d.ReconciliationDue(t.Context(), d.Now())
	if err != nil || day == "" {
		t.Fatalf("not due: %q, %v", day, err)
	}
	r, err := d.Reconcile(t.Context(), day, map[string]tickets.Folders{"report": folders}, d.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReconciliationNamesEachDifference(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		if _, err := d.SawMailbox(t.Context(), "report", 7, d.Now()); err != nil {
			t.Fatal(err)
		}
		place := func(uid uint32) func(*tickets.Arrival) {
			return func(a *tickets.Arrival) { a.Mailbox, a.UIDValidity, a.UID = "report", 7, uid }
		}
		filed, stuck := d.Mail(ani, "Satu", "Isi.", place(1)), d.Mail(ani, "Dua", "Isi.", place(2))
		d.File(filed)
		d.File(stuck)
		lost, waits, bad, strange := d.Mail(ani, "Hilang", "Isi."), d.Mail(ani, "Menunggu", "Isi."), d.Mail(ani, "Rusak", "Isi.", place(9)), d.Mail(ani, "Asing", "Isi.")
		lost.MessageID = ""
		for range 3 {
			if _, err := d.Faulted(t.Context(), bad, errors.New("rusak"), d.Now()); err != nil {
				t.Fatal(err)
			}
		}
		arrived := d.Now()
		d.Pass(2 * time.Hour)
		fresh := d.Mail(ani, "Baru", "Isi.")
		d.Deliver()
		gone := d.Show("BALIPROV-CSIRT-2026-0001").Messages[0].SHA256
		if err := os.Remove(placeOf(t, d, gone)); err != nil {
			t.Fatal(err)
		}
		r := compared(t, d, func(_ context.Context, visit func(tickets.FolderPiece) error) error {
			return errors.Join(
				visit(tickets.FolderPiece{Mailbox: "report", Folder: "inbox", UIDValidity: 7, Mails: []tickets.FolderMail{lies(2, arrived, stuck), lies(11, arrived, waits), lies(12, d.Now(), fresh)}}),
				visit(tickets.FolderPiece{Mailbox: "report", Folder: "processed", UIDValidity: 8, Mails: []tickets.FolderMail{lies(1, arrived, filed), lies(5, arrived, lost)}}),
				visit(tickets.FolderPiece{Mailbox: "report", Folder: "failed", UIDValidity: 9, Mails: []tickets.FolderMail{lies(1, arrived, bad), lies(2, arrived, strange)}}))
		})
		want := []string{"mail 2 is on record", "mail 11, which arrived", "mail 5 in the processed folder", "mail 2 in the failed folder", "the evidence " + gone + " is missing"}
		if len(r.Findings) != len(want) || r.Missing != 3 || r.Faults != 5 {
			t.Fatalf("%d missing, %d in all: %q", r.Missing, r.Faults, r.Findings)
		}
		for i, words := range want {
			if !strings.Contains(r.Findings[i], words) {
				t.Errorf("%q, want %q in it", r.Findings[i], words)
			}
		}
		told := map[string]bool{}
		for _, n := range d.Deliver() {
			if n.Kind == tickets.KindWarning && strings.Contains(n.Items[0].Text, "3") {
				told[n.To.Address] = true
			}
		}
		if !told[fd] || !told["kepala@csirt.example"] || len(told) != 2 {
			t.Errorf("told: %v", told)
		}
		if last, ok, err := d.LastReconciliation(t.Context()); err != nil || !ok || last.Missing != 3 || !last.At.Equal(r.At) || len(last.Findings) != 5 {
			t.Errorf("the last result: %+v, %v, %v", last, ok, err)
		}
	})
}

// placeOf is where a desk's evidence keeps a piece.
func placeOf(t *testing.T, d *ticketstest.Desk, sum string) (place string) {
	t.Helper()
	err := d.Evidence.(tickets.EvidenceLister).Each(t.Context(), func(p tickets.EvidencePiece) error {
		if p.SHA256 == sum {
			place = p.Place
		}
		return nil
	})
	if err != nil || place == "" {
		t.Fatalf("%s lies nowhere: %v", sum, err)
	}
	return place
}

func TestMailboxThatCannotBeReachedIsNoDifference(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		r := compared(t, d, func(context.Context, func(tickets.FolderPiece) error) error { return errors.New("log in: no") })
		if r.Faults != 0 || len(r.Unlooked) != 1 || !strings.Contains(r.Unlooked[0], "mailbox report: log in: no") {
			t.Errorf("%+v", r)
		}
		if sent := d.Deliver(); len(sent) > 0 {
			t.Errorf("told: %s", kinds(sent))
		}
	})
}

func TestOneOfManyGatewaysMakesTheReconciliationOfADay(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		due := func() (claimed int64) {
			var n atomic.Int64
			var g sync.WaitGroup
			for range 5 {
				g.Go(func() {
					if day, err := d.ReconciliationDue(t.Context(), d.Now()); err != nil {
						t.Error(err)
					} else if day != "" {
						n.Add(1)
					}
				})
			}
			g.Wait()
			return n.Load()
		}
		if n := due(); n != 1 {
			t.Errorf("%d of five gateways make it", n)
		}
		d.Pass(time.Hour)
		if n := due(); n != 0 {
			t.Errorf("%d more make it while one does", n)
		}
		d.Pass(3 * time.Hour) // it died
		if n := due(); n != 1 {
			t.Errorf("%d take it over", n)
		}
		if err := d.GiveUpReconciliation(t.Context(), "2026-11-23"); err != nil {
			t.Fatal(err)
		}
		if n := due(); n != 1 {
			t.Errorf("%d take over what was given up", n)
		}
		if _, err := d.Reconcile(t.Context(), "2026-11-23", nil, d.Evidence); err != nil {
			t.Fatal(err)
		}
		d.Pass(10 * time.Hour) // still before three o'clock in the team's night
		if n := due(); n != 0 {
			t.Errorf("%d make it a second time that day", n)
		}
		d.Pass(7 * time.Hour)
		if n := due(); n != 1 {
			t.Errorf("%d make it the next day", n)
		}
	})
}
