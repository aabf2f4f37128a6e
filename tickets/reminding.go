package tickets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// askAgainAfter is how many working days a question waits before it is repeated, once.
const askAgainAfter = 3

// remindedAtMost bounds one transaction of Remind.
const remindedAtMost = 100

// Remind does what is due by the clock: it reminds of deadlines and of the end of monitoring, repeats unanswered questions, and
// tells the daily digest. It returns how many tickets and digests it touched; call it again while that is not 0.
func (s *Store) Remind(ctx context.Context, now time.Time) (int, error) {
	var ids []int64
	err := s.look(ctx, func(t *tx) (err error) {
		ids, err = t.remindable(ctx, now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for reminders: %w", err)
	}
	var faults []error // of one ticket alone: the others are reminded of all the same
	for _, id := range ids {
		err := s.write(ctx, func(t *tx) error { return t.remind(ctx, id, now) })
		if err != nil && s.infrastructure(ctx, err) != nil {
			return 0, fmt.Errorf("remind: %w", err)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("remind of ticket %d: %w", id, err))
		}
	}
	told, err := s.tellDigest(ctx, now)
	if err != nil {
		faults = append(faults, fmt.Errorf("tell the digest: %w", err))
	}
	if len(ids)+told > 0 {
		s.wakeSender()
	}
	return len(ids) + told, errors.Join(faults...)
}

// remindable lists tickets of which the clock asks something.
func (t *tx) remindable(ctx context.Context, now time.Time) ([]int64, error) {
	var ids []int64
	for _, column := range []string{"remind_at", "monitor_until"} {
		var due []int64
		err := t.all(ctx, &due, fmt.Sprintf(`SELECT id FROM ticket WHERE %s > 0 AND %s <= ? ORDER BY %s LIMIT %d`, column, column, column, remindedAtMost), micros(now))
		if err != nil {
			return nil, err
		}
		ids = append(ids, due...)
	}
	var asked []struct {
		ID      int64
		AskedAt int64 `db:"asked_at"`
	}
	err := t.all(ctx, &asked, fmt.Sprintf(`SELECT id, asked_at FROM ticket WHERE asked_at > 0 AND asked_at <= ? AND asked_again = 0 ORDER BY asked_at LIMIT %d`, remindedAtMost), micros(now.AddDate(0, 0, -askAgainAfter)))
	for _, a := range asked {
		if t.s.askAgain(a.AskedAt, now) {
			ids = append(ids, a.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

// NextReminder is when Remind has something to do next, as far as is known now; the zero time for never. It asks indexes for
// their smallest values.
func (s *Store) NextReminder(ctx context.Context, now time.Time) (time.Time, error) {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	err := s.look(ctx, func(t *tx) error {
		for _, column := range []string{"remind_at", "monitor_until"} {
			var at int64
			if err := t.get(ctx, &at, fmt.Sprintf(`SELECT COALESCE(MIN(%s), 0) FROM ticket WHERE %s > 0`, column, column)); err != nil {
				return err
			}
			sooner(fromMicros(at))
		}
		var asked int64
		if err := t.get(ctx, &asked, `SELECT COALESCE(MIN(asked_at), 0) FROM ticket WHERE asked_at > 0 AND asked_again = 0`); err != nil {
			return err
		}
		if asked > 0 {
			sooner(s.workdaysAfter(fromMicros(asked), askAgainAfter))
		}
		at, err := t.nextDigest(ctx, now)
		sooner(at)
		return err
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("read the next reminder: %w", err)
	}
	return next, nil
}

func (t *tx) remind(ctx context.Context, id int64, now time.Time) error {
	f, err := newFiling(ctx, t, Arrival{At: now}, now)
	if err != nil {
		return err
	}
	if f.ticket, err = t.lockTicket(ctx, id); err != nil {
		return err
	}
	row := f.ticket
	f.do("remind of deadlines", f.remindOfClocks)
	if row.MonitorUntil > 0 && row.MonitorUntil <= f.now {
		f.event("reminded", map[string]any{"monitor_until": fromMicros(row.MonitorUntil)})
		f.tellOwner(Item{Kind: KindReminder, State: row.State, When: row.MonitorUntil})
		row.MonitorUntil = 0
	}
	if row.AskedAt > 0 && !row.AskedAgain && t.s.askAgain(row.AskedAt, now) {
		f.event("asked-again", map[string]any{"message": row.AskedMessage})
		f.tellReporter(Item{Kind: KindAgain, State: row.State, Message: row.AskedMessage})
		row.AskedAgain = true
	}
	return f.settle(ctx)
}

// remindOfClocks tells of every clock of the ticket whose next reminder has come. Where several have come since the gateway
// last looked, the last one stands for all, but nobody is left out.
func (f *filing) remindOfClocks() error {
	w, list := f.s.clockwork(), f.ticket.clocks()
	for i := range list {
		c := &list[i]
		if c.Next == 0 || c.Next > f.now {
			continue
		}
		share := w.passed(*c, f.now)
		told, err := f.t.exec(f.ctx, `INSERT INTO reminder (ticket, clock, due_at, share, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, f.ticket.ID, c.Name, c.Due, share, f.now)
		if err != nil {
			return err
		}
		before := c.Told
		c.Told = max(share, c.Told)
		w.set(c)
		if told == 0 || c.Told == before {
			continue
		}
		f.event("deadline", map[string]any{"clock": c.Name, "due": fromMicros(c.Due), "share": share})
		for _, s := range f.remindedOf(*c, before, share) {
			kind := KindDeadline
			if c.statutory() {
				kind = KindStatutory
			}
			f.tellStaff(f.ticket, s, Item{Kind: kind, State: f.ticket.State, When: c.Due, Clock: c.Name, Share: share})
		}
	}
	f.ticket.setClocks(list)
	return nil
}

// remindedOf lists whom the reminders after one share, up to another, are for: the owner, without one or while they are away
// Front Desk; of what was missed the supervisors alone; of statutory clocks all of them. Nobody is listed twice.
func (f *filing) remindedOf(c clock, after, upTo int) []Staff {
	var out []Staff
	add := func(people ...Staff) {
		for _, p := range people {
			if !slices.ContainsFunc(out, func(s Staff) bool { return s.Address == p.Address }) {
				out = append(out, p)
			}
		}
	}
	owner, owned := f.staff.byID(f.ticket.Owner)
	if (c.statutory() || after < 100) && owned {
		add(owner)
	}
	if c.statutory() || after < 100 && (!owned || owner.AwayUntil > f.now) {
		add(f.staff.desk()...)
	}
	if c.statutory() || upTo > 100 {
		add(f.staff.with(Supervisor)...)
	}
	return out
}

// askAgain says whether a question has waited long enough.
func (s *Store) askAgain(asked int64, now time.Time) bool {
	return !s.workdaysAfter(fromMicros(asked), askAgainAfter).After(now)
}

// workdaysAfter goes on by a number of working days in the team's time zone. It never ends on a day without work.
func (s *Store) workdaysAfter(from time.Time, days int) time.Time {
	c := s.calendar()
	t := from.In(c.zone)
	for i := 0; days > 0 && i < 1000; i++ { // a list of holidays may be absurd
		t = t.AddDate(0, 0, 1)
		if c.workday(t) {
			days--
		}
	}
	return t
}

// RecountClocks computes the running clocks of all tickets anew, where the settings have changed since they began. It is for
// the start: nothing begins by it, and what is already overdue reminds once.
func (s *Store) RecountClocks(ctx context.Context) error {
	recounted := func(r *ticketRow) bool {
		w, due, next := s.clockwork(), r.DueAt, r.RemindAt
		list := slices.DeleteFunc(r.clocks(), func(c clock) bool { return c.Name != clockOwn && w.given(c.Name) == 0 })
		for i := range list {
			if c := &list[i]; c.Name != clockOwn {
				c.Span = w.given(c.Name).Microseconds()
				w.set(c)
			}
		}
		r.setClocks(list)
		return r.DueAt != due || r.RemindAt != next
	}
	var ids []int64
	err := s.look(ctx, func(t *tx) error {
		for last := (ticketRow{}); ; {
			var rows []ticketRow
			if err := t.all(ctx, &rows, `SELECT `+ticketColumns+` FROM ticket WHERE due_at > 0 AND (due_at, id) > (?, ?) ORDER BY due_at, id LIMIT 200`, last.DueAt, last.ID); err != nil || len(rows) == 0 {
				return err
			}
			last = rows[len(rows)-1]
			for i := range rows {
				if recounted(&rows[i]) {
					ids = append(ids, rows[i].ID)
				}
			}
		}
	})
	for _, id := range ids {
		if err != nil {
			break
		}
		err = s.write(ctx, func(t *tx) error {
			r, err := t.lockTicket(ctx, id)
			if err != nil || !recounted(r) {
				return err
			}
			return t.saveTicket(ctx, r)
		})
	}
	if err != nil {
		return fmt.Errorf("recount deadlines: %w", err)
	}
	return nil
}
