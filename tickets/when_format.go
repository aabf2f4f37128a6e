package tickets

import (
	"fmt"
	"time"
)

var indonesianMonths = [...]string{"Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"}

// FormatTime writes a moment for people: 23 November 2026, 14.05 WITA in Indonesian, 23 November 2026, 14:05 WITA in English.
// The zone is named as the time zone database does; where that has only an offset, it is UTC+08.
func FormatTime(t time.Time, loc *time.Location, l Language) string {
	if loc == nil {
		loc = time.UTC
	}
	t = t.In(loc)
	zone := t.Format("MST")
	if zone[0] == '+' || zone[0] == '-' {
		zone = "UTC" + zone
	}
	clock := "15.04"
	if l == English {
		clock = "15:04"
	}
	return FormatDate(t, loc, l) + ", " + t.Format(clock) + " " + zone
}

// FormatDate writes the day of a moment for people: 23 November 2026.
func FormatDate(t time.Time, loc *time.Location, l Language) string {
	if loc == nil {
		loc = time.UTC
	}
	t = t.In(loc)
	month := t.Month().String()
	if l != English {
		month = indonesianMonths[t.Month()-1]
	}
	return fmt.Sprintf("%d %s %d", t.Day(), month, t.Year())
}
