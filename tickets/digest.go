package tickets

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// digestLate is how long after its time a digest is still told: who comes later in the day has seen how things stand.
const digestLate = 4 * time.Hour

// digestAtMost bounds the tickets that one part of a digest names.
const digestAtMost = 25

// troubleFor is how long a digest speaks of a mail that did not arrive.
const troubleFor = 7 * 24 * time.Hour

// The parts of a digest, as Item.Text names them. A label of the templates heads each.
const (
	digestHead      = "head"
	digestMine      = "mine"
	digestOverdue   = "overdue"
	digestWaiting   = "waiting"
	digestOwnerless = "ownerless"
	digestTrouble   = "trouble"
)

// digestOn is the time of the digest on the day of a moment, and that day; the zero time where there is none: digests are told
// on working days.
func (s *Store) digestOn(at time.Time) (time.Time, string) {
	c := s.calendar()
	local := at.In(c.zone)
	day := local.Format("2006-01-02")
	if s.Deadlines.Digest <= 0 || !c.workday(local) {
		return time.Time{}, day
	}
	y, m, d := local.Date()
	return time.Date(y, m, d, 0, int(s.Deadlines.Digest.Minutes()), 0, 0, c.zone), day
}

// nextDigest is when a digest is due next: today where today's is still to be told.
func (t *tx) nextDigest(ctx context.Context, now time.Time) (time.Time, error) {
	if t.s.Deadlines.Digest <= 0 {
		return time.Time{}, nil
	}
	c, day := t.s.calendar(), now
	for range 400 {
		at, name := t.s.digestOn(day)
		if !at.IsZero() && now.Before(at.Add(digestLate)) {
			var told int
			if err := t.get(ctx, &told, `SELECT COUNT(*) FROM digest WHERE day = ?`, name); err != nil || told == 0 {
				return at, err
			}
		}
		day = c.next(day)
	}
	return time.Time{}, nil
}

// tellDigest tells today's digest where it is time and nobody has told it, and returns how many were told: 1 or 0.
func (s *Store) tellDigest(ctx context.Context, now time.Time) (told int, err error) {
	at, day := s.digestOn(now)
	if at.IsZero() || now.Before(at) || !now.Before(at.Add(digestLate)) {
		return 0, nil
	}
	err = s.look(ctx, func(t *tx) error { return t.get(ctx, &told, `SELECT COUNT(*) FROM digest WHERE day = ?`, day) })
	if err != nil || told > 0 {
		return 0, err
	}
	err = s.write(ctx, func(t *tx) error {
		told = 0
		// The day is a unique key: of several gateways one tells, and a digest is either told to everybody or not yet.
		n, err := t.exec(ctx, `INSERT INTO digest (day, at) VALUES (?, ?) ON CONFLICT DO NOTHING`, day, micros(now))
		if err != nil || n == 0 {
			return err
		}
		told = 1
		f, err := newFiling(ctx, t, Arrival{At: now}, now)
		if err != nil {
			return err
		}
		if err := f.digests(); err != nil {
			return err
		}
		return f.settle(ctx)
	})
	return told, err
}

// digestRow is what a digest says of a ticket.
type digestRow struct {
	Number  string
	State   State
	Subject string
	TLP     TLP
	Owner   int64
	DueAt   int64 `db:"due_at"`
}

// digests tells everybody what concerns them: Front Desk what waits for it, agents their cases, both of them and supervisors
// what is overdue there, Front Desk and supervisors what troubles the mail. Who has nothing to hear hears nothing.
func (f *filing) digests() error {
	var open []digestRow
	// Those that are due first; what is never due, last.
	err := f.t.all(f.ctx, &open, `SELECT number, state, subject, tlp, owner, due_at FROM ticket WHERE state IN ('open', 'verified', 'responding', 'monitoring')
		ORDER BY CASE WHEN due_at > 0 THEN 0 ELSE 1 END, due_at, id`)
	if err != nil {
		return fmt.Errorf("read open tickets: %w", err)
	}
	trouble, err := f.mailTrouble()
	if err != nil {
		return err
	}
	for _, s := range f.staff {
		if s.AwayUntil > f.now {
			continue
		}
		desk := slices.ContainsFunc(f.staff.desk(), func(d Staff) bool { return d.ID == s.ID })
		heads := s.Has(Supervisor)
		parts := []Item{{Kind: KindDigest, Text: digestHead, When: f.now, AllDay: true}}
		add := func(part string, lines []string) {
			if len(lines) > 0 {
				parts = append(parts, Item{Kind: KindDigest, Text: part, Lines: lines})
			}
		}
		if desk || heads {
			add(digestOverdue, f.digestLines(open, func(r digestRow) bool { return r.DueAt > 0 && r.DueAt <= f.now }))
		}
		if desk {
			add(digestWaiting, f.digestLines(open, func(r digestRow) bool { return r.State == Open }))
			add(digestOwnerless, f.digestLines(open, func(r digestRow) bool { return r.State == Verified }))
		}
		add(digestMine, f.digestLines(open, func(r digestRow) bool { return r.Owner == s.ID }))
		if desk || heads {
			add(digestTrouble, trouble)
		}
		if len(parts) == 1 {
			continue
		}
		for _, item := range parts {
			f.tellStaff(nil, s, item)
		}
	}
	return nil
}

// digestLines names tickets, one a line. What is TLP:RED or TLP:AMBER+STRICT is a number and a state in lists.
func (f *filing) digestLines(rows []digestRow, which func(digestRow) bool) []string {
	l := f.s.Language
	var lines []string
	left := 0
	for _, r := range rows {
		if !which(r) {
			continue
		}
		if len(lines) == digestAtMost {
			left++
			continue
		}
		line := r.Number + ", " + r.State.Label(l)
		switch {
		case r.DueAt > 0 && r.DueAt <= f.now:
			line += ", " + digestLateSince.say(l, FormatTime(fromMicros(r.DueAt), f.s.Location, l))
		case r.DueAt > 0:
			line += ", " + digestDue.say(l, FormatTime(fromMicros(r.DueAt), f.s.Location, l))
		}
		if subject := r.Subject; r.TLP == TLPRed || r.TLP == TLPAmberStrict {
			line += ": " + r.TLP.Label()
		} else {
			line += ": " + Shorten(subject, 80)
		}
		lines = append(lines, line)
	}
	if left > 0 {
		lines = append(lines, digestMore.say(l, left))
	}
	return lines
}

// mailTrouble says what of the mail did not go its way and still waits for somebody.
func (f *filing) mailTrouble() ([]string, error) {
	var lines []string
	for _, trouble := range []struct {
		words answer
		query string
		args  []any
	}{
		{digestHeld, `SELECT COUNT(*) FROM notice WHERE ` + stuck + ` AND state = 'held'`, nil},
		{digestFailed, `SELECT COUNT(*) FROM notice WHERE ` + stuck + ` AND state IN ('failed', 'bounced') AND settled_at > ? AND SUBSTR(words, 1, 10) <> 'withdrawn:'`, []any{f.now - troubleFor.Microseconds()}},
		{digestBadMail, `SELECT COUNT(*) FROM failed_mail WHERE settled_at = 0 AND faults >= ?`, []any{faultsBeforeFailed}},
	} {
		var n int
		if err := f.t.get(f.ctx, &n, trouble.query, trouble.args...); err != nil {
			return nil, fmt.Errorf("count undelivered mail: %w", err)
		}
		if n > 0 {
			lines = append(lines, trouble.words.say(f.s.Language, n))
		}
	}
	return lines, nil
}
