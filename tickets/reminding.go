package tickets

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// askAgainAfter is how many working days a question waits before it is repeated, once.
const askAgainAfter = 3

// remindedAtMost bounds one transaction of Remind.
const remindedAtMost = 100

// Remind does what is due by the clock: it reminds owners whose monitoring time is over and repeats unanswered questions.
// It returns how many tickets it touched; call it again while that is not 0.
func (s *Store) Remind(ctx context.Context, now time.Time) (int, error) {
	var ids []int64
	err := s.look(ctx, func(t *tx) error {
		if err := t.all(ctx, &ids, fmt.Sprintf(`SELECT id FROM ticket WHERE monitor_until > 0 AND monitor_until <= ? ORDER BY id LIMIT %d`, remindedAtMost), micros(now)); err != nil {
			return err
		}
		var asked []struct {
			ID      int64
			AskedAt int64 `db:"asked_at"`
		}
		err := t.all(ctx, &asked, fmt.Sprintf(`SELECT id, asked_at FROM ticket WHERE asked_at > 0 AND asked_at <= ? AND asked_again = 0 ORDER BY asked_at LIMIT %d`, remindedAtMost), micros(now.AddDate(0, 0, -askAgainAfter)))
		for _, a := range asked {
			if s.askAgain(a.AskedAt, now) && !slices.Contains(ids, a.ID) {
				ids = append(ids, a.ID)
			}
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for reminders: %w", err)
	}
	for _, id := range ids {
		if err := s.write(ctx, func(t *tx) error { return t.remind(ctx, id, now) }); err != nil {
			return 0, fmt.Errorf("remind: %w", err)
		}
	}
	if len(ids) > 0 {
		s.wakeSender()
	}
	return len(ids), nil
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

// askAgain says whether a question has waited long enough.
func (s *Store) askAgain(asked int64, now time.Time) bool {
	return !s.workdaysAfter(fromMicros(asked), askAgainAfter).After(now)
}

// workdaysAfter goes on by a number of working days: Monday to Friday without holidays, in the team's time zone. It never ends
// on a day without work.
func (s *Store) workdaysAfter(from time.Time, days int) time.Time {
	t := from.In(s.Location)
	for i := 0; days > 0 && i < 1000; i++ { // a list of holidays may be absurd
		t = t.AddDate(0, 0, 1)
		if s.workday(t) {
			days--
		}
	}
	return t
}

func (s *Store) workday(t time.Time) bool {
	if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		return false
	}
	return !contains(s.Holidays, t.Format("2006-01-02"))
}
