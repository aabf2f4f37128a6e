// Package ticketstest opens Stores for tests: on both databases, with a clock that the test moves.
//
// It promises that every Store is empty and its own, and that nothing it started outlives the test binary.
package ticketstest

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // tests need Asia/Makassar on every machine

	"aduan/tickets"
)

// Address is the report address of the test stores.
const Address = "aduan@csirt.example"

// Desk is a Store with its evidence and a clock that stands until the test moves it.
type Desk struct {
	*tickets.Store
	Evidence tickets.Evidence
	URL      string

	t     testing.TB
	mu    sync.Mutex
	at    time.Time
	mails int
}

// Now is the desk's clock.
func (d *Desk) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at
}

// Pass moves the clock on.
func (d *Desk) Pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = d.at.Add(by)
}

// Settings are those of the test stores.
func Settings() tickets.Settings {
	zone, err := time.LoadLocation("Asia/Makassar")
	if err != nil {
		panic(err)
	}
	keys, err := tickets.ParseKeys(strings.Repeat("5e", 32))
	if err != nil {
		panic(err)
	}
	return tickets.Settings{TeamName: "Baliprov-CSIRT", Mailbox: tickets.Mailbox{Address: Address, Pattern: "aduan+{token}@csirt.example"}, Prefix: "BALIPROV-CSIRT",
		Language: tickets.Indonesian, Location: zone, Constituency: []string{"baliprov.example"}, ReopenDays: 14, Keys: keys, AcksPerHour: 5, AcksPerDay: 20, AcksDomain: 100}
}

// EachStore runs a test on both databases. change may alter the settings; nil leaves them.
func EachStore(t *testing.T, change func(*tickets.Settings), test func(t *testing.T, d *Desk)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), change))
	})
	t.Run("postgres", func(t *testing.T) {
		url := PostgreSQL(t)
		t.Parallel()
		test(t, Open(t, url, change))
	})
}

// Open opens a migrated Store at a URL with the usual staff: frontdesk@, budi@ and wayan@ (agents), kepala@ (supervisor).
func Open(t testing.TB, url string, change func(*tickets.Settings)) *Desk {
	t.Helper()
	d := &Desk{t: t, URL: url, at: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}
	s := Settings()
	s.Clock = d.Now
	if change != nil {
		change(&s)
	}
	ctx := context.Background()
	var err error
	if d.Store, err = tickets.OpenStore(ctx, url, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		used.add(d.Dialect(), d.Statements())
		d.Close()
	})
	if _, err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if d.Evidence, err = tickets.NewFolder(filepath.Join(t.TempDir(), "evidence")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []tickets.Staff{
		{Address: "frontdesk@csirt.example", Name: "Ketut Front", Roles: []tickets.Role{tickets.FrontDesk}},
		{Address: "budi@csirt.example", Name: "Budi Agen", Roles: []tickets.Role{tickets.Agent}, Team: "web"},
		{Address: "wayan@csirt.example", Name: "Wayan Agen", Roles: []tickets.Role{tickets.Agent}, Team: "web"},
		{Address: "kepala@csirt.example", Name: "Kepala", Roles: []tickets.Role{tickets.Supervisor}},
	} {
		if err := d.AddStaff(ctx, p, d.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// Beside opens the same database once more, as another gateway does.
func Beside(t testing.TB, d *Desk) *Desk {
	t.Helper()
	s := d.Settings
	other := &Desk{URL: d.URL, Evidence: d.Evidence, t: t, at: d.Now()}
	s.Clock = other.Now
	var err error
	if other.Store, err = tickets.OpenStore(context.Background(), d.URL, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}

// Reopen opens a copy of a desk's database elsewhere, as it is after a restore; the evidence is still to be set.
func Reopen(t testing.TB, url string, d *Desk) *Desk {
	t.Helper()
	s := d.Settings
	copied := &Desk{URL: url, t: t, at: d.Now()}
	s.Clock = copied.Now
	var err error
	if copied.Store, err = tickets.OpenStore(context.Background(), url, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { copied.Close() })
	if _, err := copied.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return copied
}

// Mail makes the Arrival of a plain mail, with raw bytes in the evidence and a Message-ID of its own.
func (d *Desk) Mail(from, subject, text string, change ...func(*tickets.Arrival)) tickets.Arrival {
	d.t.Helper()
	d.mu.Lock()
	d.mails++
	n := d.mails
	d.mu.Unlock()
	a := tickets.Arrival{At: d.Now()}
	a.From, a.Froms = tickets.Address{Address: from}, 1
	a.To, a.Recipients = []tickets.Address{{Address: Address}}, []string{Address}
	a.Subject, a.Text, a.NewText, a.Body = subject, text, text, text
	a.MessageID = fmt.Sprintf("m%d@%s", n, tickets.Domain(from))
	for _, c := range change {
		c(&a)
	}
	raw := fmt.Sprintf("From: %s\r\nSubject: %s\r\nMessage-ID: <%s>\r\n\r\n%s\r\n", from, subject, a.MessageID, text)
	var err error
	if a.SHA256, a.Size, err = tickets.PutEvidence(context.Background(), d.Evidence, strings.NewReader(raw)); err != nil {
		d.t.Fatal(err)
	}
	if a.Fingerprint == "" {
		a.Fingerprint = fmt.Sprintf("f-%s-%d", a.MessageID, n)
	}
	return a
}

// File files one mail and fails the test on a fault.
func (d *Desk) File(a tickets.Arrival) tickets.Outcome {
	d.t.Helper()
	filed, err := d.Store.File(context.Background(), d.Now(), a)
	if err != nil {
		d.t.Fatal(err)
	}
	if filed[0].Err != nil {
		d.t.Fatal(filed[0].Err)
	}
	return filed[0].Outcome
}

// Deliver claims everything that is due and marks it as sent, again and again until nothing is; it returns the notices in order.
func (d *Desk) Deliver() []tickets.Notice {
	d.t.Helper()
	ctx := context.Background()
	var all []tickets.Notice
	for {
		claimed, err := d.Claim(ctx, 50)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(claimed) == 0 {
			return all
		}
		for _, n := range claimed {
			text := fmt.Sprintf("%s to %s about %s", n.Kind, n.To.Address, n.Ticket.Number)
			sum, size, err := tickets.PutEvidence(ctx, d.Evidence, strings.NewReader(text+" "+n.MessageID))
			if err != nil {
				d.t.Fatal(err)
			}
			if n.Rendered == "" {
				if err := d.Rendered(ctx, n, sum, size, text); err != nil {
					d.t.Fatal(err)
				}
			}
			if err := d.Sent(ctx, n, "250 taken"); err != nil {
				d.t.Fatal(err)
			}
		}
		all = append(all, claimed...)
	}
}

// Show returns a ticket.
func (d *Desk) Show(n tickets.Number) tickets.File {
	d.t.Helper()
	f, err := d.Store.Show(context.Background(), n)
	if err != nil {
		d.t.Fatal(err)
	}
	return f
}

// WantClean audits the record and fails the test on any fault.
func (d *Desk) WantClean() {
	d.t.Helper()
	a, err := d.Audit(context.Background(), d.Evidence)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range a.Faults {
		d.t.Errorf("audit: %s", f)
	}
}

// Read returns a piece of evidence.
func (d *Desk) Read(sum string) string {
	d.t.Helper()
	r, err := d.Evidence.Open(context.Background(), sum)
	if err != nil {
		d.t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}
