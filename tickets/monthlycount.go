package tickets

import (
	"context"
	"fmt"
	"time"
)

// moved picks the changes of state out of the events; the index event_moved holds exactly these.
const moved = `e.from_state <> '' AND e.from_state <> e.to_state`

// MonthlyFigures counts a month, and the month before it to compare. All of it is one look at the record.
func (s *Store) MonthlyFigures(ctx context.Context, m Month) (MonthlyFigures, error) {
	var f MonthlyFigures
	err := s.look(ctx, func(t *tx) (err error) {
		f, err = t.monthlyFigures(ctx, m, s.now())
		return err
	})
	return f, err
}

// monthlyFigures counts a month and the month before it.
func (t *tx) monthlyFigures(ctx context.Context, m Month, now time.Time) (MonthlyFigures, error) {
	f, moves, err := t.oneMonth(ctx, m, now)
	if err != nil {
		return f, fmt.Errorf("count %s: %w", m, err)
	}
	before, _, err := t.oneMonth(ctx, m.Before(), now)
	if err != nil {
		return f, fmt.Errorf("count %s: %w", m.Before(), err)
	}
	open, err := t.openAt(ctx, micros(f.Until), micros(now))
	if err != nil {
		return f, fmt.Errorf("count what was open at the end of %s: %w", m, err)
	}
	f.setOpen(open)
	open[Open] -= f.Opened // what was open when the month began: all that has happened in it taken back
	for _, c := range moves {
		open[c.From]++
		open[c.To]--
	}
	before.setOpen(open)
	f.Before = &before
	return f, nil
}

// oneMonth counts all of a month but what was open, and returns the changes of state in it.
func (t *tx) oneMonth(ctx context.Context, m Month, now time.Time) (MonthlyFigures, []move, error) {
	from, until := m.Bounds(t.s.Location)
	if now.Before(until) {
		until = now
	}
	opened, err := t.openedBetween(ctx, micros(from), micros(until))
	if err != nil {
		return MonthlyFigures{}, nil, err
	}
	var moves []move
	if err := t.all(ctx, &moves, `SELECT e.ticket, t.opened_at, e.at, e.from_state, e.to_state FROM event e JOIN ticket t ON t.id = e.ticket
		WHERE e.at >= ? AND e.at < ? AND `+moved+` ORDER BY e.at, e.ticket, e.seq`, micros(from), micros(until)); err != nil {
		return MonthlyFigures{}, nil, fmt.Errorf("read changes of state: %w", err)
	}
	f := tally(m, t.s.Location, until, opened, moves)
	if err := t.get(ctx, &f.Overdue, `SELECT COUNT(*) FROM ticket WHERE state IN ('open', 'verified', 'responding', 'monitoring') AND due_at > 0 AND due_at < ?`, micros(until)); err != nil {
		return f, nil, fmt.Errorf("count overdue tickets: %w", err)
	}
	return f, moves, nil
}

// openedBetween reads the tickets opened in a range of time, with their states at its end.
func (t *tx) openedBetween(ctx context.Context, from, until int64) ([]openedTicket, error) {
	var opened []openedTicket
	err := t.all(ctx, &opened, `SELECT t.id, t.opened_at, t.state, t.type, t.severity, t.reporter, t.tlp,
		COALESCE(MIN(CASE WHEN e.kind = 'sent' AND (e.data LIKE '%"kind":"acknowledged"%' OR e.data LIKE '%"kind":"continued"%') THEN e.at END), 0) AS acknowledged,
		COALESCE(MIN(CASE WHEN e.from_state = 'open' AND e.to_state = 'verified' THEN e.at END), 0) AS verified,
		COALESCE(MIN(CASE WHEN e.kind IN ('asked', 'replied', 'onsite', 'recommended', 'monitoring', 'closed', 'rejected', 'duplicate') THEN e.at END), 0) AS answered
		FROM ticket t LEFT JOIN event e ON e.ticket = t.id WHERE t.opened_at >= ? AND t.opened_at < ?
		GROUP BY t.id, t.opened_at, t.state, t.type, t.severity, t.reporter, t.tlp ORDER BY t.id`, from, until)
	if err != nil {
		return nil, fmt.Errorf("read the tickets opened: %w", err)
	}
	// at + 0: by way of the range's tickets, not of all changes since.
	var later []move
	if err := t.all(ctx, &later, `SELECT e.ticket, e.from_state FROM ticket t JOIN event e ON e.ticket = t.id
		WHERE t.opened_at >= ? AND t.opened_at < ? AND e.at + 0 >= ? AND `+moved+` ORDER BY e.ticket, e.seq`, from, until, until); err != nil {
		return nil, fmt.Errorf("read later changes of state: %w", err)
	}
	states := map[int64]State{}
	for _, m := range later {
		if _, known := states[m.Ticket]; !known {
			states[m.Ticket] = m.From // before its first change after the range
		}
	}
	for i := range opened {
		if s, known := states[opened[i].ID]; known {
			opened[i].State = s
		}
	}
	return opened, nil
}

// openAt counts the tickets that were open at a moment, by state: what is open now less what has changed since, or all that had
// happened until then, whichever is less to read. The indexes alone answer both.
func (t *tx) openAt(ctx context.Context, at, now int64) (map[State]int, error) {
	var first int64
	if err := t.get(ctx, &first, `SELECT COALESCE(MIN(opened_at), 0) FROM ticket`); err != nil {
		return nil, err
	}
	type counted struct {
		From State `db:"from_state"`
		To   State `db:"to_state"`
		N    int
	}
	open, opened, sign := map[State]int{}, 0, 1
	var changes []counted
	if at-first < now-at {
		if err := t.get(ctx, &opened, `SELECT COUNT(*) FROM ticket WHERE opened_at < ?`, at); err != nil {
			return nil, err
		}
		if err := t.all(ctx, &changes, `SELECT e.from_state, e.to_state, COUNT(*) AS n FROM event e WHERE e.at < ? AND `+moved+` GROUP BY e.from_state, e.to_state`, at); err != nil {
			return nil, err
		}
	} else {
		var states []counted
		if err := t.all(ctx, &states, `SELECT state AS to_state, COUNT(*) AS n FROM ticket WHERE state IN ('open', 'verified', 'responding', 'monitoring') GROUP BY state`); err != nil {
			return nil, err
		}
		for _, s := range states {
			open[s.To] = s.N
		}
		if err := t.get(ctx, &opened, `SELECT COUNT(*) FROM ticket WHERE opened_at >= ?`, at); err != nil {
			return nil, err
		}
		if err := t.all(ctx, &changes, `SELECT e.from_state, e.to_state, COUNT(*) AS n FROM event e WHERE e.at >= ? AND `+moved+` GROUP BY e.from_state, e.to_state`, at); err != nil {
			return nil, err
		}
		sign = -1
	}
	open[Open] += sign * opened
	for _, c := range changes {
		open[c.From] -= sign * c.N
		open[c.To] += sign * c.N
	}
	return open, nil
}

// setOpen takes over what was open at the end, by state.
func (f *MonthlyFigures) setOpen(open map[State]int) {
	f.Open = 0
	for i := range f.ByState {
		if s := &f.ByState[i]; !s.State.Final() {
			s.Open = max(0, open[s.State])
			f.Open += s.Open
		}
	}
}

// report sends a month's figures to who asks for them. They are counted when the mail is written.
func (o *order) report(c Command, line CommandLine) *fault {
	month, l := MonthOf(fromMicros(o.now), o.s.Location), o.s.Language
	if len(line.Args) > 0 {
		arg, x := o.oneArgument(c, line, Words{"sebuah bulan", "a month"})
		if x != nil {
			return x
		}
		asked, err := ParseMonth(arg)
		if err != nil {
			return &fault{"", answerNoMonth.say(l, quoted(arg), line.Name)}
		}
		if from, _ := asked.Bounds(o.s.Location); micros(from) > o.now {
			return &fault{"", answerFuture.say(l, asked.Label(l))}
		}
		month = asked
	}
	o.said = true
	o.tellStaff(nil, *o.sender.staff, Item{Kind: KindFigures, Text: month.String()})
	return nil
}

// figures counts the month that a notice tells of.
func (t *tx) figures(ctx context.Context, n *Notice) error {
	for _, item := range n.Items {
		if item.Kind != KindFigures {
			continue
		}
		month, err := ParseMonth(item.Text)
		if err != nil {
			return err
		}
		f, err := t.monthlyFigures(ctx, month, t.s.now())
		if err != nil {
			return err
		}
		n.Figures = &f
	}
	return nil
}
