package tickets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"aduan/tickets/waypoint"
)

// Claim takes at most n notices that are due, for as long as a lease lasts, and counts the attempt. Notices to one person
// about one ticket go out in their order: a later one is not claimed before the earlier is settled. What staff wait for is
// claimed before others.
func (s *Store) Claim(ctx context.Context, n int) ([]Notice, error) {
	var rows []noticeRow
	err := s.write(ctx, func(t *tx) error {
		rows = nil
		for _, line := range []string{` AND n.hurried = 1`, ``} { // each finds its rows by an index of its own
			var some []noticeRow
			if err := t.claimDue(ctx, &some, line, n-len(rows)); err != nil {
				return err
			}
			if rows = append(rows, some...); len(rows) >= n {
				break
			}
		}
		if len(rows) > 0 {
			waypoint.Pass(ctx, waypoint.ClaimsWritten)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim notices: %w", err)
	}
	if len(rows) > 0 {
		waypoint.Pass(ctx, waypoint.NoticesClaimed)
	}
	slices.SortFunc(rows, func(a, b noticeRow) int { return cmp.Compare(a.ID, b.ID) })
	notices, err := s.readNotices(ctx, rows...)
	if err == nil {
		return notices, nil
	}
	notices = notices[:0]
	for _, r := range rows {
		alone, err := s.readNotices(ctx, r)
		if err == nil {
			notices = append(notices, alone...)
			continue
		}
		// One that cannot be read waits alone. Where the database is away for all, the leases end by themselves.
		if down := s.infrastructure(ctx, err); down != nil {
			return nil, fmt.Errorf("read claimed notices: %w", down)
		}
		if err := s.Later(ctx, r.claim(), err.Error()); err != nil && !errors.Is(err, ErrClaimLost) {
			return nil, err
		}
	}
	return notices, nil
}

// claimDue leases at most n notices of a line that are due.
func (t *tx) claimDue(ctx context.Context, rows *[]noticeRow, line string, n int) error {
	s := t.s
	// Materialized: a subquery that the planner runs again would take other rows, and more of them.
	return t.all(ctx, rows, `WITH due AS MATERIALIZED (
		SELECT n.id FROM notice n WHERE n.state = 'queued'`+line+` AND n.next_at <= `+s.dialect.leaseNow+` AND n.leased_until <= `+s.dialect.leaseNow+`
		AND NOT EXISTS (SELECT 1 FROM notice e WHERE e.ticket = n.ticket AND e.recipient = n.recipient AND e.id < n.id AND e.`+unsettled+` AND e.state = 'queued')
		ORDER BY n.next_at, n.id LIMIT ?`+s.dialect.skipRows+`)
		UPDATE notice SET attempts = attempts + 1, leased_until = `+s.dialect.leaseNow+` + ? WHERE id IN (SELECT id FROM due) RETURNING `+noticeColumns, s.leaseNow(), s.leaseNow(), n, s.leaseNow(), s.lease().Microseconds())
}

// claim is what is known of a claimed notice without reading what it says.
func (r noticeRow) claim() Notice {
	return Notice{ID: r.ID, Attempt: r.Attempts, Kind: r.Kind, To: Address{r.RecipientName, r.Recipient}, QueuedAt: fromMicros(r.QueuedAt)}
}

// readNotices fills in claimed notices.
func (s *Store) readNotices(ctx context.Context, rows ...noticeRow) (notices []Notice, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read notices: panic: %v", p)
		}
	}()
	err = s.look(ctx, func(t *tx) error {
		for _, r := range rows {
			n, err := t.notice(ctx, r)
			if err != nil {
				return err
			}
			notices = append(notices, n)
		}
		return nil
	})
	return notices, err
}

// ReleaseClaims frees all claims: for the start of a process that alone owns its database.
func (s *Store) ReleaseClaims(ctx context.Context) error {
	if s.dialect.name != "sqlite" {
		return nil // another machine may be sending them
	}
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `UPDATE notice SET leased_until = 0 WHERE state = 'queued' AND leased_until > 0`)
		return err
	})
}
