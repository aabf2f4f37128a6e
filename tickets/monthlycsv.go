package tickets

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// figureLine is one line of the CSV.
type figureLine struct {
	section, key, label, unit string
	value                     int64
}

// WriteCSV writes the figures as one long table (RFC 4180) with a header: month, section, key, label, unit, value, before.
// One figure a line is what spreadsheets filter and pivot; before is the month before's, empty for weeks. Labels are
// in the language given, all else is the same in every language.
func (f MonthlyFigures) WriteCSV(w io.Writer, l Language) error {
	before := map[string]int64{}
	lines := f.lines(l)
	if f.Before != nil {
		known := map[string]bool{}
		for _, x := range lines {
			known[x.id()] = true
			before[x.id()] = 0
		}
		for _, x := range f.Before.lines(l) {
			before[x.id()] = x.value
			if !known[x.id()] && !x.weekly() { // a type or an office that came up the month before alone
				x.value = 0
				lines = append(lines, x)
			}
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	out.Write([]string{"month", "section", "key", "label", "unit", "value", "before"})
	for _, x := range lines {
		was := ""
		if n, known := before[x.id()]; known && !x.weekly() {
			was = strconv.FormatInt(n, 10)
		}
		out.Write([]string{f.Month.String(), x.section, plainCell(x.key), plainCell(x.label), x.unit, strconv.FormatInt(x.value, 10), was})
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write the figures of %s: %w", f.Month, err)
	}
	return nil
}

func (x figureLine) id() string { return x.section + "/" + x.key }

// weekly says whether the line is about a week: those of one month are not to be compared with those of another.
func (x figureLine) weekly() bool { return strings.HasPrefix(x.section, "by_week") }

// lines are the figures one by one.
func (f MonthlyFigures) lines(l Language) []figureLine {
	const unit = "tickets"
	var lines []figureLine
	add := func(section, key, label, unit string, value int64) {
		lines = append(lines, figureLine{section, key, label, unit, value})
	}
	for _, x := range []struct {
		key    string
		labels Words
		value  int
	}{
		{"opened", Words{"Dibuka", "Opened"}, f.Opened}, {"verified", Words{"Diverifikasi", "Verified"}, f.Verified}, {"closed", Words{"Ditutup", "Closed"}, f.Closed},
		{"rejected", Words{"Ditolak", "Rejected"}, f.Rejected}, {"duplicates", Words{"Duplikat", "Duplicates"}, f.Duplicates}, {"reopened", Words{"Dibuka kembali", "Reopened"}, f.Reopened},
		{"open", Words{"Belum selesai", "Unfinished"}, f.Open}, {"overdue", Words{"Lewat tenggat", "Overdue"}, f.Overdue},
	} {
		add("summary", x.key, x.labels.In(l), unit, int64(x.value))
	}
	for _, x := range f.Times {
		add("times", x.What+"_tickets", "", unit, int64(x.Tickets))
		add("times", x.What+"_median", "", "seconds", x.Median)
		add("times", x.What+"_p90", "", "seconds", x.P90)
	}
	for _, x := range f.ByState {
		add("by_state", string(x.State), x.State.Label(l), unit, int64(x.Tickets))
	}
	for _, x := range f.ByType {
		label := ""
		if x.Type != "" {
			label = x.Type.Incident().Label + " (" + x.Class + " / " + x.RSIT + ")"
		}
		add("by_type", string(x.Type), label, unit, int64(x.Tickets))
	}
	for _, x := range f.BySeverity {
		add("by_severity", string(x.Severity), x.Severity.Label(l), unit, int64(x.Tickets))
	}
	for _, x := range f.ByOffice {
		add("by_office", x.Office, x.Office, unit, int64(x.Tickets))
	}
	for _, x := range f.ByWeek {
		add("by_week_opened", x.Week, x.First+" – "+x.Last, unit, int64(x.Opened))
		add("by_week_closed", x.Week, x.First+" – "+x.Last, unit, int64(x.Closed))
	}
	return lines
}

// plainCell keeps a spreadsheet from taking what a stranger wrote for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
