package tickets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours is the working time of a week. The zero value is Monday to Friday, 08:00 to 16:00.
type Hours struct {
	days [7][]span // by time.Weekday; in order, apart from each other
	set  bool
}

// span is a part of a day, in minutes since midnight.
type span struct{ from, to int }

// officeHours is what holds where the settings name no hours.
var officeHours = Hours{set: true, days: [7][]span{time.Monday: office, time.Tuesday: office, time.Wednesday: office, time.Thursday: office, time.Friday: office}}

var office = []span{{8 * 60, 16 * 60}}

// dayNames are the words for the days in both languages, short and long.
var dayNames = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
	"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
	"min": time.Sunday, "sen": time.Monday, "sel": time.Tuesday, "rab": time.Wednesday, "kam": time.Thursday, "jum": time.Friday, "sab": time.Saturday,
	"minggu": time.Sunday, "senin": time.Monday, "selasa": time.Tuesday, "rabu": time.Wednesday, "kamis": time.Thursday, "jumat": time.Friday, "sabtu": time.Saturday,
}

// ParseHours reads working hours: days and ranges of hours, groups of them parted by commas, such as "mon-fri 08:00-16:00" or
// "mon-thu 07:30-12:00 13:00-16:00, fri 07:30-11:30". Days may be English or Indonesian. Ranges must not overlap and end on
// their day (24:00 at the latest).
func ParseHours(text string) (Hours, error) {
	h := Hours{set: true}
	for _, group := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		words := strings.Fields(strings.ToLower(group))
		if len(words) < 2 {
			return h, fmt.Errorf("%q: give days and hours, such as mon-fri 08:00-16:00", strings.TrimSpace(group))
		}
		days, err := parseDays(words[0])
		if err != nil {
			return h, err
		}
		for _, word := range words[1:] {
			s, err := parseSpan(word)
			if err != nil {
				return h, err
			}
			for _, day := range days {
				h.days[day] = append(h.days[day], s)
			}
		}
	}
	return h, h.check()
}

// check sorts the ranges of each day and refuses what cannot be meant.
func (h *Hours) check() error {
	any := false
	for day := range h.days {
		slices.SortFunc(h.days[day], func(a, b span) int { return a.from - b.from })
		for i, s := range h.days[day] {
			any = true
			if i > 0 && s.from < h.days[day][i-1].to {
				return fmt.Errorf("two ranges of hours overlap on %s", time.Weekday(day))
			}
		}
	}
	if !any {
		return errors.New("no working hours: give days and hours, such as mon-fri 08:00-16:00")
	}
	return nil
}

// parseDays reads a day or a range of days, which may go over the end of the week ("sat-mon").
func parseDays(word string) ([]time.Weekday, error) {
	first, last, ranged := strings.Cut(word, "-")
	from, known := dayNames[first]
	to := from
	if ranged && known {
		to, known = dayNames[last]
	}
	if !known {
		return nil, fmt.Errorf("%q are no days: give such as mon-fri or sat", word)
	}
	days := []time.Weekday{from}
	for day := from; day != to; {
		day = (day + 1) % 7
		days = append(days, day)
	}
	return days, nil
}

func parseSpan(word string) (span, error) {
	first, last, _ := strings.Cut(word, "-")
	from, err := ParseClock(first)
	to, errTo := ParseClock(last)
	if err != nil || errTo != nil || to <= from {
		return span{}, fmt.Errorf("%q are no hours of one day: give such as 08:00-16:00; a night is two ranges, 22:00-24:00 and 00:00-06:00", word)
	}
	return span{int(from.Minutes()), int(to.Minutes())}, nil
}

// ParseClock reads a time of the day, 07:30 or 07.30, as the time since midnight; 24:00 is the end of the day.
func ParseClock(text string) (time.Duration, error) {
	hour, minute, found := strings.Cut(strings.ReplaceAll(strings.TrimSpace(text), ".", ":"), ":")
	h, err := strconv.Atoi(hour)
	m, errM := strconv.Atoi(minute)
	if !found || err != nil || errM != nil || len(minute) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, fmt.Errorf("%q is no time of the day: give one such as 07:30", text)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

// calendar tells working time from other time, in a time zone. Its functions are pure.
type calendar struct {
	hours    Hours
	holidays []string // 2006-01-02
	zone     *time.Location
}

// calendar is the team's.
func (s *Settings) calendar() calendar {
	c := calendar{s.Deadlines.Hours, s.Holidays, s.Location}
	if !c.hours.set {
		c.hours = officeHours
	}
	if c.zone == nil {
		c.zone = time.UTC
	}
	return c
}

// interval is a stretch of working time: from, and up to but not at, to.
type interval struct{ from, to time.Time }

// on lists the working time of the day on which t falls, in order.
func (c calendar) on(t time.Time) []interval {
	t = t.In(c.zone)
	if slices.Contains(c.holidays, t.Format("2006-01-02")) {
		return nil
	}
	var out []interval
	y, m, d := t.Date()
	for _, s := range c.hours.days[t.Weekday()] {
		// By the clock on the wall: a day on which the clocks change is shorter or longer.
		i := interval{time.Date(y, m, d, 0, s.from, 0, 0, c.zone), time.Date(y, m, d, 0, s.to, 0, 0, c.zone)}
		if i.to.After(i.from) {
			out = append(out, i)
		}
	}
	return out
}

// workday says whether anybody works on the day on which t falls.
func (c calendar) workday(t time.Time) bool { return len(c.on(t)) > 0 }

// farthest bounds how many days are looked through: a list of holidays may be absurd.
const farthest = 20 * 366

// next is the beginning of the following day.
func (c calendar) next(t time.Time) time.Time {
	y, m, d := t.In(c.zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, c.zone)
}

// add is the moment at which so much working time has passed since from; from itself where none is asked for. What ends with a
// working day ends then, not on the next morning. The zero time means never: there is no working time in the next twenty years.
func (c calendar) add(from time.Time, working time.Duration) time.Time {
	if working <= 0 {
		return from
	}
	day := from
	for range farthest {
		for _, i := range c.on(day) {
			begin := i.from
			if begin.Before(from) {
				begin = from
			}
			if left := i.to.Sub(begin); left >= working {
				return begin.Add(working)
			} else if left > 0 {
				working -= left
			}
		}
		day = c.next(day)
	}
	return time.Time{}
}

// between is the working time from one moment to a later one; 0 where it is not later.
func (c calendar) between(from, to time.Time) time.Duration {
	var sum time.Duration
	for day, n := from, 0; day.Before(to) && n < farthest; day, n = c.next(day), n+1 {
		for _, i := range c.on(day) {
			begin, end := i.from, i.to
			if begin.Before(from) {
				begin = from
			}
			if end.After(to) {
				end = to
			}
			if end.After(begin) {
				sum += end.Sub(begin)
			}
		}
	}
	return sum
}
