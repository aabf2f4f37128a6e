package tickets

import (
	"context"
	"fmt"
	"time"

	"aduan/tickets/waypoint"
)

// faultsBeforeFailed is how often a mail alone may cause a fault before it goes to the failed folder.
const faultsBeforeFailed = 3

// FailedMail is a mail that could not be taken in and lies in the failed folder.
type FailedMail struct {
	ID          int64     `json:"id"`
	Mailbox     string    `json:"mailbox"`
	UIDValidity uint32    `json:"-" db:"uid_validity"`
	UID         uint32    `json:"-"`
	SHA256      string    `json:"sha256"` // of the raw mail where it could be kept
	Words       string    `json:"error"`  // the last fault
	At          time.Time `json:"at"`
}

// Known returns which of these mails of a mailbox are on record: they are only filed away, never taken in again. The value
// is true where the mail went to the failed folder.
func (s *Store) Known(ctx context.Context, mailbox string, uidValidity uint32, uids []uint32) (map[uint32]bool, error) {
	known := map[uint32]bool{}
	err := s.look(ctx, func(t *tx) error {
		for _, uid := range uids {
			var verdict []string
			if err := t.all(ctx, &verdict, `SELECT verdict FROM ledger WHERE mailbox = ? AND uid_validity = ? AND uid = ?`, mailbox, uidValidity, uid); err != nil {
				return err
			}
			if len(verdict) > 0 {
				known[uid] = verdict[0] == "failed"
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger of %s: %w", mailbox, err)
	}
	if len(known) > 0 {
		if err := s.replicated(ctx); err != nil {
			return nil, fmt.Errorf("make sure of the ledger of %s: %w", mailbox, err)
		}
	}
	return known, nil
}

// Faulted notes that a mail alone caused a fault. After the third it is given up: the ledger says so, Front Desk is told,
// and the mail belongs into the failed folder.
func (s *Store) Faulted(ctx context.Context, a Arrival, fault error, now time.Time) (givenUp bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		var row struct{ ID, Faults int64 }
		err := t.get(ctx, &row, `INSERT INTO failed_mail (mailbox, uid_validity, uid, faults, words, sha256, at) VALUES (?, ?, ?, 1, ?, ?, ?)
			ON CONFLICT (mailbox, uid_validity, uid) DO UPDATE SET faults = failed_mail.faults + 1, words = excluded.words, sha256 = excluded.sha256, at = excluded.at RETURNING id, faults`,
			a.Mailbox, a.UIDValidity, a.UID, Shorten(CleanLine(fault.Error()), 500), a.SHA256, micros(now))
		if err != nil {
			return err
		}
		t.wrote("failed_mail", row.ID)
		waypoint.Pass(ctx, waypoint.FaultWritten)
		if givenUp = row.Faults >= faultsBeforeFailed; !givenUp {
			return nil
		}
		if row.Faults > faultsBeforeFailed {
			return nil // told already
		}
		if _, err := t.exec(ctx, `INSERT INTO ledger (mailbox, uid_validity, uid, message, verdict, at) VALUES (?, ?, ?, 0, 'failed', ?) ON CONFLICT DO NOTHING`, a.Mailbox, a.UIDValidity, a.UID, micros(now)); err != nil {
			return err
		}
		t.wrote("ledger", a.Mailbox, a.UIDValidity, a.UID)
		f, err := newFiling(ctx, t, Arrival{At: now}, now)
		if err != nil {
			return err
		}
		f.tellFrontDesk(Item{Kind: KindBadMail, Text: Shorten(CleanLine(fault.Error()), 300), Lines: []string{a.Mailbox, a.SHA256}}, "")
		return f.settle(ctx)
	})
	if err != nil {
		return false, fmt.Errorf("note a fault of a mail: %w", err)
	}
	waypoint.Pass(ctx, waypoint.FaultRecorded)
	if givenUp {
		s.wakeSender()
	}
	return givenUp, nil
}

// FailedMails lists the mails that were given up and not taken in since, oldest first.
func (s *Store) FailedMails(ctx context.Context) ([]FailedMail, error) {
	var rows []struct {
		FailedMail
		Micros int64
	}
	err := s.look(ctx, func(t *tx) error {
		return t.all(ctx, &rows, `SELECT id, mailbox, uid_validity, uid, sha256, words, at AS micros FROM failed_mail WHERE settled_at = 0 AND faults >= ? ORDER BY id`, faultsBeforeFailed)
	})
	if err != nil {
		return nil, fmt.Errorf("list failed mails: %w", err)
	}
	out := make([]FailedMail, len(rows))
	for i, r := range rows {
		out[i] = r.FailedMail
		out[i].At = fromMicros(r.Micros)
	}
	return out, nil
}

// SettleFailed notes that a failed mail was taken in after all.
func (s *Store) SettleFailed(ctx context.Context, id int64, now time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.wrote("failed_mail", id)
		n, err := t.exec(ctx, `UPDATE failed_mail SET settled_at = ? WHERE id = ? AND settled_at = 0`, micros(now), id)
		if err == nil && n == 0 {
			err = fmt.Errorf("failed mail %d: %w", id, ErrNotFound)
		}
		return err
	})
}
