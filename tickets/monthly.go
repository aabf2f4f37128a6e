package tickets

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// MonthlyFigures are a team's work in one month of its time zone.
//
// What is counted when: a ticket belongs to the month in which its report arrived. By state, type, severity, office and week
// are the tickets opened in the month, the state as it was at Until, the other fields as they are now. Closed, Rejected and
// the like count the tickets to which that happened in the month, whenever they were opened. Times to acknowledge, verify and
// answer are those of the tickets opened in the month, also where the thing happened after it; times to close are those of
// the tickets closed in it.
type MonthlyFigures struct {
	Month Month     `json:"month"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`    // the first moment of the next month
	Until time.Time `json:"until"` // To, or the moment of asking where the month is not over

	Opened     int `json:"opened"`
	Verified   int `json:"verified"`
	Closed     int `json:"closed"`
	Rejected   int `json:"rejected"`
	Duplicates int `json:"duplicates"`
	Reopened   int `json:"reopened"`
	Open       int `json:"open"`    // not in a final state at Until, whenever they were opened
	Overdue    int `json:"overdue"` // not in a final state now, with a due time before Until

	ByState    []StateFigure    `json:"by_state"`
	ByType     []TypeFigure     `json:"by_type"`     // most frequent first
	BySeverity []SeverityFigure `json:"by_severity"` // most dangerous first
	ByOffice   []OfficeFigure   `json:"by_office"`   // most frequent first
	ByWeek     []WeekFigure     `json:"by_week"`
	Times      []TimeFigure     `json:"times"`

	// Before are the figures of the month before; nil in those themselves.
	Before *MonthlyFigures `json:"before,omitempty"`
}

// StateFigure is the tickets of a state: those opened in the month, and all that were there.
type StateFigure struct {
	State   State `json:"state"`
	Tickets int   `json:"tickets"`
	Open    int   `json:"open"` // in this state at Until, whenever they were opened; 0 for final states
}

// TypeFigure is the tickets of an incident type, with its place in the RSIT; Type is "" where it is not known yet.
type TypeFigure struct {
	Type    Type   `json:"type"`
	Class   string `json:"rsit_class"`
	RSIT    string `json:"rsit_type"`
	Tickets int    `json:"tickets"`
}

// SeverityFigure is the tickets of a verified severity; "" where it is not known yet.
type SeverityFigure struct {
	Severity Severity `json:"severity"`
	Tickets  int      `json:"tickets"`
}

// OfficeFigure is the tickets of an office: the domain of the reporter's address, "" where there is none. The tickets of
// TLP:RED are under OfficeRed: whose they are is for the named persons only.
type OfficeFigure struct {
	Office  string `json:"office"`
	Tickets int    `json:"tickets"`
}

// OfficeRed stands for the offices of tickets that are TLP:RED.
const OfficeRed = "TLP:RED"

// WeekFigure is a week from Monday to Sunday (ISO 8601), as far as it lies in the month.
type WeekFigure struct {
	Week   string `json:"week"` // 2026-W45
	First  string `json:"first"`
	Last   string `json:"last"` // days, 2006-01-02
	Opened int    `json:"opened"`
	Closed int    `json:"closed"`
}

// What a TimeFigure measures, from the arrival of the report.
const (
	TimeAcknowledge = "acknowledge" // to the relay's taking over of the acknowledgement
	TimeVerify      = "verify"
	TimeAnswer      = "first_answer" // to the first words or decision of staff that went to the reporter
	TimeClose       = "close"        // to the last closing in the month
)

// TimeFigure is how long something took: the median, and within which time it was done for 90 % of the tickets.
type TimeFigure struct {
	What    string `json:"what"`
	Tickets int    `json:"tickets"` // for which it was done
	Median  int64  `json:"median_seconds"`
	P90     int64  `json:"p90_seconds"`
}

// openedTicket is a ticket of the month with what its events say. Times are microseconds; 0 is not yet.
type openedTicket struct {
	ID           int64
	OpenedAt     int64 `db:"opened_at"`
	State        State
	Type         Type
	Severity     Severity
	Reporter     string
	TLP          TLP
	Acknowledged int64
	Verified     int64
	Answered     int64
}

// move is a change of state.
type move struct {
	Ticket   int64
	OpenedAt int64 `db:"opened_at"`
	At       int64
	From     State `db:"from_state"`
	To       State `db:"to_state"`
}

// tally makes the figures of a month of its tickets and of the changes of state in it, oldest first.
func tally(m Month, loc *time.Location, until time.Time, opened []openedTicket, moves []move) MonthlyFigures {
	f := MonthlyFigures{Month: m, Until: until.In(loc), Opened: len(opened)}
	f.From, f.To = m.Bounds(loc)
	f.ByWeek = weeksOf(f.From, f.To)
	states, types, severities, offices := map[State]int{}, map[Type]int{}, map[Severity]int{}, map[string]int{}
	times := map[string][]int64{}
	took := func(what string, from, to int64) {
		if to > 0 {
			times[what] = append(times[what], max(0, to-from))
		}
	}
	for _, t := range opened {
		states[t.State]++
		types[t.Type]++
		severities[t.Severity]++
		offices[t.office()]++
		f.ByWeek[weekOf(f.From, fromMicros(t.OpenedAt))].Opened++
		took(TimeAcknowledge, t.OpenedAt, t.Acknowledged)
		took(TimeVerify, t.OpenedAt, t.Verified)
		took(TimeAnswer, t.OpenedAt, t.Answered)
	}
	for _, c := range f.countMoves(moves) {
		f.ByWeek[weekOf(f.From, fromMicros(c.At))].Closed++
		took(TimeClose, c.OpenedAt, c.At)
	}
	f.list(states, types, severities, offices)
	for _, what := range []string{TimeAcknowledge, TimeVerify, TimeAnswer, TimeClose} {
		f.Times = append(f.Times, timeFigure(what, times[what]))
	}
	return f
}

// office is whose ticket it is, as far as a list may say.
func (t openedTicket) office() string {
	if t.TLP == TLPRed {
		return OfficeRed
	}
	return Domain(t.Reporter)
}

// countMoves counts the tickets to which each thing happened, once each, and returns the last closing of each that was closed.
func (f *MonthlyFigures) countMoves(moves []move) []move {
	seen, closed, last := map[string]bool{}, []move{}, map[int64]int{}
	once := func(n *int, what string, ticket int64) {
		if key := fmt.Sprint(what, ticket); !seen[key] {
			seen[key] = true
			*n++
		}
	}
	for _, m := range moves {
		switch {
		case m.To == Verified && m.From == Open:
			once(&f.Verified, "verified", m.Ticket)
		case m.To == Closed:
			if i, known := last[m.Ticket]; known {
				closed[i] = m
			} else {
				last[m.Ticket], closed = len(closed), append(closed, m)
			}
		case m.To == Rejected:
			once(&f.Rejected, "rejected", m.Ticket)
		case m.To == Duplicate:
			once(&f.Duplicates, "duplicate", m.Ticket)
		case m.From.Final() && !m.To.Final():
			once(&f.Reopened, "reopened", m.Ticket)
		}
	}
	f.Closed = len(closed)
	return closed
}

// list puts the counts in the order in which people read them.
func (f *MonthlyFigures) list(states map[State]int, types map[Type]int, severities map[Severity]int, offices map[string]int) {
	for _, s := range States() {
		f.ByState = append(f.ByState, StateFigure{State: s, Tickets: states[s]})
	}
	f.ByType = []TypeFigure{}
	for t, n := range types {
		i := t.Incident()
		f.ByType = append(f.ByType, TypeFigure{t, i.Class, i.RSIT, n})
	}
	slices.SortFunc(f.ByType, func(a, b TypeFigure) int {
		return cmp.Or(b.Tickets-a.Tickets, strings.Compare(string(a.Type), string(b.Type)))
	})
	for _, s := range append(Severities(), "") {
		f.BySeverity = append(f.BySeverity, SeverityFigure{s, severities[s]})
	}
	f.ByOffice = []OfficeFigure{}
	for o, n := range offices {
		f.ByOffice = append(f.ByOffice, OfficeFigure{o, n})
	}
	slices.SortFunc(f.ByOffice, func(a, b OfficeFigure) int {
		return cmp.Or(b.Tickets-a.Tickets, strings.Compare(a.Office, b.Office))
	})
}

// weeksOf are the weeks of a month, cut at its ends.
func weeksOf(from, to time.Time) []WeekFigure {
	var weeks []WeekFigure
	for day := from; day.Before(to); {
		next := day.AddDate(0, 0, 7-(int(day.Weekday())+6)%7) // the next Monday
		if next.After(to) {
			next = to
		}
		year, week := day.ISOWeek()
		weeks = append(weeks, WeekFigure{Week: fmt.Sprintf("%d-W%02d", year, week), First: day.Format(time.DateOnly), Last: next.AddDate(0, 0, -1).Format(time.DateOnly)})
		day = next
	}
	return weeks
}

// weekOf is the place of a moment's week in weeksOf.
func weekOf(from, at time.Time) int {
	return (at.In(from.Location()).Day() - 1 + (int(from.Weekday())+6)%7) / 7
}

// timeFigure takes microseconds. The median of an even number is the mean of the two in the middle; the 90 % are the nearest
// rank: the shortest time within which at least nine of ten were done.
func timeFigure(what string, took []int64) TimeFigure {
	f := TimeFigure{What: what, Tickets: len(took)}
	n := len(took)
	if n == 0 {
		return f
	}
	slices.Sort(took)
	seconds := func(us int64) int64 { return (us + 500_000) / 1_000_000 }
	f.Median = seconds((took[(n-1)/2] + took[n/2]) / 2)
	f.P90 = seconds(took[int(math.Ceil(0.9*float64(n)))-1])
	return f
}

// Time returns what was measured of one thing.
func (f MonthlyFigures) Time(what string) TimeFigure {
	for _, t := range f.Times {
		if t.What == what {
			return t
		}
	}
	return TimeFigure{What: what}
}
