package tickets_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// timed are settings with deadlines, in the usual office hours.
func timed(s *tickets.Settings) {
	uncapped(s)
	s.Deadlines = tickets.Deadlines{Verify: 4 * time.Hour, FirstResponse: 8 * time.Hour, Update: 72 * time.Hour}
}

// moment is a time of November 2026 in the team's time zone; the 23rd is a Monday, and the tests begin on it at 10:00.
func moment(day, hour, minute int) time.Time {
	return makassar(day, hour).Add(time.Duration(minute) * time.Minute)
}

// reminded moves the clock on and returns who was told what, as "who:kind:clock:share".
func reminded(t *testing.T, p *play, when time.Time) []string {
	t.Helper()
	remind(t, p.Desk, when)
	var got []string
	for _, n := range p.deliver() {
		local, _, _ := strings.Cut(n.To.Address, "@")
		for _, i := range n.Items {
			if i.Clock != "" {
				got = append(got, local+":"+i.Clock+":"+map[int]string{50: "half", 75: "before", 90: "nine tenths", 100: "come", 125: "missed"}[i.Share])
			}
		}
	}
	slices.Sort(got)
	return got
}

func wantReminded(t *testing.T, p *play, when time.Time, want ...string) {
	t.Helper()
	if got := reminded(t, p, when); !slices.Equal(got, want) {
		t.Errorf("at %s: reminded %q, want %q", when.Format("Mon 15:04"), got, want)
	}
}

func wantDue(t *testing.T, p *play, want time.Time) {
	t.Helper()
	due := p.file().DueAt
	if want.IsZero() && due != nil || !want.IsZero() && (due == nil || !due.Equal(want)) {
		t.Errorf("due %v, want %s", due, want)
	}
}

func TestDeadlineRemindsBeforeThenAtItThenTheSupervisors(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d) // Monday 10:00
		wantDue(t, p, moment(23, 14, 0))
		wantReminded(t, p, moment(23, 12, 59))
		wantReminded(t, p, moment(23, 13, 0), "frontdesk:verify:before")
		wantReminded(t, p, moment(23, 13, 30))
		wantReminded(t, p, moment(23, 14, 0), "frontdesk:verify:come")
		wantReminded(t, p, moment(23, 15, 0), "kepala:verify:missed")
		wantReminded(t, p, moment(23, 16, 0), "frontdesk:first_response:before")
		p.must(fd, "", command("verify"))
		wantReminded(t, p, moment(24, 10, 0), "frontdesk:first_response:come")
		p.must(fd, "Baik.", command("reply"))
		wantReminded(t, p, moment(26, 10, 0)) // the report is verified and answered
		d.WantClean()
	})
}

func TestVerificationAndAnswerEndTheirDeadlines(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		p.must(fd, "", command("verify"), command("forward", budi))
		wantDue(t, p, moment(24, 10, 0)) // the first answer
		p.must(budi, "Kami periksa.", command("reply"))
		wantDue(t, p, moment(34, 10, 0)) // 72 working hours later
		p.must(budi, "", command("monitor"))
		wantDue(t, p, time.Time{})
		p.must(budi, "Perbarui.", command("recommend"), command("close"))
		wantDue(t, p, time.Time{})
		p.says(ani, "Muncul lagi!")
		wantDue(t, p, moment(34, 10, 0))
		d.WantClean()
	})
}

func TestDeadlinesWaitForTheReportersAnswer(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		d.Pass(time.Hour)
		p.must(fd, "Situs yang mana?", command("ask")) // 11:00: one of four hours is gone
		wantDue(t, p, time.Time{})
		wantReminded(t, p, moment(25, 9, 0))
		p.says(ani, "Situs dinas.")
		wantDue(t, p, moment(25, 12, 0))
		wantReminded(t, p, moment(25, 11, 0), "frontdesk:verify:before")
	})
}

func TestRobotsAndUnprovenMailStopAndStartNoClock(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		p.must(fd, "Situs yang mana?", command("ask"))
		for _, change := range []func(*tickets.Arrival){
			func(a *tickets.Arrival) { a.Automatic = tickets.AutoReply },
			func(a *tickets.Arrival) { a.Recipients = []string{ticketstest.Address} }, // nothing proves ani
			func(a *tickets.Arrival) { a.Authentication.DMARCFail = true },
			thanks,
		} {
			a := answer(d, p.last[ani], "Sedang cuti.")
			change(&a)
			d.File(a)
			wantDue(t, p, time.Time{})
		}
		p.says(ani, "Situs dinas.")
		due := *p.file().DueAt
		for _, change := range []func(*tickets.Arrival){
			func(a *tickets.Arrival) { a.Automatic = tickets.AutoReply },
			func(a *tickets.Arrival) { a.Recipients, a.To = []string{ticketstest.Address}, nil },
		} {
			a := answer(d, p.last[fd], "Baik, kami periksa.")
			change(&a)
			d.File(a)
			wantDue(t, p, due)
		}
	})
}

func TestDueTimeThatStaffSetHoldsAndIsListedOnceOver(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p, other := in(t, d, r), in(t, d, r)
		p.must(budi, "", command("set", "due=2026-11-27 10:00"))
		wantDue(t, p, moment(27, 10, 0))
		other.must(budi, "", command("set", "due=2026-11-24 10:00"))
		wantReminded(t, other, moment(24, 4, 0), "budi:due:before")
		p.must(budi, "Sejak kapan?", command("ask"))
		wantDue(t, p, moment(27, 10, 0))
		wantReminded(t, other, moment(24, 10, 0), "budi:due:come")
		if got := overdue(t, p); !slices.Equal(got, []string{string(other.n)}) {
			t.Errorf("overdue are %q", got)
		}
		other.must(budi, "", command("set", "due=2026-12-01"))
		wantReminded(t, p, moment(27, 9, 0)) // the reporter is asked
		p.says(ani, "Sejak kemarin.")
		wantReminded(t, p, moment(27, 9, 0), "budi:due:before")
		wantReminded(t, p, moment(28, 10, 0), "budi:due:missed", "kepala:due:missed")
		if got := overdue(t, p); !slices.Equal(got, []string{string(p.n)}) {
			t.Errorf("overdue are %q", got)
		}
	})
}

// overdue is what /list overdue names.
func overdue(t *testing.T, p *play) []string {
	t.Helper()
	p.File(signed(p.Desk, fd, "x", "", command("list", "overdue")))
	return to(t, p.Deliver(), fd).Items[0].Lines
}

func TestStatutoryClocksCountRealHoursFromWhenItWasFound(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "", command("set", "iiv=yes", "found=2026-11-23 02:00"))
		wantDue(t, p, moment(24, 2, 0))
		p.must(budi, "Sejak kapan?", command("ask")) // they never stop
		wantDue(t, p, moment(24, 2, 0))
		for _, at := range []struct {
			when time.Time
			word string
		}{{moment(23, 14, 0), "half"}, {moment(23, 20, 0), "before"}, {moment(23, 23, 36), "nine tenths"}, {moment(24, 2, 0), "come"}} {
			wantReminded(t, p, at.when, "budi:iiv:"+at.word, "frontdesk:iiv:"+at.word, "kepala:iiv:"+at.word)
		}
		wantReminded(t, p, moment(24, 8, 0))

		p = in(t, d, r) // reported on Tuesday at 08:00
		p.must(fd, "", command("set", "type=personal-data-breach"))
		wantDue(t, p, moment(24, 16, 0)) // the first answer is sooner
		p.must(budi, "Kami periksa.", command("reply"))
		wantDue(t, p, moment(27, 8, 0))
		p.must(budi, "Perbarui.", command("recommend"), command("close"))
		wantDue(t, p, time.Time{})
	})
}

func TestGatewayThatStoodStillRemindsOnce(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		p.must(fd, "Kami periksa.", command("reply"))
		wantReminded(t, p, moment(25, 10, 0), "frontdesk:verify:missed", "kepala:verify:missed")
		wantReminded(t, p, moment(25, 10, 0))
	})
}

func TestOwnerWhoIsAwayIsRemindedTogetherWithFrontDesk(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "", command("set", "due=2026-11-23 14:00"))
		p.must(budi, "", command("away", "2026-12-01"))
		wantReminded(t, p, moment(23, 13, 0), "budi:due:before", "frontdesk:due:before")
	})
}

func TestBacklogBeginsNoClock(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(d.Mail(ani, "Surel lama", "Lama.", func(a *tickets.Arrival) { a.Quiet, a.At = true, a.At.AddDate(-1, 0, 0) }))
		if due := d.Show(out.Ticket).DueAt; due != nil {
			t.Errorf("a mail of last year is due at %s", due)
		}
		if n := remind(t, d, makassar(30, 10)); n != 0 {
			t.Errorf("%d reminders", n)
		}
	})
}

func TestWatcherKnowsWhenSomethingIsDueNext(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		next := func(want time.Time) {
			t.Helper()
			got, err := d.NextReminder(t.Context(), d.Now())
			if err != nil || !got.Equal(want) {
				t.Errorf("next at %s, %v; want %s", got, err, want)
			}
		}
		next(time.Time{})
		p := in(t, d, v) // the first answer is due on Tuesday at 10:00
		next(moment(23, 16, 0))
		p.must(fd, "Sejak kapan?", command("ask"))
		next(moment(26, 10, 0)) // asked again after three working days
		p.says(ani, "Kemarin.")
		p.must(fd, "", command("forward", budi))
		p.must(budi, "", command("monitor", "2026-11-25", "09:00"))
		next(moment(25, 9, 0))
	})
}

func TestSeveralGatewaysRemindOnce(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { timed(s); s.Deadlines.Digest = 8 * time.Hour }, func(t *testing.T, d *ticketstest.Desk) {
		others := []*ticketstest.Desk{d}
		for range 2 {
			o := ticketstest.Beside(t, d)
			others = append(others, o)
		}
		for range 5 {
			lazily(t, d, o)
		}
		d.Deliver()
		at := moment(23, 14, 0)
		var all sync.WaitGroup
		for _, o := range others {
			all.Go(func() {
				if _, err := o.Remind(t.Context(), at); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		d.Pass(at.Sub(d.Now()))
		if got := d.Deliver(); len(got) != 5 {
			t.Errorf("%d reminders, want one a ticket: %s", len(got), kinds(got))
		}
		at = moment(24, 8, 0)
		for _, o := range others {
			all.Go(func() {
				if _, err := o.Remind(t.Context(), at); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		digests, err := d.Count(`SELECT COUNT(*) FROM notice WHERE kind = 'digest' AND recipient = ?`, fd)
		if err != nil || digests != 1 {
			t.Errorf("%d digests to Front Desk, %v", digests, err)
		}
		d.WantClean()
	})
}

func TestChangedSettingsHoldForRunningDeadlines(t *testing.T) {
	ticketstest.EachStore(t, timed, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		d.Settings.Deadlines.Verify = 2 * time.Hour
		d.Holidays = []string{"2026-11-24"}
		if err := d.RecountClocks(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantDue(t, p, moment(23, 12, 0))
		d.Settings.Deadlines.Verify = 0
		if err := d.RecountClocks(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantDue(t, p, moment(25, 10, 0)) // the first answer, after the holiday
	})
}
