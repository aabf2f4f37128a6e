package tickets_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func at(mailbox string, uid uint32) func(*tickets.Arrival) {
	return func(a *tickets.Arrival) { a.Mailbox, a.UIDValidity, a.UID = mailbox, 7, uid }
}

func TestSameMailIsFiledOnce(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a := d.Mail(ani, "Situs diretas", "Isi.", at("report", 1))
		first := d.File(a)
		for _, where := range []func(*tickets.Arrival){at("report", 1), at("report", 2), at("second", 1), func(a *tickets.Arrival) { a.UIDValidity, a.UID = 8, 1 }, at("", 0)} {
			again := a
			where(&again)
			out := d.File(again)
			if !out.Known || out.Opened || out.Ticket != first.Ticket || out.MessageID != first.MessageID {
				t.Errorf("a second sight gave %+v, want %+v known", out, first)
			}
		}
		known, err := d.Known(t.Context(), "report", 7, []uint32{1, 2, 3})
		if err != nil || len(known) != 2 || known[1] {
			t.Errorf("known %v, %v", known, err)
		}
		if n, _ := d.Count(`SELECT COUNT(*) FROM message`); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestSameMessageIDWithOtherContentIsAnotherMailAndFlagged(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		id := func(a *tickets.Arrival) { a.MessageID = "same@dinkes.baliprov.example" }
		d.File(d.Mail(ani, "Satu", "Isi satu.", id))
		out := d.File(d.Mail(ani, "Dua", "Isi dua.", id))
		if !out.Opened || out.Known {
			t.Fatalf("outcome %+v", out)
		}
		if got := d.Show(out.Ticket).Messages[0].Problems; len(got) != 1 {
			t.Errorf("problems %q", got)
		}
	})
}

func TestMailWithoutAFingerprintIsKnownByItsBytes(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		reported(t, d) // mails that went out are on record too, without one
		a := d.Mail(luar, "Laporan", "Isi.")
		a.Fingerprint = ""
		if out := d.File(a); !out.Opened {
			t.Errorf("outcome %+v", out)
		}
		if out := d.File(a); !out.Known {
			t.Errorf("outcome %+v", out)
		}
	})
}

func TestManyWhoFileTheSameMailAtOnceFileOne(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a := d.Mail(ani, "Situs diretas", "Isi.", at("report", 1))
		var wg sync.WaitGroup
		opened := make(chan bool, 16)
		for range 16 {
			wg.Go(func() { opened <- d.File(a).Opened })
		}
		wg.Wait()
		close(opened)
		n := 0
		for o := range opened {
			if o {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of them opened a ticket", n)
		}
		d.WantClean()
	})
}

func TestNumbersHaveNoGapHoweverManyOpenAtOnce(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		var wg sync.WaitGroup
		const each, many = 10, 8
		for range many {
			wg.Go(func() {
				for i := range each {
					if i%3 == 2 { // a refused opening takes no number
						d.File(signed(d, fd, "x", "Teks.", command("new", "Baru"), command("verify", "type=dragons")))
					}
					d.File(d.Mail(ani, "Laporan", "Isi."))
				}
			})
		}
		wg.Wait()
		var numbers []string
		if err := d.Tickets(t.Context(), "", func(x tickets.Ticket) error { numbers = append(numbers, string(x.Number)); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(numbers)
		for i, n := range numbers {
			if want := fmt.Sprintf("BALIPROV-CSIRT-2026-%04d", i+1); n != want {
				t.Fatalf("number %d is %s, want %s", i, n, want)
			}
		}
		if len(numbers) != each*many {
			t.Errorf("%d tickets, want %d", len(numbers), each*many)
		}
		d.WantClean()
	})
}

// poison makes the database refuse messages with one subject.
func poison(t *testing.T, d *ticketstest.Desk) {
	t.Helper()
	statement := `ALTER TABLE message ADD CONSTRAINT no_poison CHECK (subject <> 'poison')`
	if strings.HasPrefix(d.URL, "sqlite:") {
		statement = `CREATE TRIGGER no_poison BEFORE INSERT ON message WHEN NEW.subject = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END`
	}
	if _, err := d.Tamper(statement); err != nil {
		t.Fatal(err)
	}
}

func TestPoisonMailFallsOutOfItsBatchAlone(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		poison(t, d)
		batch := []tickets.Arrival{d.Mail(ani, "Satu", "Isi."), d.Mail(luar, "poison", "Isi."), d.Mail(made, "Tiga", "Isi.")}
		filed, err := d.Store.File(t.Context(), d.Now(), batch...)
		if err != nil {
			t.Fatal(err)
		}
		if filed[0].Err != nil || filed[2].Err != nil || filed[1].Err == nil || !filed[0].Opened || !filed[2].Opened {
			t.Errorf("filed %+v", filed)
		}
		if filed[0].Ticket != "BALIPROV-CSIRT-2026-0001" || filed[2].Ticket != "BALIPROV-CSIRT-2026-0002" {
			t.Errorf("numbers %s and %s", filed[0].Ticket, filed[2].Ticket)
		}
		alone, err := d.Store.File(t.Context(), d.Now(), batch[1])
		if err != nil || alone[0].Err == nil {
			t.Errorf("alone %+v, %v", alone, err)
		}
		d.WantClean()
	})
}

func TestPanicIsTheMailsFault(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		keys := d.Settings.Keys
		d.Settings.Keys = nil // signing panics
		filed, err := d.Store.File(t.Context(), d.Now(), d.Mail(ani, "Satu", "Isi."))
		if err != nil || filed[0].Err == nil || !strings.Contains(filed[0].Err.Error(), "panic") {
			t.Errorf("filed %+v, %v", filed, err)
		}
		d.Settings.Keys = keys
		if out := d.File(d.Mail(ani, "Satu", "Isi.")); out.Ticket != "BALIPROV-CSIRT-2026-0001" {
			t.Errorf("outcome %+v", out)
		}
	})
}

func TestDatabaseThatIsAwayIsNoMailsFault(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a, b := d.Mail(ani, "Satu", "Isi."), d.Mail(made, "Dua", "Isi.")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.Store.File(ended, d.Now(), a, b); !errors.Is(err, context.Canceled) {
			t.Errorf("with a cancelled context: %v", err)
		}
		d.Close()
		if filed, err := d.Store.File(t.Context(), d.Now(), a); err == nil {
			t.Errorf("with a closed database: %+v", filed)
		}
	})
}

func TestFullDatabaseIsNoMailsFault(t *testing.T) {
	d := ticketstest.Open(t, "sqlite:"+t.TempDir()+"/full.db", nil)
	if err := d.Pragma("PRAGMA max_page_count = 1"); err != nil { // SQLite takes the present size
		t.Fatal(err)
	}
	long := strings.Repeat("panjang ", 100_000)
	if filed, err := d.Store.File(t.Context(), d.Now(), d.Mail(ani, "Satu", long), d.Mail(made, "Dua", long)); err == nil {
		t.Errorf("filed %+v", filed)
	}
	if err := d.Pragma("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	if out := d.File(d.Mail(ani, "Satu", long)); out.Ticket != "BALIPROV-CSIRT-2026-0001" {
		t.Errorf("outcome %+v", out)
	}
}

func TestLockedOrReadOnlyDatabaseIsNoMailsFault(t *testing.T) {
	d := ticketstest.Open(t, "sqlite:"+t.TempDir()+"/locked.db", nil)
	other, err := sql.Open("sqlite", strings.TrimPrefix(d.URL, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	for about, way := range map[string]struct{ breaks, heals func() error }{
		"locked by another process": {
			func() error {
				_, err := other.Exec("BEGIN IMMEDIATE")
				return errors.Join(err, d.Pragma("PRAGMA busy_timeout = 100"))
			},
			func() error { _, err := other.Exec("ROLLBACK"); return err }},
		"read-only": {func() error { return d.Pragma("PRAGMA query_only = 1") }, func() error { return d.Pragma("PRAGMA query_only = 0") }},
	} {
		if err := way.breaks(); err != nil {
			t.Fatal(about, err)
		}
		a, begun := d.Mail(ani, about, "Isi."), time.Now()
		if filed, err := d.Store.File(t.Context(), d.Now(), a); err == nil {
			t.Errorf("%s: filed %+v", about, filed)
		} else if waits := about != "read-only"; tickets.Away(err) != waits {
			t.Errorf("%s: whether waiting helps: %v, of %v", about, !waits, err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: said after %s", about, took)
		}
		if err := way.heals(); err != nil {
			t.Fatal(about, err)
		}
		if out := d.File(a); !out.Opened {
			t.Errorf("%s: outcome %+v", about, out)
		}
	}
	d.WantClean()
}

func TestMailThatFailsThriceIsGivenUpAndToldOnce(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a := d.Mail(ani, "Satu", "Isi.", at("report", 9))
		for i := range 5 {
			givenUp, err := d.Faulted(t.Context(), a, errors.New("boom\r\nX: y"), d.Now())
			if err != nil || givenUp != (i >= 2) {
				t.Errorf("after %d faults: %v, %v", i+1, givenUp, err)
			}
		}
		wantKinds(t, d.Deliver(), "frontdesk:bad-mail")
		failed, err := d.FailedMails(t.Context())
		if err != nil || len(failed) != 1 || failed[0].Words != "boom X: y" || failed[0].SHA256 != a.SHA256 {
			t.Errorf("failed %+v, %v", failed, err)
		}
		if known, _ := d.Known(t.Context(), "report", 7, []uint32{9}); !known[9] {
			t.Error("the ledger does not say that it failed")
		}
		if err := d.SettleFailed(t.Context(), failed[0].ID, d.Now()); err != nil {
			t.Error(err)
		}
		if err := d.SettleFailed(t.Context(), failed[0].ID, d.Now()); !errors.Is(err, tickets.ErrNotFound) {
			t.Errorf("settled twice: %v", err)
		}
	})
}

func TestWhatDatabasesRefuseIsCleanedBefore(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(d.Mail("ani\x00@dinkes.baliprov.example", "A\x00B\r\nBcc: x@y.example\xff", "isi\x00\xff", func(a *tickets.Arrival) {
			a.From.Name = "Ani\u202e\r\nX"
			a.MessageID = strings.Repeat("é", 600) + "@x"
			a.InReplyTo = []string{"\x00\xff"}
			a.Authentication.Detail = "\x00\xff"
			a.Problems = []string{"\x00\xff"}
			a.Attachments = []tickets.Attachment{{Filename: "../\x00\xff.png", ContentType: "image/\x00png", ContentID: "\xff", Place: "1"}}
		}))
		if f := d.Show(out.Ticket); strings.ContainsAny(f.Subject+f.Reporter.Name, "\x00\r\n\u202e") {
			t.Errorf("the ticket is %q of %q", f.Subject, f.Reporter.Name)
		}
		d.Deliver()
		d.WantClean()
	})
}

func TestQuietMailIsOnRecordWithItsOwnDateAndToldToNobody(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(d.Mail(ani, "Lama", "Isi.", func(a *tickets.Arrival) {
			a.Quiet, a.At, a.Mailbox, a.UIDValidity, a.UID = true, time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), "report", 1, 1
		}))
		if out.Ticket != "BALIPROV-CSIRT-2024-0001" || out.Wakes {
			t.Errorf("outcome %+v", out)
		}
		for range 2 { // the second time there is nothing to tell
			if err := d.TellBacklog(t.Context(), "report", d.Now()); err != nil {
				t.Fatal(err)
			}
		}
		wantKinds(t, d.Deliver(), "frontdesk:backlog")
	})
}
