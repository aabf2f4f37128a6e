package mailout

import (
	"time"

	"aduan/tickets"
)

// sampleFigures are those of an invented month and of the month before it.
func sampleFigures() *tickets.MonthlyFigures {
	f := sampleMonth(tickets.Month{Year: 2026, Month: time.November}, 3)
	before := sampleMonth(f.Month.Before(), 2)
	f.Before = &before
	return &f
}

// sampleMonth is a month whose figures grow with n.
func sampleMonth(m tickets.Month, n int) tickets.MonthlyFigures {
	zone := time.FixedZone("WITA", 8*3600)
	from, to := m.Bounds(zone)
	f := tickets.MonthlyFigures{Month: m, From: from, To: to, Until: to, Opened: 14 * n, Verified: 12 * n, Closed: 9 * n, Rejected: n, Reopened: n, Open: 5 * n, Overdue: n}
	for i, s := range tickets.States() {
		f.ByState = append(f.ByState, tickets.StateFigure{State: s, Tickets: 2 * n, Open: i * n})
	}
	for i, t := range []tickets.Type{"gambling-injection", "defacement", "phishing", ""} {
		x := t.Incident()
		f.ByType = append(f.ByType, tickets.TypeFigure{Type: t, Class: x.Class, RSIT: x.RSIT, Tickets: (5 - i) * n})
	}
	for i, s := range append(tickets.Severities(), "") {
		f.BySeverity = append(f.BySeverity, tickets.SeverityFigure{Severity: s, Tickets: (i + 1) * n})
	}
	f.ByOffice = []tickets.OfficeFigure{{Office: "dinas.example", Tickets: 9 * n}, {Office: "sekolah.example", Tickets: 4 * n}, {Office: tickets.OfficeRed, Tickets: n}}
	f.ByWeek = []tickets.WeekFigure{{Week: "2026-W44", First: m.String() + "-01", Last: m.String() + "-01", Opened: n}, {Week: "2026-W45", First: m.String() + "-02", Last: m.String() + "-08", Opened: 13 * n, Closed: 9 * n}}
	for i, what := range []string{tickets.TimeAcknowledge, tickets.TimeVerify, tickets.TimeAnswer, tickets.TimeClose} {
		f.Times = append(f.Times, tickets.TimeFigure{What: what, Tickets: 9 * n, Median: int64(20 + i*9_000*n), P90: int64(90 + i*40_000*n)})
	}
	return f
}
