package tickets

import (
	"encoding/json"
	"slices"
	"time"
)

// The clocks that a ticket may have. Deadlines count working time and stop while the reporter is asked; a due time that
// somebody named is a moment; the statutory ones count real hours and stop for nothing.
const (
	clockVerify   = "verify"         // until Front Desk has said what the report is
	clockResponse = "first_response" // until a person's first words to the reporter
	clockUpdate   = "update"         // until the reporter hears something again
	clockOwn      = "due"            // set by staff
	clockVital    = "iiv"            // vital infrastructure: the report to the response team (Peraturan BSSN 1/2024, Pasal 15(5))
	clockBreach   = "personal-data"  // UU 27/2022, Pasal 46
)

// The statutory times, in real hours from when the incident was found.
const (
	vitalWithin  = 24 * time.Hour
	breachWithin = 3 * 24 * time.Hour
)

// Shares of a clock's time, in percent, at which somebody is reminded.
var (
	shares          = []int{75, 100, 125} // before, at the deadline, and supervisors after it
	statutoryShares = []int{50, 75, 90, 100}
)

// ownAfter bounds how long after a due time that somebody named the supervisors are told.
const ownAfter = 24 * time.Hour

// clock is one running or stopped clock of a ticket. Times are microseconds of UTC, lengths microseconds.
type clock struct {
	Name  string `json:"clock"`
	Since int64  `json:"since"`          // when it began
	Span  int64  `json:"span"`           // how much time it gives
	Used  int64  `json:"used,omitempty"` // working time that had gone before From
	From  int64  `json:"from"`           // since when it runs; 0 while it is stopped
	Due   int64  `json:"due"`            // 0 while it is stopped
	Next  int64  `json:"next"`           // of the next reminder; 0 for none
	Told  int    `json:"told,omitempty"` // the share at which somebody was reminded last
}

func (c clock) statutory() bool { return c.Name == clockVital || c.Name == clockBreach }

// working says whether it counts working time.
func (c clock) working() bool { return !c.statutory() && c.Name != clockOwn }

func (c clock) shares() []int {
	if c.statutory() {
		return statutoryShares
	}
	return shares
}

// change is what one mail, or the passing of time, means for a ticket's clocks.
type change struct {
	at       int64 // when it happened
	state    State
	opened   bool // the mail opened the ticket
	quiet    bool // on record without notices: nothing begins
	asked    bool // the reporter is asked and has not answered
	askedNow int64
	robot    bool // a machine reported: nobody waits for an answer
	reaches  bool // there is a reporter to whom mail can be sent
	answered bool // a person wrote to the reporter
	news     bool // the reporter heard of something
	vital    bool // the statutory clocks run
	breach   bool
	found    int64 // when the incident was found, else reported
}

// clockwork computes clocks by the team's settings. It is pure.
type clockwork struct {
	Deadlines
	calendar calendar
}

func (s *Settings) clockwork() clockwork { return clockwork{s.Deadlines, s.calendar()} }

// given is the time that the settings give a clock; 0 for none.
func (w clockwork) given(name string) time.Duration {
	switch name {
	case clockVerify:
		return w.Verify
	case clockResponse:
		return w.FirstResponse
	case clockUpdate:
		return w.Update
	case clockVital:
		return vitalWithin
	case clockBreach:
		return breachWithin
	}
	return 0
}

// after is what becomes of a ticket's clocks by a change.
func (w clockwork) after(list []clock, x change) []clock {
	if x.state.Final() {
		return nil
	}
	var out []clock
	for _, name := range []string{clockVerify, clockResponse, clockUpdate, clockOwn, clockVital, clockBreach} {
		i := slices.IndexFunc(list, func(c clock) bool { return c.Name == name })
		var c clock
		if i >= 0 {
			c = list[i]
		}
		if c = w.kept(name, c, x); c.Name == "" {
			continue
		}
		w.stopOrGo(&c, x)
		w.set(&c)
		if c.Name == clockOwn && x.asked {
			c.Next = 0 // the moment stays, but nobody is reminded meanwhile
		}
		out = append(out, c)
	}
	return out
}

// kept begins, keeps or ends one clock; the zero clock is none.
func (w clockwork) kept(name string, c clock, x change) clock {
	begin := clock{Name: name, Since: x.at, From: x.at, Span: w.given(name).Microseconds()}
	has := c.Name != ""
	if x.quiet || begin.Span == 0 {
		begin = clock{}
	}
	switch name {
	case clockVerify:
		if x.state != Open {
			return clock{}
		}
	case clockResponse:
		if x.answered || !has && (!x.opened || x.robot || !x.reaches) {
			return clock{}
		}
	case clockUpdate:
		if x.state != Verified && x.state != Responding || !x.reaches {
			return clock{}
		}
		has = has && !x.news
	case clockVital, clockBreach:
		if name == clockVital && !x.vital || name == clockBreach && !x.breach {
			return clock{}
		}
		if has = has && c.Since == x.found; begin.Name != "" {
			begin.Since, begin.From = x.found, x.found
		}
	}
	if has {
		return c
	}
	return begin
}

// stopOrGo stops a deadline while the reporter is asked, and lets it go on with the answer.
func (w clockwork) stopOrGo(c *clock, x change) {
	switch {
	case !c.working():
	case x.asked && c.From > 0:
		c.Used += w.calendar.between(fromMicros(c.From), fromMicros(x.askedNow)).Microseconds()
		c.From = 0
	case !x.asked && c.From == 0:
		c.From = x.at
	}
}

// set computes when a clock is due and when somebody is reminded next.
func (w clockwork) set(c *clock) {
	c.Due, c.Next = 0, 0
	if c.From == 0 {
		return
	}
	c.Due = w.at(*c, 100)
	for _, share := range c.shares() {
		if share > c.Told {
			c.Next = w.at(*c, share)
			return
		}
	}
}

// at is when a share of a clock's time will be gone; 0 for never.
func (w clockwork) at(c clock, share int) int64 {
	part := c.Span * int64(share) / 100
	switch {
	case c.Name == clockOwn && share > 100:
		return c.Since + c.Span + min(part-c.Span, ownAfter.Microseconds())
	case !c.working():
		return c.Since + part
	}
	return micros(w.calendar.add(fromMicros(c.From), time.Duration(part-c.Used)*time.Microsecond))
}

// passed is the greatest share whose time has come by now; 0 for none.
func (w clockwork) passed(c clock, now int64) int {
	last := 0
	for _, share := range c.shares() {
		if at := w.at(c, share); c.From > 0 && at > 0 && at <= now {
			last = share
		}
	}
	return last
}

// clocks are those of the row.
func (r *ticketRow) clocks() []clock {
	var list []clock
	if r.Clocks != "" {
		_ = json.Unmarshal([]byte(r.Clocks), &list) // we wrote it
	}
	return list
}

// setClocks keeps clocks in the row, with the next due time and the next reminder of all of them.
func (r *ticketRow) setClocks(list []clock) {
	r.DueAt, r.RemindAt, r.Clocks = 0, 0, ""
	if len(list) == 0 {
		return
	}
	for _, c := range list {
		if c.Due > 0 && (r.DueAt == 0 || c.Due < r.DueAt) {
			r.DueAt = c.Due
		}
		if c.Next > 0 && (r.RemindAt == 0 || c.Next < r.RemindAt) {
			r.RemindAt = c.Next
		}
	}
	b, _ := json.Marshal(list) // numbers and words of ours
	r.Clocks = string(b)
}

// setOwnDue keeps the due time that somebody named, in place of an earlier one.
func (r *ticketRow) setOwnDue(now, due int64) {
	list := slices.DeleteFunc(r.clocks(), func(c clock) bool { return c.Name == clockOwn })
	c := clock{Name: clockOwn, Since: now, From: now, Span: due - now}
	clockwork{}.set(&c)
	r.setClocks(append(list, c))
}

// Kinds of words to the reporter: by a person's the first answer is given, and by any of them the reporter has heard something.
var (
	answerKinds = []Kind{KindQuestion, KindMessage, KindOnsite, KindRecommended}
	newsKinds   = append([]Kind{KindVerified, KindResponding, KindHandedBack, KindMonitoring, KindReopened}, answerKinds...)
)

// keepTime sets the ticket's clocks by what this mail has brought about.
func (f *filing) keepTime() {
	t := f.ticket
	x := change{at: f.at, state: t.State, opened: f.out.Opened, quiet: f.a.Quiet, asked: t.AskedAt > 0, askedNow: f.now, robot: f.robot(), reaches: f.reachable(),
		vital: t.IIV && t.EscalatedAt == 0, breach: t.Type.Incident().Statutory && t.EscalatedAt == 0, found: t.FoundAt}
	if x.found == 0 {
		x.found = t.OpenedAt
	}
	for _, d := range f.drafts {
		if d.ticket != t || d.audience != ToReporter {
			continue
		}
		for _, item := range d.items {
			x.answered = x.answered || slices.Contains(answerKinds, item.Kind)
			x.news = x.news || slices.Contains(newsKinds, item.Kind)
		}
	}
	next := t.RemindAt
	defer func() { f.out.Clocked = f.out.Clocked || t.RemindAt != next }()
	before := t.clocks()
	if len(before) == 0 && x.quiet {
		return
	}
	t.setClocks(f.s.clockwork().after(before, x))
}
