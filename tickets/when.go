package tickets

import (
	"fmt"
	"strings"
	"time"
)

// WhenError says why no time could be read. Error is the English sentence; In gives it to people in their language.
type WhenError struct {
	Given string // what was to be read, cut to a length that fits into an answer
	Says  Words
}

// Error is the English sentence, with two examples.
func (e *WhenError) Error() string { return e.Says.EN }

// In is the sentence in a language, with two examples.
func (e *WhenError) In(l Language) string { return e.Says.In(l) }

// ParseWhen reads a time from the beginning of args, as people here write it: 2026-11-25 10:00, 25/11/2026 10.00, Rabu, 25
// November 2026 pukul 10.00 WITA, 25 Nov, besok 10.00, lusa, senin 9am, jam 3 sore, 7 hari lagi. Words without a zone mean loc.
//
// used is how many of args the time took; what follows is the caller's (a place). allDay is a date alone: t is its midnight in
// loc. A weekday is the next such day, today only where its time is still ahead of now; "depan" and "next" are the week after
// this one, Monday first. A date without a year is the next such date. A time that is past is no error here, but for the caller.
//
// The error is a *WhenError.
func ParseWhen(args []string, now time.Time, loc *time.Location) (t time.Time, allDay bool, used int, err error) {
	return parseTime(args, now, loc, false)
}

// ParsePast reads like ParseWhen a time at which something has happened: a weekday or a date without a year is the last such
// day, today included.
func ParsePast(args []string, now time.Time, loc *time.Location) (t time.Time, allDay bool, used int, err error) {
	return parseTime(args, now, loc, true)
}

func parseTime(args []string, now time.Time, loc *time.Location, past bool) (time.Time, bool, int, error) {
	if loc == nil {
		loc = time.UTC
	}
	words, owners := timeWords(args)
	r := &timeReader{words: words}
	if err := r.read(); err != nil {
		return time.Time{}, false, 0, noTime(args, now.In(loc), err.words)
	}
	used := 0
	if r.at > 0 {
		used = owners[r.at-1] + 1
	}
	if used == 0 || r.at < len(owners) && owners[r.at] == used-1 { // nothing read, or the end lies inside of one quoted argument
		return time.Time{}, false, 0, noTime(args, now.In(loc), notATime)
	}
	t, misread := r.resolve(now, loc, past)
	if misread != nil {
		return time.Time{}, false, 0, noTime(args, now.In(loc), misread.words)
	}
	return t.In(loc), r.clock == nil && !r.moment, used, nil
}

// misreading is a reason, before what was given and the examples are put around it.
type misreading struct{ words Words }

var (
	notATime      = Words{"bukan waktu yang dikenali", "is no time that can be read"}
	noSuchDate    = Words{"berisi tanggal yang tidak ada", "has a date that does not exist"}
	noSuchClock   = Words{"berisi jam yang tidak ada", "has a time of day that does not exist"}
	spanOfTime    = Words{"adalah rentang waktu; tulis waktu mulainya saja", "is a span of time; write its beginning alone"}
	datesDisagree = Words{"menyebut hari dan tanggal yang tidak cocok", "names a day and a date that do not agree"}
	dayOrWeek     = Words{"dapat berarti hari Minggu atau minggu depan; tulis tanggalnya", "may mean Sunday or a week; write the date"}
)

func noTime(args []string, now time.Time, why Words) *WhenError {
	given := strings.Join(args[:min(len(args), 6)], " ")
	if r := []rune(given); len(r) > 60 {
		given = string(r[:60]) + "…"
	}
	example := now.AddDate(0, 0, 2).Format("2006-01-02") + " 10:00"
	if strings.TrimSpace(given) == "" {
		return &WhenError{given, Words{
			fmt.Sprintf("waktunya belum ditulis; contoh: %s atau besok 10.00", example),
			fmt.Sprintf("the time is missing; for example: %s or tomorrow 10:00", example)}}
	}
	return &WhenError{given, Words{
		fmt.Sprintf("“%s” %s; contoh: %s atau besok 10.00", given, why.ID, example),
		fmt.Sprintf("“%s” %s; for example: %s or tomorrow 10:00", given, why.EN, example)}}
}

// mostTimeWords bounds how far a time is looked for: longer than any way to write one.
const mostTimeWords = 16

// timeWords splits args into words to compare, and tells for each word the argument it is from: quotes may keep a date and its
// time together. Case, dashes and the punctuation around a word do not count.
func timeWords(args []string) (words []string, owners []int) {
	for i, a := range args {
		for _, w := range strings.Fields(a) {
			w = strings.Map(func(r rune) rune {
				if strings.ContainsRune("‐‑‒–—−", r) {
					return '-'
				}
				return r
			}, strings.ToLower(w))
			words = append(words, strings.Trim(w, `,;:.()[]"@`))
			owners = append(owners, i)
		}
		if len(words) >= mostTimeWords {
			break
		}
	}
	return words, owners
}

// resolve turns what was read into a moment. The first date that names a year or a month decides; every other must agree with it.
func (r *timeReader) resolve(now time.Time, zone *time.Location, past bool) (time.Time, *misreading) {
	if r.moment {
		return now, nil
	}
	if r.zone != nil {
		zone = r.zone
	}
	now = now.In(zone)
	clock := clockTime{}
	if r.clock != nil {
		clock = *r.clock
	}
	if len(r.days) == 0 { // a time alone is today's, past or not
		return clock.on(now, zone), nil
	}
	first := r.days[0]
	for _, d := range r.days[1:] {
		if d.kind < first.kind {
			first = d
		}
	}
	t, ok := first.next(now, clock, zone, past)
	if !ok {
		return t, &misreading{noSuchDate}
	}
	for _, d := range r.days {
		if !d.agrees(t, now, clock, zone, past) {
			return t, &misreading{datesDisagree}
		}
	}
	return t, nil
}

// clockTime is a time of day.
type clockTime struct{ hour, minute, second int }

func (c clockTime) valid() bool {
	return c.hour >= 0 && c.hour <= 23 && c.minute <= 59 && c.second <= 59
}

func (c clockTime) on(day time.Time, zone *time.Location) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), c.hour, c.minute, c.second, 0, zone)
}

// dayKind orders the ways to name a day, the most exact first.
type dayKind int

const (
	wholeDate dayKind = iota
	dateOfYear
	distance
	weekday
)

// namedDay is one naming of a day.
type namedDay struct {
	kind        dayKind
	year        int
	month       time.Month
	day         int
	offset      int // days from today
	weekday     time.Weekday
	weeks       int  // of a weekday: calendar weeks from this one, where week says so
	week        bool // "senin depan", "senin lalu", "senin minggu depan"
	weekIsLoose bool // "lalu": the last such day, be it in this week
}

// next finds the day that is meant, at a time of day. It is false where the calendar has no such day.
func (d namedDay) next(now time.Time, clock clockTime, zone *time.Location, past bool) (time.Time, bool) {
	switch d.kind {
	case wholeDate:
		return d.inYear(d.year, clock, zone)
	case dateOfYear:
		return d.inNextYear(now, clock, zone, past)
	case distance:
		return clock.on(now.AddDate(0, 0, d.offset), zone), true
	}
	return d.nextWeekday(now, clock, zone, past), true
}

func (d namedDay) inYear(year int, clock clockTime, zone *time.Location) (time.Time, bool) {
	t := time.Date(year, d.month, d.day, 12, 0, 0, 0, zone)
	if t.Month() != d.month || t.Day() != d.day || year < 1990 || year > 2199 {
		return t, false
	}
	return clock.on(t, zone), true
}

// inNextYear looks eight years far: 29 February may be that far away.
func (d namedDay) inNextYear(now time.Time, clock clockTime, zone *time.Location, past bool) (time.Time, bool) {
	today := clockTime{}.on(now, zone)
	step := 1
	if past {
		step = -1
	}
	for n := 0; n <= 8; n++ {
		t, ok := d.inYear(now.Year()+n*step, clock, zone)
		day := clockTime{}.on(t, zone)
		if ok && (!past && !day.Before(today) || past && !day.After(today)) {
			return t, true
		}
	}
	return time.Time{}, false
}

func (d namedDay) nextWeekday(now time.Time, clock clockTime, zone *time.Location, past bool) time.Time {
	if d.week && !d.weekIsLoose {
		monday := now.AddDate(0, 0, -((int(now.Weekday())+6)%7)+7*d.weeks)
		return clock.on(monday.AddDate(0, 0, (int(d.weekday)+6)%7), zone)
	}
	if past || d.weekIsLoose {
		back := (int(now.Weekday()) - int(d.weekday) + 7) % 7
		t := clock.on(now.AddDate(0, 0, -back), zone)
		if t.After(now) || back == 0 && d.weekIsLoose {
			t = clock.on(now.AddDate(0, 0, -back-7), zone)
		}
		return t
	}
	ahead := (int(d.weekday) - int(now.Weekday()) + 7) % 7
	t := clock.on(now.AddDate(0, 0, ahead), zone)
	if !t.After(now) {
		t = clock.on(now.AddDate(0, 0, ahead+7), zone)
	}
	return t
}

// agrees says whether another naming may mean the same day: a weekday beside a date is a check, not a date of its own.
func (d namedDay) agrees(t, now time.Time, clock clockTime, zone *time.Location, past bool) bool {
	if d.kind == weekday && !d.week {
		return t.Weekday() == d.weekday
	}
	other, ok := d.next(now, clock, zone, past)
	if d.kind == dateOfYear { // the year stands elsewhere
		return t.Month() == d.month && t.Day() == d.day
	}
	return ok && other.Equal(t)
}
