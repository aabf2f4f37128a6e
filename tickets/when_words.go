package tickets

import (
	"regexp"
	"strconv"
	"time"
)

// timeReader reads words from left to right: namings of one day side by side, a time of day, a zone.
type timeReader struct {
	words  []string
	at     int // how many words are read
	days   []namedDay
	clock  *clockTime
	zone   *time.Location
	moment bool // "now"
}

var (
	isoMoment   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})t(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?(z|[+-]\d{2}:?\d{2})?$`)
	yearFirst   = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	dayFirst    = regexp.MustCompile(`^(\d{1,2})(?:[-/.](\d{1,2})[-/.](\d{4})|[-/](\d{1,2})[-/](\d{2})|/(\d{1,2}))$`)
	dayMonth    = regexp.MustCompile(`^(\d{1,2})[-/.]?([a-z]{3,})(?:[-/.]?(\d{4}))?$`)
	dayNumber   = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?$`)
	yearNumber  = regexp.MustCompile(`^\d{4}$`)
	clockFace   = regexp.MustCompile(`^(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?([a-z.]*)$`)
	clockHour   = regexp.MustCompile(`^(\d{1,2})(am|pm|a\.m|p\.m)?$`)
	clockSpan   = regexp.MustCompile(`^\d{1,2}[:.]\d{2}(?:[a-z]*)-`)
	zoneOffset  = regexp.MustCompile(`^(?:(?:utc|gmt)([+-])(\d{1,2})(?::?(\d{2}))?|([+-])(\d{2}):?(\d{2}))$`)
	countOfDays = regexp.MustCompile(`^\d{1,3}$`)
)

var monthNames = map[string]time.Month{
	"januari": 1, "january": 1, "jan": 1, "februari": 2, "february": 2, "pebruari": 2, "feb": 2, "peb": 2, "maret": 3, "march": 3, "mar": 3,
	"april": 4, "apr": 4, "mei": 5, "may": 5, "juni": 6, "june": 6, "jun": 6, "juli": 7, "july": 7, "jul": 7,
	"agustus": 8, "august": 8, "aug": 8, "agu": 8, "agt": 8, "ags": 8, "september": 9, "sept": 9, "sep": 9,
	"oktober": 10, "october": 10, "okt": 10, "oct": 10, "november": 11, "nopember": 11, "nov": 11, "nop": 11,
	"desember": 12, "december": 12, "des": 12, "dec": 12,
}

var weekdayNames = map[string]time.Weekday{
	"senin": 1, "monday": 1, "mon": 1, "selasa": 2, "tuesday": 2, "tue": 2, "tues": 2, "rabu": 3, "wednesday": 3, "wed": 3,
	"kamis": 4, "thursday": 4, "thu": 4, "thur": 4, "thurs": 4, "jumat": 5, "jum'at": 5, "jumaat": 5, "friday": 5, "fri": 5,
	"sabtu": 6, "saturday": 6, "sat": 6, "minggu": 0, "ahad": 0, "sunday": 0, "sun": 0,
}

// dayDistances are phrases for days counted from today, the longer ones first.
var dayDistances = []struct {
	phrase []string
	days   int
}{
	{[]string{"the", "day", "after", "tomorrow"}, 2}, {[]string{"day", "after", "tomorrow"}, 2}, {[]string{"besok", "lusa"}, 2},
	{[]string{"kemarin", "lusa"}, -2}, {[]string{"kemarin", "dulu"}, -2}, {[]string{"hari", "ini"}, 0}, {[]string{"hr", "ini"}, 0},
	{[]string{"today"}, 0}, {[]string{"besok"}, 1}, {[]string{"bsk"}, 1}, {[]string{"esok"}, 1}, {[]string{"tomorrow"}, 1},
	{[]string{"lusa"}, 2}, {[]string{"kemarin"}, -1}, {[]string{"kemaren"}, -1}, {[]string{"yesterday"}, -1},
}

// zones are the three of Indonesia (Keppres 41/1987) and universal time, in seconds east of it.
var zones = map[string]int{"wib": 7 * 3600, "wita": 8 * 3600, "wit": 9 * 3600, "utc": 0, "gmt": 0, "z": 0}

// partsOfDay say which hours they may hold, and what is added to them: jam 3 sore is 15.00. Where people differ (jam 12 malam),
// nothing is guessed.
var partsOfDay = map[string][][3]int{
	"pagi":   {{0, 11, 0}},
	"siang":  {{1, 3, 12}, {10, 15, 0}},
	"sore":   {{1, 7, 12}, {13, 19, 0}},
	"petang": {{1, 7, 12}, {13, 19, 0}},
	"malam":  {{6, 11, 12}, {18, 23, 0}},
}

// word is the n-th word from the reader's place; "" beyond the end.
func (r *timeReader) word(n int) string {
	if r.at+n < len(r.words) {
		return r.words[r.at+n]
	}
	return ""
}

// read takes words for as long as they belong to a time. Words that only lead to one (pukul, tanggal) are taken with it.
func (r *timeReader) read() *misreading {
	touching := true // namings of a day stand side by side
	for r.at < len(r.words) && !r.moment {
		start := r.at
		hour := r.skipLeading()
		took, err := false, (*misreading)(nil)
		if len(r.days) == 0 || touching {
			took, err = r.readDay(r.at > start)
		}
		if took {
			touching = true
		}
		if !took && err == nil && r.clock == nil && !r.moment {
			took, err = r.readClock(hour)
			touching = took && len(r.days) == 0
		}
		if err != nil {
			return err
		}
		if !took {
			r.at = start
			return nil
		}
	}
	return nil
}

// skipLeading passes words that only lead to a date or a time; true where they lead to an hour.
func (r *timeReader) skipLeading() (hour bool) {
	for r.at < len(r.words) {
		switch r.word(0) {
		case "jam", "pukul", "pk", "pkl", "at":
			hour = true
		case "hari":
			if r.word(1) == "ini" {
				return hour
			}
		case "", "-", "tanggal", "tgl", "on", "pada", "nanti", "pd":
		default:
			return hour
		}
		r.at++
	}
	return hour
}

// readDay takes one naming of a day, and with ISO 8601's T the time too. led tells that a word like "hari" stood before it.
func (r *timeReader) readDay(led bool) (bool, *misreading) {
	w := r.word(0)
	if m := isoMoment.FindStringSubmatch(w); m != nil && r.clock == nil {
		return r.takeISO(m)
	}
	if m := yearFirst.FindStringSubmatch(w); m != nil {
		return r.takeDate(1, number(m[1]), number(m[2]), number(m[3]))
	}
	if m := dayFirst.FindStringSubmatch(w); m != nil {
		switch {
		case m[3] != "":
			return r.takeDate(1, number(m[3]), number(m[2]), number(m[1]))
		case m[5] != "":
			return r.takeDate(1, 2000+number(m[5]), number(m[4]), number(m[1]))
		}
		return r.takeDate(1, 0, number(m[6]), number(m[1]))
	}
	if took, err := r.readMonthName(); took || err != nil {
		return took, err
	}
	if w == "sekarang" || w == "now" {
		r.moment, r.at = true, r.at+1
		return true, nil
	}
	if r.readDistance() {
		return true, nil
	}
	return r.readWeekday(led)
}

func (r *timeReader) takeISO(m []string) (bool, *misreading) {
	c := clockTime{number(m[4]), number(m[5]), number(m[6])}
	if !c.valid() {
		return false, &misreading{noSuchClock}
	}
	r.clock = &c
	if m[7] != "" {
		r.zone, _ = zoneNamed(m[7])
	}
	return r.takeDate(1, number(m[1]), number(m[2]), number(m[3]))
}

// takeDate records a date of so many words; year 0 is one without a year.
func (r *timeReader) takeDate(words, year, month, day int) (bool, *misreading) {
	d := namedDay{kind: wholeDate, year: year, month: time.Month(month), day: day}
	check := year
	if year == 0 {
		d.kind, check = dateOfYear, 2024 // a leap year
	}
	if _, ok := d.inYear(check, clockTime{}, time.UTC); !ok {
		return false, &misreading{noSuchDate}
	}
	r.days = append(r.days, d)
	r.at += words
	return true, nil
}

// readMonthName takes 25 November 2026, 25-Nov-2026, 25 Nov, November 25th, 2026.
func (r *timeReader) readMonthName() (bool, *misreading) {
	year := func(n int) (int, int) {
		if w := r.word(n); yearNumber.MatchString(w) {
			return number(w), n + 1
		}
		return 0, n
	}
	if m := dayMonth.FindStringSubmatch(r.word(0)); m != nil && monthNames[m[2]] != 0 {
		y, words := number(m[3]), 1
		if y == 0 {
			y, words = year(1)
		}
		return r.takeDate(words, y, int(monthNames[m[2]]), number(m[1]))
	}
	if m := dayNumber.FindStringSubmatch(r.word(0)); m != nil && monthNames[r.word(1)] != 0 {
		y, words := year(2)
		return r.takeDate(words, y, int(monthNames[r.word(1)]), number(m[1]))
	}
	if m := dayNumber.FindStringSubmatch(r.word(1)); m != nil && monthNames[r.word(0)] != 0 {
		y, words := year(2)
		return r.takeDate(words, y, int(monthNames[r.word(0)]), number(m[1]))
	}
	return false, nil
}

// readDistance takes besok, hari ini, 7 hari lagi, in 2 weeks, 3 days ago.
func (r *timeReader) readDistance() bool {
	for _, d := range dayDistances {
		if r.begins(d.phrase) {
			r.days = append(r.days, namedDay{kind: distance, offset: d.days})
			r.at += len(d.phrase)
			return true
		}
	}
	n, words := 0, 0
	if r.word(0) == "in" || r.word(0) == "dalam" {
		n++
	}
	count, unit := r.word(n), r.word(n+1)
	if count == "seminggu" {
		count, unit, words = "1", "minggu", n+1
	} else {
		words = n + 2
	}
	days := map[string]int{"hari": 1, "day": 1, "days": 1, "minggu": 7, "pekan": 7, "week": 7, "weeks": 7}[unit]
	if days == 0 || !countOfDays.MatchString(count) {
		return false
	}
	offset := number(count) * days
	r.at += words
	switch r.word(0) {
	case "lagi":
		r.at++
	case "lalu", "ago":
		offset, r.at = -offset, r.at+1
	}
	r.days = append(r.days, namedDay{kind: distance, offset: offset})
	return true
}

func (r *timeReader) begins(phrase []string) bool {
	for i, p := range phrase {
		if r.word(i) != p {
			return false
		}
	}
	return true
}

// readWeekday takes a weekday with the word that says which: senin depan, senin minggu depan, next monday, senin lalu.
func (r *timeReader) readWeekday(led bool) (bool, *misreading) {
	n := 0
	d := namedDay{kind: weekday}
	which := func(word string) bool {
		switch word {
		case "depan", "next":
			d.week, d.weeks = true, 1
		case "lalu", "kemarin", "last":
			d.week, d.weekIsLoose = true, true
		case "ini", "this":
		default:
			return false
		}
		return true
	}
	if w := r.word(0); (w == "next" || w == "this" || w == "last") && which(w) {
		n = 1
	}
	day, ok := weekdayNames[r.word(n)]
	if !ok {
		return false, nil
	}
	d.weekday = day
	name, before := r.word(n), n > 0
	n++
	switch {
	case before:
	case (r.word(n) == "minggu" || r.word(n) == "pekan") && which(r.word(n+1)):
		n, d.weekIsLoose = n+2, false
		d.week = true // "ini" is this calendar week
		if r.word(n-1) == "lalu" {
			d.weeks = -1
		}
	case r.word(n) == "next" && r.word(n+1) == "week":
		n, d.week, d.weeks = n+2, true, 1
	case which(r.word(n)):
		if name == "minggu" && !led { // minggu is Sunday and week
			return false, &misreading{dayOrWeek}
		}
		n++
	}
	r.days = append(r.days, d)
	r.at += n
	return true, nil
}

// readClock takes a time of day with the part of the day and the zone around it. A number alone is an hour only where a word
// says so, or where it ends what follows a date.
func (r *timeReader) readClock(hour bool) (bool, *misreading) {
	start := r.at
	part := r.readPart()
	if part != "" {
		if r.word(0) == "ini" {
			r.at++
		}
		hour = r.skipLeading() || hour
	}
	w := r.word(0)
	if clockSpan.MatchString(w) {
		return false, &misreading{spanOfTime}
	}
	c, suffix, ok := r.clockWord(w, hour || part != "")
	if !ok {
		r.at = start
		return false, nil
	}
	r.at++
	if suffix == "" {
		if s := r.word(0); len(clockHour.FindStringSubmatch("1"+s)) > 0 && s != "" && s[0] > '9' {
			suffix = s
			r.at++
		}
	}
	if part == "" {
		part = r.readPart()
	}
	if !c.shift(suffix, part) || !c.valid() {
		return false, &misreading{noSuchClock}
	}
	r.clock = &c
	r.readZone()
	return true, nil
}

func (r *timeReader) readPart() string {
	w := r.word(0)
	if _, ok := partsOfDay[w]; !ok {
		return ""
	}
	r.at++
	return w
}

// clockWord reads 10.00, 10:00:30, 9am, 10.00WITA, and 10 where it can only be an hour.
func (r *timeReader) clockWord(w string, hour bool) (c clockTime, suffix string, ok bool) {
	if m := clockFace.FindStringSubmatch(w); m != nil {
		c = clockTime{number(m[1]), number(m[2]), number(m[3])}
		if _, isZone := zones[m[4]]; isZone {
			r.zone, _ = zoneNamed(m[4])
			return c, "", true
		}
		suffix = m[4]
		return c, suffix, suffix == "" || clockHour.MatchString("1"+suffix)
	}
	m := clockHour.FindStringSubmatch(w)
	if m == nil {
		return c, "", false
	}
	after := r.word(1)
	_, part := partsOfDay[after]
	_, zone := zoneNamed(after)
	meridiem := after == "am" || after == "pm" || after == "a.m" || after == "p.m"
	last := len(r.days) > 0 && r.at+1 == len(r.words)
	return clockTime{hour: number(m[1])}, m[2], hour || m[2] != "" || part || meridiem || zone && after != "" || last
}

// shift moves a time to its half of the day. It is false where word and hour do not go together.
func (c *clockTime) shift(meridiem, part string) bool {
	switch {
	case meridiem == "":
	case c.hour > 12 && meridiem[0] == 'a' || c.hour == 0 && meridiem[0] == 'p':
		return false
	case c.hour == 12 && meridiem[0] == 'a':
		c.hour = 0
	case c.hour < 12 && meridiem[0] == 'p':
		c.hour += 12
	}
	if part == "" {
		return true
	}
	for _, hours := range partsOfDay[part] {
		if c.hour >= hours[0] && c.hour <= hours[1] {
			c.hour += hours[2]
			return true
		}
	}
	return false
}

func (r *timeReader) readZone() {
	if r.zone != nil {
		return
	}
	if z, ok := zoneNamed(r.word(0)); ok {
		r.zone = z
		r.at++
	}
}

// zoneNamed reads a zone of Indonesia, universal time or an offset from it.
func zoneNamed(w string) (*time.Location, bool) {
	if seconds, ok := zones[w]; ok {
		return time.FixedZone(w, seconds), true
	}
	if m := zoneOffset.FindStringSubmatch(w); m != nil {
		sign, seconds := m[1]+m[4], number(m[2]+m[5])*3600+number(m[3]+m[6])*60
		if seconds > 14*3600 {
			return nil, false
		}
		if sign == "-" {
			seconds = -seconds
		}
		return time.FixedZone(w, seconds), true
	}
	return nil, false
}

// number reads digits that a pattern has counted; 0 for none.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
