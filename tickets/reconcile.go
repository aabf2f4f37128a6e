package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// FolderMail is one mail as it lies in a folder of a mailbox.
type FolderMail struct {
	UID       uint32
	ArrivedAt time.Time
	MessageID string
	Read      func() (Mail, error) // the whole mail; one without size is gone
}

// FolderPiece is some mails of one folder: inbox, processed or failed.
type FolderPiece struct {
	Mailbox     string
	Folder      string
	UIDValidity uint32
	Mails       []FolderMail
}

// Folders shows what lies in the folders of one mailbox.
type Folders func(ctx context.Context, visit func(FolderPiece) error) error

// Reconciliation is the result of comparing the record with the folders of the mailboxes and with the evidence.
type Reconciliation struct {
	At       time.Time      `json:"at"`
	Took     time.Duration  `json:"took"`  // nanoseconds
	Mails    map[string]int `json:"mails"` // seen, by folder: inbox, processed, failed
	Pieces   int            `json:"pieces"`
	Missing  int            `json:"missing"`  // mails and pieces of evidence that are not where they should be
	Faults   int            `json:"faults"`   // all differences, the missing ones included
	Findings []string       `json:"findings"` // what differs, in order of discovery; the first ones where there are many
	Unlooked []string       `json:"unlooked"` // what could not be compared, and why
	Unnamed  int            `json:"unnamed"`  // pieces of evidence that nothing on record names: no difference
	Told     bool           `json:"told"`     // Front Desk and supervisors were told
}

// Times of a reconciliation.
const (
	reconcileAt  = 3 * time.Hour // after midnight in the team's time zone: when nobody waits for the machine
	strandsAfter = time.Hour     // that long a mail may lie in the inbox before it is a difference
	claimTakes   = 3 * time.Hour // after that who began a reconciliation is taken for dead
)

const findingsAtMost = 50

// ReconciliationDue claims the reconciliation of the day for the caller. It returns "" where it was made, or another gateway makes it.
func (s *Store) ReconciliationDue(ctx context.Context, now time.Time) (day string, err error) {
	local := now.In(s.Location)
	slot := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.Location).Add(reconcileAt)
	if slot.After(now) {
		slot = slot.AddDate(0, 0, -1)
	}
	name, mine := slot.Format("2006-01-02"), int64(0)
	err = s.write(ctx, func(t *tx) (err error) {
		mine, err = t.exec(ctx, `INSERT INTO reconciliation (day, begun_at) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET begun_at = excluded.begun_at
			WHERE reconciliation.ended_at = 0 AND reconciliation.begun_at < ?`, name, micros(now), micros(now.Add(-claimTakes)))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("claim the reconciliation: %w", err)
	}
	if mine == 0 {
		return "", nil
	}
	return name, nil
}

// GiveUpReconciliation lets the reconciliation of a day be made by whoever comes next.
func (s *Store) GiveUpReconciliation(ctx context.Context, day string) error {
	return s.write(ctx, func(t *tx) error {
		_, err := t.exec(ctx, `DELETE FROM reconciliation WHERE day = ? AND ended_at = 0`, day)
		return err
	})
}

// LastReconciliation returns the result of the last reconciliation that ended; false where there was none.
func (s *Store) LastReconciliation(ctx context.Context) (r Reconciliation, ok bool, err error) {
	var results []string
	err = s.look(ctx, func(t *tx) error {
		return t.all(ctx, &results, `SELECT result FROM reconciliation WHERE ended_at > 0 ORDER BY ended_at DESC LIMIT 1`)
	})
	if err == nil && len(results) > 0 {
		err = json.Unmarshal([]byte(results[0]), &r)
	}
	if err != nil {
		return r, false, fmt.Errorf("read the last reconciliation: %w", err)
	}
	return r, len(results) > 0, nil
}

// Reconcile compares the record with the mailboxes' folders and with the evidence, keeps the result as that of the day, and
// tells Front Desk and the supervisors where something is missing. Nothing in the folders or the evidence is changed. What cannot be
// reached is said in the result; the error is for faults of the database.
func (s *Store) Reconcile(ctx context.Context, day string, mailboxes map[string]Folders, evidence Evidence) (Reconciliation, error) {
	begun := time.Now()
	r := &reconciling{s: s, Reconciliation: Reconciliation{At: s.now(), Mails: map[string]int{}}}
	for _, name := range sortedKeys(mailboxes) {
		err := mailboxes[name](ctx, func(p FolderPiece) error { return r.folder(ctx, p) })
		var ours *recordError
		switch {
		case ctx.Err() != nil:
			return r.Reconciliation, ctx.Err()
		case errors.As(err, &ours):
			return r.Reconciliation, err
		case err != nil:
			r.Unlooked = append(r.Unlooked, fmt.Sprintf("mailbox %s: %s", name, Shorten(CleanLine(err.Error()), 300)))
		}
	}
	if err := r.evidence(ctx, evidence); err != nil {
		return r.Reconciliation, err
	}
	r.Took = time.Since(begun)
	return r.Reconciliation, s.endReconciliation(ctx, day, &r.Reconciliation)
}

// recordError tells a fault of the database from one of a mailbox.
type recordError struct{ error }

func (e *recordError) Unwrap() error { return e.error }

type reconciling struct {
	Reconciliation
	s *Store
}

func (r *reconciling) differs(missing bool, format string, args ...any) {
	if r.Faults++; missing {
		r.Missing++
	}
	if len(r.Findings) < findingsAtMost {
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
}

// folder compares some mails of a folder with the record.
func (r *reconciling) folder(ctx context.Context, p FolderPiece) error {
	for _, m := range p.Mails {
		r.Mails[p.Folder]++
		check := map[string]func(context.Context, FolderPiece, FolderMail) error{"inbox": r.inbox, "processed": r.processed, "failed": r.failed}[p.Folder]
		if check == nil {
			return fmt.Errorf("no folder %q", p.Folder)
		}
		if err := check(ctx, p, m); err != nil {
			return err
		}
	}
	return nil
}

// ask reads one number of the record.
func (r *reconciling) ask(ctx context.Context, query string, args ...any) (n int64, err error) {
	if err = r.s.look(ctx, func(t *tx) error { return t.get(ctx, &n, query, args...) }); err != nil {
		return 0, &recordError{fmt.Errorf("compare a mail with the record: %w", err)}
	}
	return n, nil
}

// inbox finds mails that should not lie there any more.
func (r *reconciling) inbox(ctx context.Context, p FolderPiece, m FolderMail) error {
	long := r.At.Add(-strandsAfter)
	at, err := r.ask(ctx, `SELECT COALESCE((SELECT at FROM ledger WHERE mailbox = ? AND uid_validity = ? AND uid = ?), 0)`, p.Mailbox, p.UIDValidity, m.UID)
	switch {
	case err != nil:
		return err
	case at > 0 && fromMicros(at).Before(long):
		r.differs(false, "mailbox %s: mail %d is on record since %s and still lies in the inbox: the server refuses to move it", p.Mailbox, m.UID, r.when(fromMicros(at)))
	case at == 0 && !m.ArrivedAt.IsZero() && m.ArrivedAt.Before(long):
		seen, err := r.ask(ctx, `SELECT COALESCE(MIN(seen_at), 0) FROM mailbox WHERE name = ?`, p.Mailbox)
		if err != nil {
			return err
		}
		if seen > 0 && fromMicros(seen).Before(long) {
			r.differs(false, "mailbox %s: mail %d, which arrived %s, waits in the inbox and is not on record", p.Mailbox, m.UID, r.when(m.ArrivedAt))
		}
	}
	return nil
}

func (r *reconciling) when(at time.Time) string {
	return at.In(r.s.Location).Format("2006-01-02 15:04")
}

// processed finds mails that were filed away and are not on record, as after a restore from an older backup.
func (r *reconciling) processed(ctx context.Context, p FolderPiece, m FolderMail) error {
	if known, err := r.known(ctx, m, nil); err != nil || known {
		return err
	}
	whole, err := m.Read()
	if err != nil || whole.Size == 0 {
		return err
	}
	if known, err := r.known(ctx, FolderMail{}, &whole); err != nil || known {
		return err
	}
	r.differs(true, "mailbox %s: mail %d in the processed folder (arrived %s, Message-ID %s) is not on record: move it back into the inbox, and it is taken in",
		p.Mailbox, m.UID, r.when(m.ArrivedAt), orNone(whole.MessageID))
	return nil
}

// known says whether a mail is on record: by its Message-ID, or, once it was read, by its fingerprint.
func (r *reconciling) known(ctx context.Context, m FolderMail, whole *Mail) (bool, error) {
	if whole == nil {
		id := cleanID(m.MessageID)
		if id == "" {
			return false, nil
		}
		n, err := r.ask(ctx, `SELECT COUNT(*) FROM message WHERE message_id = ? AND message_id <> '' AND direction = 'in'`, id)
		return n > 0, err
	}
	n, err := r.ask(ctx, `SELECT COUNT(*) FROM message WHERE fingerprint IN (?, ?) AND fingerprint <> ''`, whole.Fingerprint, whole.SHA256)
	return n > 0, err
}

// failed finds mails in the failed folder of which no row says why.
func (r *reconciling) failed(ctx context.Context, p FolderPiece, m FolderMail) error {
	if known, err := r.known(ctx, m, nil); err != nil || known {
		return err // taken in since
	}
	whole, err := m.Read()
	if err != nil || whole.Size == 0 {
		return err
	}
	if known, err := r.known(ctx, FolderMail{}, &whole); err != nil || known {
		return err
	}
	n, err := r.ask(ctx, `SELECT COUNT(*) FROM failed_mail WHERE mailbox = ? AND (sha256 = ? OR sha256 = '')`, p.Mailbox, whole.SHA256)
	if err == nil && n == 0 {
		r.differs(true, "mailbox %s: mail %d in the failed folder (arrived %s, Message-ID %s) is neither on record nor among the failed ones: move it back into the inbox",
			p.Mailbox, m.UID, r.when(m.ArrivedAt), orNone(whole.MessageID))
	}
	return err
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return Shorten(CleanLine(s), 200)
}

// evidence compares which pieces are there, and their sizes.
func (r *reconciling) evidence(ctx context.Context, e Evidence) error {
	c, err := r.s.compareEvidence(ctx, e)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errNoList):
		r.Unlooked = append(r.Unlooked, err.Error())
		return nil
	case err != nil && r.s.Ping(ctx) != nil:
		return err
	case err != nil:
		r.Unlooked = append(r.Unlooked, "evidence: "+Shorten(CleanLine(err.Error()), 300))
		return nil
	}
	r.Pieces, r.Unnamed = c.pieces, c.unknowns
	for _, sum := range c.missing {
		r.differs(true, "the evidence %s is missing", sum)
	}
	r.Faults, r.Missing = r.Faults+c.missings-len(c.missing), r.Missing+c.missings-len(c.missing)
	for _, words := range c.sized {
		r.differs(true, "the evidence %s", words)
	}
	return nil
}
