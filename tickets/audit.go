package tickets

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// eachLine calls do with each line of r without its LF; a last line without one counts too. Long lines come whole.
func eachLine(r io.Reader, do func(string) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := b.ReadString('\n')
		if line != "" {
			if err := do(strings.TrimSuffix(line, "\n")); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Audited is what an audit looked at.
type Audited struct {
	Tickets, Events, Messages int
	Faults                    []string // in order of discovery
}

// faultsAtMost bounds what one audit reports: the first one already says that the record was changed.
const faultsAtMost = 100

// Audit verifies every event's hash and its place in its ticket's chain, that the chain ends where the ticket says, every
// message against the event that names it, every raw mail against its hash, and that the year's numbers have no gap.
func (s *Store) Audit(ctx context.Context, evidence Evidence) (Audited, error) {
	a := &audit{s: s, evidence: evidence}
	for last := int64(0); ; {
		var rows []ticketRow
		err := s.look(ctx, func(t *tx) error {
			rows = nil
			if err := t.all(ctx, &rows, `SELECT `+ticketColumns+` FROM ticket WHERE id > ? ORDER BY id LIMIT 100`, last); err != nil {
				return fmt.Errorf("read tickets: %w", err)
			}
			for i := range rows {
				if err := a.ticket(ctx, t, &rows[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return a.Audited, err
		}
		if len(rows) == 0 || len(a.Faults) >= faultsAtMost {
			break
		}
		last = rows[len(rows)-1].ID
	}
	err := s.look(ctx, func(t *tx) error { return errors.Join(a.numbers(ctx, t), a.unfiled(ctx, t)) })
	return a.Audited, err
}

type audit struct {
	Audited
	s        *Store
	evidence Evidence
}

func (a *audit) fault(format string, args ...any) {
	a.Faults = append(a.Faults, fmt.Sprintf(format, args...))
}

func (a *audit) ticket(ctx context.Context, t *tx, row *ticketRow) error {
	a.Tickets++
	events, err := t.events(ctx, row.ID)
	if err != nil {
		return err
	}
	said := facts{map[int64]string{}, map[int64]Visibility{}, map[string]string{}}
	prev, state := "", State("")
	for i, e := range events {
		a.Events++
		switch {
		case e.Seq != i+1:
			a.fault("%s: event %d is missing", row.Number, i+1)
			return nil
		case e.Prev != prev:
			a.fault("%s: event %d (%s) does not follow the one before it", row.Number, e.Seq, e.Kind)
		case e.sum(Number(row.Number)) != e.Hash:
			a.fault("%s: event %d (%s, %s) was changed: its hash does not match", row.Number, e.Seq, e.Kind, e.At.Format("2006-01-02 15:04:05"))
		}
		prev, state = e.Hash, e.To
		said.read(e)
	}
	switch {
	case len(events) == 0:
		a.fault("%s: has no events", row.Number)
	case row.LastSeq != len(events) || row.LastHash != prev:
		a.fault("%s: the last events are missing: %d of %d are there", row.Number, len(events), row.LastSeq)
	case row.State != state:
		a.fault("%s: the state is %s, its events say %s", row.Number, row.State, state)
	}
	return a.messages(ctx, t, row, said)
}

// facts is what a ticket's events say of its mails.
type facts struct {
	named map[int64]string     // digests of the messages that events name
	shown map[int64]Visibility // who may see them, after the last event that says so
	sent  map[string]string    // hashes of the mails that went out, by Message-ID
}

func (f facts) read(e Event) {
	var data struct {
		Message    int64
		Messages   []int64
		Visibility Visibility
		Digest     string
		MessageID  string `json:"message_id"`
		SHA256     string
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return
	}
	if data.Message > 0 && data.Digest != "" {
		f.named[data.Message], f.shown[data.Message] = data.Digest, data.Visibility
	}
	if e.Kind == "released" {
		for _, id := range data.Messages {
			f.shown[id] = VisiblePublic
		}
	}
	if e.Kind == "sent" && data.MessageID != "" && data.SHA256 != "" {
		f.sent[data.MessageID] = data.SHA256
	}
}

// auditedRow is a message's row with its digest.
type auditedRow struct {
	messageRow
	Digest string
}

// whole says whether the row and those of its attachments are as they were written.
func (r auditedRow) whole(ctx context.Context, t *tx) (bool, error) {
	m := r.message()
	err := t.attachments(ctx, &m)
	return digestMessage(r.messageRow, m.Attachments) == r.Digest, err
}

func (a *audit) messages(ctx context.Context, t *tx, row *ticketRow, facts facts) error {
	named, sent, shown := facts.named, facts.sent, facts.shown
	var rows []auditedRow
	if err := t.all(ctx, &rows, `SELECT `+messageColumns+`, digest FROM message WHERE ticket = ? ORDER BY id`, row.ID); err != nil {
		return fmt.Errorf("read messages of %s: %w", row.Number, err)
	}
	for _, r := range rows {
		a.Messages++
		whole, err := r.whole(ctx, t)
		if err != nil {
			return err
		}
		switch {
		case !whole:
			a.fault("%s: message %d was changed: its digest does not match", row.Number, r.ID)
		case r.Direction == "in" && named[r.ID] == "":
			a.fault("%s: message %d is named by no event", row.Number, r.ID)
		case r.Direction == "in" && named[r.ID] != r.Digest:
			a.fault("%s: message %d is not the one that its event names", row.Number, r.ID)
		case r.Direction == "out" && sent[r.MessageID] != "" && sent[r.MessageID] != r.SHA256:
			a.fault("%s: mail %d is not the one that was sent", row.Number, r.ID)
		case shown[r.ID] != "" && shown[r.ID] != r.Visibility:
			a.fault("%s: message %d is %s, its events say %s", row.Number, r.ID, r.Visibility, shown[r.ID])
		}
		delete(named, r.ID)
		delete(sent, r.MessageID)
		if words := a.mail(ctx, r.SHA256); words != "" {
			a.fault("%s: the raw mail of message %d (%s) %s", row.Number, r.ID, r.SHA256, words)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(named)) {
		a.fault("%s: message %d is missing", row.Number, id)
	}
	for _, id := range slices.Sorted(maps.Keys(sent)) {
		a.fault("%s: the mail %s that was sent is missing", row.Number, id)
	}
	return nil
}

// mail says what is wrong with a piece of evidence; "" where it is whole.
func (a *audit) mail(ctx context.Context, sum string) string {
	r, err := a.evidence.Open(ctx, sum)
	if errors.Is(err, ErrNotFound) {
		return "is missing from the evidence"
	}
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "cannot be read: " + err.Error()
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return "was changed: its hash does not match"
	}
	return ""
}

// numbers finds gaps in the years' counters.
func (a *audit) numbers(ctx context.Context, t *tx) error {
	var years []struct{ Year, Last, Most, Count int }
	err := t.all(ctx, &years, `SELECT c.year, c.last, COALESCE(MAX(t.serial), 0) AS most, COUNT(t.id) AS count FROM counter c LEFT JOIN ticket t ON t.year = c.year GROUP BY c.year, c.last ORDER BY c.year`)
	if err != nil {
		return fmt.Errorf("read counters: %w", err)
	}
	for _, y := range years {
		if y.Last != y.Most || y.Last != y.Count {
			a.fault("%d: %d numbers were given, %d tickets are there", y.Year, y.Last, y.Count)
		}
	}
	return nil
}

// unfiled checks the raw mails that belong to no ticket.
func (a *audit) unfiled(ctx context.Context, t *tx) error {
	for last := int64(0); ; {
		var rows []auditedRow
		if err := t.all(ctx, &rows, `SELECT `+messageColumns+`, digest FROM message WHERE ticket = 0 AND id > ? ORDER BY id LIMIT 200`, last); err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		for _, r := range rows {
			a.Messages++
			whole, err := r.whole(ctx, t)
			if err != nil {
				return err
			}
			if !whole {
				a.fault("message %d without a ticket was changed: its digest does not match", r.ID)
			}
			if words := a.mail(ctx, r.SHA256); words != "" {
				a.fault("message %d without a ticket: the raw mail (%s) %s", r.ID, r.SHA256, words)
			}
		}
		last = rows[len(rows)-1].ID
	}
}
