package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func digested(s *tickets.Settings) {
	uncapped(s)
	s.Deadlines.Digest = 7*time.Hour + 30*time.Minute
	s.Holidays = []string{"2026-11-26"}
}

// parts are the parts of a digest after its head.
func parts(n tickets.Notice) (names []string) {
	for _, i := range n.Items[1:] {
		names = append(names, i.Text)
	}
	return names
}

func TestDigestTellsEachWhatConcernsThemAndNobodyElse(t *testing.T) {
	ticketstest.EachStore(t, digested, func(t *testing.T, d *ticketstest.Desk) {
		lazily(t, d, o)
		lazily(t, d, v)
		mine := lazily(t, d, r)
		mine.must(budi, "", command("set", "due=2026-11-23 12:00"))
		red := lazily(t, d, r)
		red.must(budi, "", command("set", "tlp=red"))
		lazily(t, d, c)
		d.Deliver()
		remind(t, d, moment(24, 7, 29))
		d.Deliver()
		remind(t, d, moment(24, 7, 30))
		sent := d.Deliver()
		wantKinds(t, sent, "frontdesk:digest", "budi:digest", "kepala:digest") // wayan has no case
		for who, want := range map[string][]string{fd: {"overdue", "waiting", "ownerless"}, budi: {"mine"}, kepala: {"overdue"}} {
			if got := parts(to(t, sent, who)); !slices.Equal(got, want) {
				t.Errorf("%s is told %q, want %q", who, got, want)
			}
		}
		cases := to(t, sent, budi).Items[1].Lines
		if len(cases) != 2 || !strings.Contains(cases[0], string(mine.n)) || !strings.Contains(cases[0], "TERLAMBAT sejak 23 November 2026, 12.00 WITA") {
			t.Errorf("budi's cases are %q", cases)
		}
		if strings.Contains(cases[1], "diretas") || !strings.Contains(cases[1], "TLP:RED") {
			t.Errorf("a list says of a TLP:RED case %q", cases[1])
		}
		if n := remind(t, d, moment(24, 8, 0)); n != 0 {
			t.Errorf("%d digests for the second time", n)
		}
	})
}

func TestDigestIsForWorkingDaysAndSaysNothingWhereNothingIs(t *testing.T) {
	ticketstest.EachStore(t, digested, func(t *testing.T, d *ticketstest.Desk) {
		remind(t, d, moment(24, 7, 30))
		if sent := d.Deliver(); len(sent) > 0 {
			t.Errorf("told of nothing: %s", kinds(sent))
		}
		lazily(t, d, o)
		d.Deliver()
		for _, row := range []struct {
			when time.Time
			want int
			next time.Time
		}{
			{moment(25, 7, 31), 1, moment(27, 7, 30)}, // the 26th is a holiday
			{moment(26, 7, 31), 0, moment(27, 7, 30)},
			{moment(27, 11, 31), 0, moment(30, 7, 30)}, // four hours late is too late
			{moment(28, 7, 31), 0, moment(30, 7, 30)},  // Saturday
			{moment(30, 9, 0), 1, moment(31, 7, 30)},
		} {
			remind(t, d, row.when)
			if sent := d.Deliver(); len(sent) != row.want {
				t.Errorf("%s: %d digests, want %d", row.when, len(sent), row.want)
			}
			if next, err := d.NextReminder(t.Context(), d.Now()); err != nil || !next.Equal(row.next) {
				t.Errorf("%s: next at %s, want %s (%v)", row.when, next, row.next, err)
			}
		}
	})
}

func TestDigestNamesTroubleWithMail(t *testing.T) {
	ticketstest.EachStore(t, digested, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.File(p.Mail("x@luar.example", "Lagi", "Lagi."))
		claimed, err := d.Claim(t.Context(), 10)
		if err != nil || len(claimed) == 0 {
			t.Fatal(claimed, err)
		}
		for _, n := range claimed {
			if err := d.Failed(t.Context(), n, "550 nobody here"); err != nil {
				t.Fatal(err)
			}
		}
		d.Deliver()
		remind(t, d, moment(24, 7, 30))
		digest := to(t, d.Deliver(), kepala)
		if got := parts(digest); !slices.Equal(got, []string{"trouble"}) || !strings.Contains(digest.Items[1].Lines[0], "2 surel tidak sampai") {
			t.Errorf("kepala is told %q: %+v", got, digest.Items)
		}
	})
}
