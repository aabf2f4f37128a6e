package tickets

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Month is a calendar month of the team's time zone. Its text is 2026-11.
type Month struct {
	Year  int
	Month time.Month
}

// MonthOf is the month in which a moment falls, in a time zone: 30 November 23.30 UTC is December in Makassar.
func MonthOf(t time.Time, loc *time.Location) Month {
	t = t.In(loc)
	return Month{t.Year(), t.Month()}
}

var (
	monthYearFirst = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})$`)
	monthFirst     = regexp.MustCompile(`^(\d{1,2})[-/.](\d{4})$`)
)

// ParseMonth reads 2026-11, and as people also write it 11/2026. The error says what to write.
func ParseMonth(s string) (Month, error) {
	s = strings.TrimSpace(s)
	year, month := "", ""
	if m := monthYearFirst.FindStringSubmatch(s); m != nil {
		year, month = m[1], m[2]
	} else if m := monthFirst.FindStringSubmatch(s); m != nil {
		year, month = m[2], m[1]
	}
	y, _ := strconv.Atoi(year)
	n, _ := strconv.Atoi(month)
	if y < 1970 || n < 1 || n > 12 {
		return Month{}, fmt.Errorf("no month %q: write year and month, as in 2026-11", s)
	}
	return Month{y, time.Month(n)}, nil
}

// String is year and month: 2026-11.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, int(m.Month)) }

// MarshalText implements encoding.TextMarshaler.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Month) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMonth(string(text))
	return err
}

// Label is the month for people: November 2026.
func (m Month) Label(l Language) string {
	name := m.Month.String()
	if l != English {
		name = indonesianMonths[m.Month-1]
	}
	return fmt.Sprintf("%s %d", name, m.Year)
}

// Before is the month before.
func (m Month) Before() Month {
	if m.Month == time.January {
		return Month{m.Year - 1, time.December}
	}
	return Month{m.Year, m.Month - 1}
}

// Bounds are the month's first moment and that of the next month, in a time zone.
func (m Month) Bounds(loc *time.Location) (from, to time.Time) {
	return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, loc), time.Date(m.Year, m.Month+1, 1, 0, 0, 0, 0, loc)
}
