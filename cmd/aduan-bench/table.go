package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the table. What was not measured is zero and left out.
type row struct {
	Section  string  `json:"section"`
	Rung     string  `json:"rung"`
	Database string  `json:"database,omitempty"`
	Mails    int     `json:"mails,omitempty"`
	Rate     float64 `json:"mails_per_second,omitempty"`
	Ratio    float64 `json:"of_the_floor,omitempty"`  // of the durable floor that ran beside it
	CPU      float64 `json:"cpu_ms_a_mail,omitempty"` // of the measured process alone
	PeakMiB  float64 `json:"peak_mib,omitempty"`      // resident, of the gateway alone
	MedianMS float64 `json:"median_ms,omitempty"`
	P95MS    float64 `json:"p95_ms,omitempty"`
	MaxMS    float64 `json:"max_ms,omitempty"`
	Note     string  `json:"note,omitempty"`
}

// begin announces a section.
func (b *bench) begin(s section) {
	b.section = s.name
	if b.json == nil {
		fmt.Fprintf(b.out, "\n%s: %s\n", s.name, s.about)
	}
	b.rows = nil
}

// add takes a line into the table of the section.
func (b *bench) add(r row) {
	r.Section = b.section
	if b.json != nil {
		b.json.Encode(r)
		return
	}
	b.rows = append(b.rows, r)
	fmt.Fprintf(b.errOut, "  %s %s\n", r.Rung, r.Database) // that it goes on can be seen
}

// columns are the table's, with the cell of each; an empty cell was not measured.
var columns = []struct {
	head string
	cell func(row) string
}{
	{"rung", func(r row) string { return r.Rung }},
	{"database", func(r row) string { return r.Database }},
	{"mails", func(r row) string { return number("%.0f", float64(r.Mails)) }},
	{"mails/s", func(r row) string { return number("%.0f", r.Rate) }},
	{"of the floor", func(r row) string { return number("%.2f", r.Ratio) }},
	{"CPU ms/mail", func(r row) string { return number("%.2f", r.CPU) }},
	{"peak MiB", func(r row) string { return number("%.1f", r.PeakMiB) }},
	{"median ms", func(r row) string { return number("%.1f", r.MedianMS) }},
	{"95 % ms", func(r row) string { return number("%.1f", r.P95MS) }},
	{"longest ms", func(r row) string { return number("%.0f", r.MaxMS) }},
	{"", func(r row) string { return r.Note }},
}

func number(format string, v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf(format, v)
}

// end prints the section's table, without the columns that nothing stands in.
func (b *bench) end() {
	if b.json != nil || len(b.rows) == 0 {
		return
	}
	w := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', 0)
	line := func(of func(i int) string) {
		var cells []string
		for i, c := range columns {
			if slices.ContainsFunc(b.rows, func(r row) bool { return c.cell(r) != "" }) {
				cells = append(cells, of(i))
			}
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	line(func(i int) string { return columns[i].head })
	for _, r := range b.rows {
		line(func(i int) string { return columns[i].cell(r) })
	}
	w.Flush()
}

// median is the middle one of some values.
func median(values []float64) float64 { return percentile(values, 50) }

// percentile is the value that p of a hundred do not exceed (nearest rank).
func percentile(values []float64, p int) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return v[max(0, (len(v)*p+99)/100-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
