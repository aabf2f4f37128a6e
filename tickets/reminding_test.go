package tickets_test

import (
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func remind(t *testing.T, d *ticketstest.Desk, when time.Time) int {
	t.Helper()
	d.Pass(when.Sub(d.Now()))
	n, err := d.Remind(t.Context(), d.Now())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func makassar(day, hour int) time.Time {
	zone, _ := time.LoadLocation("Asia/Makassar")
	return time.Date(2026, 11, day, hour, 0, 0, 0, zone) // the 23rd is a Monday
}

func TestOwnerIsRemindedOnceWhenMonitoringEnds(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p, q, back := in(t, d, r), in(t, d, r), in(t, d, r)
		p.must(budi, "", command("monitor", "2026-11-25"))
		q.must(budi, "", command("monitor", "2026-11-24", "09:00"))
		q.must(budi, "Aman.", command("recommend"), command("close"))
		back.must(budi, "", command("monitor", "2026-11-24", "09:00"))
		back.says(ani, "", command("unsolved")) // it is no longer watched
		if n := remind(t, d, makassar(25, 7)); n != 0 {
			t.Errorf("%d reminders before the working day", n)
		}
		if n := remind(t, d, makassar(25, 8)); n != 1 {
			t.Errorf("%d reminders", n)
		}
		wantKinds(t, d.Deliver(), "budi:reminder")
		if n := remind(t, d, makassar(26, 8)); n != 0 {
			t.Errorf("%d reminders for the second time", n)
		}
		wantState(t, d, p.n, m)
		d.WantClean()
	})
}

func TestQuestionIsRepeatedOnceAfterThreeWorkingDays(t *testing.T) {
	rows := []struct {
		about string
		asked time.Time
		early time.Time
		due   time.Time
	}{
		{"Monday to Thursday", makassar(23, 11), makassar(26, 10), makassar(26, 11)},
		{"Thursday to Tuesday, over the weekend", makassar(26, 11), makassar(29, 12), makassar(30, 24+11)},
		{"Wednesday never falls on Saturday", makassar(25, 11), makassar(28, 12), makassar(30, 11)},
		{"Saturday to Wednesday", makassar(28, 11), makassar(31, 24+10), makassar(31, 24+11)},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Log(row.about)
			d := fresh(t, d)
			d.Pass(row.asked.Sub(d.Now()))
			p := in(t, d, r)
			p.must(budi, "Sejak kapan?", command("ask"))
			if n := remind(t, d, row.early); n != 0 {
				t.Errorf("%d repeated too early", n)
			}
			if n := remind(t, d, row.due); n != 1 {
				t.Errorf("%d repeated in time", n)
			}
			sent := d.Deliver()
			wantKinds(t, sent, "ani:asked-again")
			if texts(sent[0]) != "Sejak kapan?" {
				t.Errorf("repeated as %q", texts(sent[0]))
			}
			if n := remind(t, d, row.due.AddDate(0, 0, 20)); n != 0 {
				t.Errorf("%d repeated twice", n)
			}
		}
	})
}

func TestHolidayIsNoWorkingDay(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.Holidays = []string{"2026-11-24", "2026-11-26"} }, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r) // Monday 10:00
		p.must(budi, "Sejak kapan?", command("ask"))
		if n := remind(t, d, makassar(30, 9)); n != 0 {
			t.Errorf("%d repeated too early", n)
		}
		if n := remind(t, d, makassar(30, 10)); n != 1 {
			t.Errorf("%d repeated in time", n)
		}
	})
}

func TestAnsweredQuestionIsNotRepeated(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "Sejak kapan?", command("ask"))
		a := answer(d, p.last[ani], "Terima kasih")
		thanks(&a)
		d.File(a) // is no answer
		p.says(ani, "Sejak kemarin.")
		if n := remind(t, d, makassar(30, 10)); n != 0 {
			t.Errorf("%d repeated", n)
		}
	})
}
