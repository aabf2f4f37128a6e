package tickets

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func hours(t testing.TB, text string) Hours {
	t.Helper()
	h, err := ParseHours(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestWorkingTimePassesNightsWeekendsAndHolidays(t *testing.T) {
	wita := zone(t, "Asia/Makassar")
	berlin := zone(t, "Europe/Berlin")
	const office, lunch = "mon-fri 08:00-16:00", "mon-thu 07:30-12:00 13:00-16:00, fri 07:30-11:30"
	at := func(z *time.Location, month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, z)
	}
	for _, row := range []struct {
		about, hours string
		from         time.Time
		working      time.Duration
		want         time.Time
		holidays     []string
	}{
		{"within a day", office, at(wita, 11, 23, 10, 0), 4 * time.Hour, at(wita, 11, 23, 14, 0), nil},
		{"exactly to its end", office, at(wita, 11, 23, 12, 0), 4 * time.Hour, at(wita, 11, 23, 16, 0), nil},
		{"over a night", office, at(wita, 11, 23, 14, 0), 4 * time.Hour, at(wita, 11, 24, 10, 0), nil},
		{"from before the day", office, at(wita, 11, 23, 5, 0), time.Hour, at(wita, 11, 23, 9, 0), nil},
		{"from after the day", office, at(wita, 11, 23, 20, 0), time.Hour, at(wita, 11, 24, 9, 0), nil},
		{"over a weekend", office, at(wita, 11, 27, 15, 0), 2 * time.Hour, at(wita, 11, 30, 9, 0), nil},
		{"from a Sunday", office, at(wita, 11, 29, 12, 0), 8 * time.Hour, at(wita, 11, 30, 16, 0), nil},
		{"over holidays", office, at(wita, 12, 24, 15, 0), 2 * time.Hour, at(wita, 12, 29, 9, 0), []string{"2026-12-25", "2026-12-28"}},
		{"72 working hours are nine days", office, at(wita, 11, 23, 8, 0), 72 * time.Hour, at(wita, 12, 3, 16, 0), nil},
		{"over lunch", lunch, at(wita, 11, 23, 11, 0), 2 * time.Hour, at(wita, 11, 23, 14, 0), nil},
		{"a short Friday", lunch, at(wita, 11, 27, 11, 0), time.Hour, at(wita, 11, 30, 8, 0), nil},
		{"round the clock", "mon-sun 00:00-24:00", at(wita, 11, 27, 23, 0), 24 * time.Hour, at(wita, 11, 28, 23, 0), nil},
		{"Indonesian days", "sen-kam 08.00-16.00, sab 09:00-12:00", at(wita, 11, 26, 15, 0), 2 * time.Hour, at(wita, 11, 28, 10, 0), nil},
		{"a night on which clocks go back", "mon-sun 00:00-24:00", at(berlin, 10, 24, 12, 0), 24 * time.Hour, at(berlin, 10, 25, 11, 0), nil},
		{"no time at all", office, at(wita, 11, 28, 12, 0), 0, at(wita, 11, 28, 12, 0), nil},
	} {
		c := calendar{hours(t, row.hours), row.holidays, row.from.Location()}
		if got := c.add(row.from, row.working); !got.Equal(row.want) {
			t.Errorf("%s: %s and %s is %s, want %s", row.about, row.from, row.working, got, row.want)
		}
	}
}

func TestNoWorkingTimeAtAllIsNever(t *testing.T) {
	c := calendar{hours(t, "sun 08:00-16:00"), nil, time.UTC}
	for day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2050; day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Sunday {
			c.holidays = append(c.holidays, day.Format("2006-01-02"))
		}
	}
	if got := c.add(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), time.Hour); !got.IsZero() {
		t.Errorf("an hour of no working time ends at %s", got)
	}
}

// drawCalendar invents working weeks: every day one to three ranges or none.
func drawCalendar(t *rapid.T) calendar {
	c := calendar{hours: Hours{set: true}}
	zones := []string{"Asia/Makassar", "Europe/Berlin", "America/New_York", "UTC"}
	var err error
	if c.zone, err = time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone")); err != nil {
		t.Fatal(err)
	}
	for day := range c.hours.days {
		at := 0
		for range rapid.IntRange(0, 3).Draw(t, "ranges") {
			from := at + rapid.IntRange(0, 300).Draw(t, "gap")
			to := from + rapid.IntRange(1, 300).Draw(t, "length")
			if to > 24*60 {
				break
			}
			c.hours.days[day] = append(c.hours.days[day], span{from, to})
			at = to
		}
	}
	c.hours.days[time.Monday] = []span{{8 * 60, 16 * 60}} // some time there must be
	for range rapid.IntRange(0, 4).Draw(t, "holidays") {
		c.holidays = append(c.holidays, time.Date(2026, 3, rapid.IntRange(1, 40).Draw(t, "holiday"), 0, 0, 0, 0, time.UTC).Format("2006-01-02"))
	}
	return c
}

func drawMoment(t *rapid.T, what string) time.Time {
	return time.Date(2026, 3, 1, 0, rapid.IntRange(0, 40*24*60).Draw(t, what), 0, 0, time.UTC)
}

func TestWorkingTimeAddedIsTheWorkingTimeBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t), drawMoment(t, "from")
		d := time.Duration(rapid.IntRange(1, 6000).Draw(t, "minutes")) * time.Minute
		end := c.add(from, d)
		if got := c.between(from, end); got != d {
			t.Fatalf("from %s, %s end at %s: between are %s", from, d, end, got)
		}
		if c.between(from, end.Add(-time.Minute)) >= d {
			t.Fatalf("from %s, %s end before %s already", from, d, end)
		}
		cut := time.Duration(rapid.Int64Range(0, int64(d)).Draw(t, "cut"))
		if two := c.add(c.add(from, cut), d-cut); !two.Equal(end) && c.between(two, end)+c.between(end, two) != 0 {
			t.Fatalf("from %s, %s and %s end at %s, together at %s", from, cut, d-cut, two, end)
		}
		later := from.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "later")) * time.Minute)
		if c.add(later, d).Before(end) {
			t.Fatalf("who begins later ends earlier: %s and %s, %s", from, later, d)
		}
	})
}

// workingMinutes counts by looking at every minute: slow, and sure.
func workingMinutes(c calendar, from, to time.Time) (n int) {
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		local := at.In(c.zone)
		if contains(c.holidays, local.Format("2006-01-02")) {
			continue
		}
		for _, s := range c.hours.days[local.Weekday()] {
			if m := local.Hour()*60 + local.Minute(); m >= s.from && m < s.to {
				n++
			}
		}
	}
	return n
}

func TestWorkingTimeIsTheSumOfItsMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCalendar(t)
		c.zone = time.FixedZone("WITA", 8*60*60) // by the minute nothing else can be counted when clocks change
		from := drawMoment(t, "from")
		to := from.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "to")) * time.Minute)
		if got, want := c.between(from, to), time.Duration(workingMinutes(c, from, to))*time.Minute; got != want {
			t.Fatalf("from %s to %s: %s, counted %s", from, to, got, want)
		}
	})
}

func TestWrongHoursAreRefusedWithWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "mon-fri 08:00-16:00",
		"mon-fri":                         "mon-fri 08:00-16:00",
		"someday 08:00-16:00":             "someday",
		"mon-someday 08:00-16:00":         "mon-someday",
		"mon 16:00-08:00":                 "22:00-24:00",
		"mon 08:00":                       "08:00-16:00",
		"mon 08:00-25:00":                 "08:00-16:00",
		"mon 08:00-12:00 11:00-16:00":     "overlap",
		"mon-fri 08:00-16:00, wed 9:00-1": "9:00-1",
	} {
		if _, err := ParseHours(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("hours %q: %v, want %q in it", text, err, want)
		}
	}
}
