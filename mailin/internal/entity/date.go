package entity

import (
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// zones are the names of RFC 5322 section 4.3 and those of the team's country, in hours from UTC.
var zones = map[string]int{
	"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
	"WIB": 7, "WITA": 8, "WIT": 9, "JST": 9, "KST": 9, "CET": 1, "CEST": 2, "BST": 1, "MSK": 3, "EET": 2, "EEST": 3,
}

// parseDate reads a Date field leniently: the words in any order, month names in English or by number, missing or
// unknown zones as UTC. It returns zero where there is no day, month and year.
func parseDate(v string) time.Time {
	if t, err := mail.ParseDate(v); err == nil && !zoneLost(t) {
		return t
	}
	v, _ = takeComments(v)
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(v)); err == nil {
		return t
	}
	var d dateParts
	for i, w := range strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if i < 20 {
			d.add(w)
		}
	}
	return d.time()
}

// zoneLost says that net/mail took a zone's name for UTC although it stands for another offset.
func zoneLost(t time.Time) bool {
	name, offset := t.Zone()
	return offset == 0 && zones[name] != 0
}

// dateParts collects what the words of a date say.
type dateParts struct {
	day, month, year, hour, minute, second int
	clock                                  bool
	zone                                   *time.Location
}

func (d *dateParts) add(w string) {
	switch {
	case strings.Contains(w, ":"):
		d.addClock(w)
	case len(w) == 5 && (w[0] == '+' || w[0] == '-'):
		if n, err := strconv.Atoi(w[1:]); err == nil && n/100 < 15 {
			offset := (n/100*60 + n%100) * 60
			if w[0] == '-' {
				offset = -offset
			}
			d.zone = time.FixedZone("", offset)
		}
	case strings.Count(w, "-") == 2 || strings.Count(w, "/") == 2:
		for _, p := range strings.FieldsFunc(w, func(r rune) bool { return r == '-' || r == '/' }) {
			d.add(p)
		}
	case w[0] >= '0' && w[0] <= '9':
		d.addNumber(w)
	default:
		d.addName(w)
	}
}

func (d *dateParts) addClock(w string) {
	p := strings.Split(w, ":")
	h, err1 := strconv.Atoi(p[0])
	m, err2 := strconv.Atoi(p[1][:min(2, len(p[1]))])
	if err1 != nil || err2 != nil || d.clock {
		return
	}
	d.hour, d.minute, d.clock = h, m, true
	if len(p) > 2 {
		d.second, _ = strconv.Atoi(p[2][:min(2, len(p[2]))])
	}
}

func (d *dateParts) addNumber(w string) {
	n, err := strconv.Atoi(strings.TrimRight(w, ".stndrh"))
	switch {
	case err != nil:
	case n > 31 && d.year == 0, n <= 31 && d.day != 0 && d.month != 0 && d.year == 0:
		d.year = n
		if len(w) == 2 && n < 50 { // RFC 5322 section 4.3
			d.year += 2000
		} else if n < 1000 {
			d.year += 1900
		}
	case d.day == 0 && !(d.year > 0 && d.month == 0):
		d.day = n
	case d.month == 0 && n <= 12:
		d.month = n
	case d.day == 0:
		d.day = n
	}
}

func (d *dateParts) addName(w string) {
	if len(w) >= 3 {
		for m := time.January; m <= time.December; m++ {
			if strings.EqualFold(w[:3], m.String()[:3]) && d.month == 0 {
				d.month = int(m)
				return
			}
		}
	}
	if h, ok := zones[strings.ToUpper(w)]; ok && d.zone == nil {
		d.zone = time.FixedZone(strings.ToUpper(w), h*3600)
	}
	if strings.EqualFold(w, "pm") && d.hour < 12 {
		d.hour += 12
	}
}

func (d *dateParts) time() time.Time {
	if d.day < 1 || d.day > 31 || d.month < 1 || d.month > 12 || d.year < 1900 || d.year > 9999 || d.hour > 24 || d.minute > 59 || d.second > 60 {
		return time.Time{}
	}
	zone := d.zone
	if zone == nil {
		zone = time.UTC
	}
	return time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, 0, zone)
}
