package tickets_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// years is a team's work from November to January: 300 tickets in December and some on both sides, always the same.
type years struct {
	*ticketstest.Desk
	t       *testing.T
	chance  *rand.Rand
	raw     tickets.Arrival
	numbers []tickets.Number
	agenda  []deed
}

// deed is what somebody does at a time.
type deed struct {
	at time.Time
	do func()
}

func (y *years) plan(at time.Time, do func()) time.Time {
	y.agenda = append(y.agenda, deed{at, do})
	return at
}

// after is some time later: between the two, by chance.
func (y *years) after(at time.Time, least, most time.Duration) time.Time {
	return at.Add(least + time.Duration(y.chance.Int64N(int64(most-least)))).Truncate(time.Microsecond)
}

// mail files a mail; all of them have the same raw bytes, for nobody reads them here.
func (y *years) mail(from, subject, text string, commands ...tickets.CommandLine) tickets.Outcome {
	a := y.raw
	a.At, a.From, a.Subject, a.Text, a.NewText, a.Body, a.Commands = y.Now(), tickets.Address{Address: from}, subject, text, text, text, commands
	a.MessageID = fmt.Sprintf("%d@%s", len(y.numbers)*1000+y.chance.IntN(1000), tickets.Domain(from))
	a.Fingerprint = fmt.Sprint(y.Now(), from, subject)
	a.Authentication.DKIM = tickets.Domain(from)
	out := y.File(a)
	if out.Refused != "" {
		y.t.Fatalf("%v: %s", commands, out.Refused)
	}
	return out
}

// send gives the relay everything that waits.
func (y *years) send() {
	ctx := context.Background()
	for {
		claimed, err := y.Claim(ctx, 200)
		if err != nil {
			y.t.Fatal(err)
		}
		if len(claimed) == 0 {
			return
		}
		for _, n := range claimed {
			if err := y.Sent(ctx, n, "250"); err != nil {
				y.t.Fatal(err)
			}
		}
	}
}

var yearOffices = []string{"dinkes.baliprov.example", "disdik.baliprov.example", "dishub.baliprov.example", "kominfo.baliprov.example", "luar.example"}

// ticket plans a case from its report on.
func (y *years) ticket(opened time.Time) {
	n := new(tickets.Number)
	office := yearOffices[min(y.chance.IntN(8), 4)]
	y.plan(opened, func() {
		*n = y.mail("ani@"+office, "Laporan", "Mohon bantuannya.").Ticket
		y.numbers = append(y.numbers, *n)
	})
	y.plan(y.after(opened, 5*time.Second, 3*time.Minute), y.send)
	staff := func(from, text string, lines ...tickets.CommandLine) func() {
		return func() { y.mail(from, "Re: ["+string(*n)+"] Laporan", text, lines...) }
	}
	at := y.after(opened, 10*time.Minute, 30*time.Hour)
	fate := y.chance.IntN(20)
	switch {
	case fate == 0: // nobody has looked at it yet
		return
	case fate < 4:
		y.plan(at, staff(fd, "", command("reject", "bukan insiden")))
		return
	case fate == 4:
		y.plan(at, staff(fd, "", command("set", "tlp=red")))
	}
	incident := tickets.Incidents[y.chance.IntN(len(tickets.Incidents))]
	y.plan(y.after(at, time.Second, time.Minute), staff(fd, "", command("verify", "type="+string(incident.Type), "severity="+string(tickets.Severities()[y.chance.IntN(4)])), command("forward", budi)))
	at = y.after(at, time.Hour, 40*time.Hour)
	y.plan(at, staff(budi, "Sedang kami periksa.", command("reply")))
	if fate < 9 {
		return
	}
	at = y.plan(y.after(at, time.Hour, 300*time.Hour), staff(budi, "Perbarui CMS.", command("recommend"), command("close")))
	if fate > 16 {
		at = y.plan(y.after(at, time.Hour, 200*time.Hour), staff(fd, "", command("reopen")))
		y.plan(y.after(at, time.Hour, 200*time.Hour), staff(budi, "Pasang WAF.", command("recommend"), command("close")))
	}
}

// live lets the time pass to its end.
func (y *years) live(end time.Time) {
	slices.SortStableFunc(y.agenda, func(a, b deed) int { return a.at.Compare(b.at) })
	for _, d := range y.agenda {
		if d.at.Before(end) {
			y.Pass(d.at.Sub(y.Now()))
			d.do()
		}
	}
	y.Pass(end.Sub(y.Now()))
}

func lived(t *testing.T, d *ticketstest.Desk) *years {
	t.Helper()
	y := &years{Desk: d, t: t, chance: rand.New(rand.NewPCG(2026, 12))}
	y.raw = d.Mail(ani, "Laporan", "Mohon bantuannya.")
	utc := func(s string) time.Time {
		at, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	// The edges: in Makassar December begins at 16.00 UTC of the 30th, and the new year at 16.00 UTC of the 31st.
	for _, at := range []string{"2026-11-30 15:59:59", "2026-11-30 16:00:00", "2026-11-30 23:30:00", "2026-12-31 15:59:59", "2026-12-31 16:00:00"} {
		y.ticket(utc(at))
	}
	for range 40 {
		y.ticket(y.after(utc("2026-11-23 03:00:00"), 0, 7*24*time.Hour))
	}
	for range 297 {
		y.ticket(y.after(utc("2026-11-30 16:00:01"), 0, 31*24*time.Hour-2*time.Second))
	}
	for range 30 {
		y.ticket(y.after(utc("2026-12-31 16:00:01"), 0, 10*24*time.Hour))
	}
	y.live(utc("2027-01-12 00:00:00"))
	return y
}

// byHand counts the same by statements of another kind: correlated, ticket by ticket, with the month's ends written out.
type byHand struct {
	t        *testing.T
	d        *ticketstest.Desk
	from, to int64
}

func (h byHand) count(query string) int {
	h.t.Helper()
	n, err := h.d.Count(strings.NewReplacer("FROM_", fmt.Sprint(h.from), "TO_", fmt.Sprint(h.to)).Replace(query))
	if err != nil {
		h.t.Fatal(err)
	}
	return int(n)
}

const (
	ofMonth = `ticket t WHERE t.opened_at >= FROM_ AND t.opened_at < TO_`
	atEnd   = `(SELECT e.to_state FROM event e WHERE e.ticket = t.id AND e.at < TO_ ORDER BY e.seq DESC LIMIT 1)`
)

// happened counts the tickets that have an event of this kind in the month.
func (h byHand) happened(kind string) int {
	return h.count(`SELECT COUNT(*) FROM ticket t WHERE EXISTS (SELECT 1 FROM event e WHERE e.ticket = t.id AND e.at >= FROM_ AND e.at < TO_ AND e.kind = '` + kind + `')`)
}

// took returns tickets, median and 90 % of a time in seconds; which selects the time of one ticket in microseconds, or NULL.
func (h byHand) took(which, from string) tickets.TimeFigure {
	n := h.count(`SELECT COUNT(*) FROM (SELECT ` + which + ` AS took FROM ` + from + `) x WHERE took IS NOT NULL`)
	nth := func(i int) int64 {
		return int64(h.count(`SELECT took FROM (SELECT ` + which + ` AS took FROM ` + from + `) x WHERE took IS NOT NULL ORDER BY took LIMIT 1 OFFSET ` + fmt.Sprint(i)))
	}
	if n == 0 {
		return tickets.TimeFigure{}
	}
	return tickets.TimeFigure{Tickets: n, Median: (nth((n-1)/2) + nth(n/2) + 1_000_000) / 2_000_000, P90: (nth((9*n+9)/10-1) + 500_000) / 1_000_000}
}

func (h byHand) first(kinds string) string {
	return `(SELECT MIN(e.at) FROM event e WHERE e.ticket = t.id AND e.kind IN (` + kinds + `)) - t.opened_at`
}

// eachHasty runs a test on both databases, which do not wait for the disk: with thousands of transactions it is about
// counting, not about crashes.
func eachHasty(t *testing.T, test func(t *testing.T, d *ticketstest.Desk)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		d := ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), uncapped)
		if err := d.Pragma("PRAGMA synchronous = OFF"); err != nil {
			t.Fatal(err)
		}
		test(t, d)
	})
	t.Run("postgres", func(t *testing.T) {
		url := ticketstest.PostgreSQL(t)
		t.Parallel()
		test(t, ticketstest.Open(t, url+"&synchronous_commit=off", uncapped))
	})
}

func TestMonthlyFiguresAreThoseCountedByHand(t *testing.T) {
	eachHasty(t, func(t *testing.T, d *ticketstest.Desk) {
		y := lived(t, d)
		if got := len(y.numbers); got != 372 {
			t.Fatalf("%d tickets", got)
		}
		// Written out, so that no function of the program says where a month ends.
		bounds := map[string][2]int64{
			"2026-11": {1793462400_000000, 1796054400_000000},
			"2026-12": {1796054400_000000, 1798732800_000000},
			"2027-01": {1798732800_000000, d.Now().UnixMicro()},
		}
		for name, b := range bounds {
			m, err := tickets.ParseMonth(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := d.MonthlyFigures(context.Background(), m)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, name, f, byHand{t, d, b[0], b[1]})
			if before, known := bounds[f.Before.Month.String()]; known {
				compare(t, name+" before", *f.Before, byHand{t, d, before[0], before[1]})
			}
		}
	})
}

func compare(t *testing.T, name string, f tickets.MonthlyFigures, h byHand) {
	t.Helper()
	want := func(what string, got, counted int) {
		if got != counted {
			t.Errorf("%s: %s is %d, by hand %d", name, what, got, counted)
		}
	}
	if name == "2026-12" {
		want("opened", f.Opened, 300)
	}
	want("opened", f.Opened, h.count(`SELECT COUNT(*) FROM `+ofMonth))
	want("verified", f.Verified, h.happened("verified"))
	want("closed", f.Closed, h.happened("closed"))
	want("rejected", f.Rejected, h.happened("rejected"))
	want("reopened", f.Reopened, h.happened("reopened"))
	want("open", f.Open, h.count(`SELECT COUNT(*) FROM ticket t WHERE t.opened_at < TO_ AND `+atEnd+` IN ('open', 'verified', 'responding', 'monitoring')`))
	for _, s := range f.ByState {
		want("state "+string(s.State), s.Tickets, h.count(`SELECT COUNT(*) FROM `+ofMonth+` AND `+atEnd+` = '`+string(s.State)+`'`))
		if !s.State.Final() {
			want("all "+string(s.State), s.Open, h.count(`SELECT COUNT(*) FROM ticket t WHERE t.opened_at < TO_ AND `+atEnd+` = '`+string(s.State)+`'`))
		}
	}
	all := 0
	for _, x := range f.ByType {
		all += x.Tickets
		want("type "+string(x.Type), x.Tickets, h.count(`SELECT COUNT(*) FROM `+ofMonth+` AND t.type = '`+string(x.Type)+`'`))
	}
	want("all types", all, f.Opened)
	for _, x := range f.BySeverity {
		want("severity "+string(x.Severity), x.Tickets, h.count(`SELECT COUNT(*) FROM `+ofMonth+` AND t.severity = '`+string(x.Severity)+`'`))
	}
	compareOffices(t, name, f, h)
	compareTimes(t, name, f, h)
}

func compareOffices(t *testing.T, name string, f tickets.MonthlyFigures, h byHand) {
	t.Helper()
	all := 0
	for _, x := range f.ByOffice {
		all += x.Tickets
		by := h.count(`SELECT COUNT(*) FROM ` + ofMonth + ` AND t.tlp <> 'red' AND t.reporter LIKE '%@` + x.Office + `'`)
		if x.Office == tickets.OfficeRed {
			by = h.count(`SELECT COUNT(*) FROM ` + ofMonth + ` AND t.tlp = 'red'`)
		}
		if x.Tickets != by || by == 0 {
			t.Errorf("%s: office %s has %d, by hand %d", name, x.Office, x.Tickets, by)
		}
	}
	if all != f.Opened {
		t.Errorf("%s: %d tickets of offices, want %d", name, all, f.Opened)
	}
	const day = 24 * 3600 * 1_000_000
	opened, closed := 0, 0
	for _, w := range f.ByWeek {
		first, err := time.ParseInLocation(time.DateOnly, w.First, f.From.Location())
		if err != nil {
			t.Fatal(err)
		}
		last, _ := time.ParseInLocation(time.DateOnly, w.Last, f.From.Location())
		week := byHand{h.t, h.d, first.UnixMicro(), min(last.UnixMicro()+day, h.to)}
		if by := week.count(`SELECT COUNT(*) FROM ` + ofMonth); w.Opened != by {
			t.Errorf("%s: %s opened %d, by hand %d", name, w.Week, w.Opened, by)
		}
		opened, closed = opened+w.Opened, closed+w.Closed
	}
	if opened != f.Opened || closed != f.Closed {
		t.Errorf("%s: the weeks hold %d opened and %d closed, want %d and %d", name, opened, closed, f.Opened, f.Closed)
	}
}

func compareTimes(t *testing.T, name string, f tickets.MonthlyFigures, h byHand) {
	t.Helper()
	const lastClosing = `(SELECT MAX(e.at) FROM event e WHERE e.ticket = t.id AND e.kind = 'closed' AND e.at >= FROM_ AND e.at < TO_) - t.opened_at`
	for what, by := range map[string]tickets.TimeFigure{
		// The first mail that went to the reporter is the acknowledgement, for each of these tickets got one before anything else.
		tickets.TimeAcknowledge: h.took(`(SELECT MIN(e.at) FROM event e WHERE e.ticket = t.id AND e.kind = 'sent' AND e.data LIKE '%"to":"ani@%') - t.opened_at`, ofMonth),
		tickets.TimeVerify:      h.took(h.first(`'verified'`), ofMonth),
		tickets.TimeAnswer:      h.took(h.first(`'replied', 'rejected', 'recommended', 'closed'`), ofMonth),
		tickets.TimeClose:       h.took(lastClosing, `ticket t`),
	} {
		got := f.Time(what)
		by.What = what
		if got != by || f.Opened > 30 && (got.Tickets == 0 || got.Median == 0 || cmp.Compare(got.Median, got.P90) >= 0) {
			t.Errorf("%s: %+v, by hand %+v", name, got, by)
		}
	}
}
