package tickets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// others goes through everything that belongs to no ticket, a thousand rows at a time.
func (a *audit) others(ctx context.Context) error {
	homes, err := a.otherHomes(ctx)
	if err != nil {
		return err
	}
	for _, h := range homes {
		if a.full() {
			return nil
		}
		err := a.s.look(ctx, func(t *tx) error {
			if err := a.seals(ctx, t, h.kind, h.part, h.part, home.String); err != nil {
				return err
			}
			if h.kind == "message" {
				return a.unfiled(ctx, t, h)
			}
			return nil
		})
		if err != nil && !a.unreadable(ctx, err) {
			return err
		}
		if err := a.readPieces(ctx); err != nil {
			return err
		}
	}
	return nil
}

// otherHomes lists the chains that are no ticket's: those that the journal knows, those that its own list names, and those that
// the rows need.
func (a *audit) otherHomes(ctx context.Context) ([]home, error) {
	homes := map[home]bool{beganHome: true, recordHome: true}
	err := a.s.look(ctx, func(t *tx) error {
		var rows []struct {
			Kind string
			Part int64
		}
		query := `SELECT kind, part FROM chain WHERE kind <> 'ticket' UNION SELECT DISTINCT kind, part FROM journal WHERE kind <> 'ticket'
			UNION SELECT DISTINCT 'ledger:' || mailbox || '/' || uid_validity, uid / 1000 FROM ledger`
		for _, s := range sealedTables {
			switch {
			case s.home == homeAlone:
				homes[home{s.name, 0}] = true
			case s.home == homeID:
				query += ` UNION SELECT DISTINCT '` + s.name + `', id / 1000 FROM ` + s.name
			case s.home == homeTicket && s.name != "ticket" && s.key[0] == "id": // the others' rows always have a ticket
				query += ` UNION SELECT DISTINCT '` + s.name + `', id / 1000 FROM ` + s.name + ` WHERE ticket = 0`
			}
		}
		if err := t.all(ctx, &rows, query); err != nil {
			return fmt.Errorf("list what belongs to no ticket: %w", err)
		}
		for _, r := range rows {
			homes[home{r.Kind, r.Part}] = true
		}
		return a.begun(ctx, t, homes)
	})
	return slices.SortedFunc(maps.Keys(homes), compareHomes), err
}

// begun reports chains of which the journal's own list says that they were begun, and which are not there.
func (a *audit) begun(ctx context.Context, t *tx, homes map[home]bool) error {
	said, err := a.links(ctx, t, recordHome.kind, 0, 0, home.String)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for h := range homes {
		there["chain "+h.String()] = true
	}
	for _, key := range slices.Sorted(maps.Keys(said[recordHome])) {
		if !there[key] {
			a.fault("the journal's %s is missing", key)
		}
		delete(there, key)
	}
	var began int64
	if err := t.get(ctx, &began, `SELECT COUNT(*) FROM journal WHERE kind = 'began'`); err != nil {
		return err
	}
	if began < 2 {
		a.fault("the beginning of the journal is missing")
	}
	return nil
}

// unfiled checks the raw mails that belong to no ticket.
func (a *audit) unfiled(ctx context.Context, t *tx, h home) error {
	for last, end := h.part*partSize-1, (h.part+1)*partSize; ; {
		rows, err := a.mails(ctx, t, 0, 0, last)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.ID >= end {
				return nil
			}
			a.Messages++
			if !r.whole() {
				a.fault("message %d without a ticket was changed: its digest does not match", r.ID)
			}
			a.pieces = append(a.pieces, piece{fmt.Sprintf("message %d without a ticket: the raw mail", r.ID), r.SHA256, r.Size, r.files})
			last = r.ID
		}
		if len(rows) < mailsAtOnce {
			return nil
		}
	}
}

// figures finds gaps in the years' counters, and rows that point at nothing.
func (a *audit) figures(ctx context.Context) error {
	return a.s.look(ctx, func(t *tx) error {
		var years []struct{ Year, Last, Most, Count int }
		err := t.all(ctx, &years, `SELECT c.year, c.last, COALESCE(MAX(t.serial), 0) AS most, COUNT(t.id) AS count FROM counter c LEFT JOIN ticket t ON t.year = c.year GROUP BY c.year, c.last
			UNION ALL SELECT t.year, 0, MAX(t.serial), COUNT(*) FROM ticket t WHERE NOT EXISTS (SELECT 1 FROM counter c WHERE c.year = t.year) GROUP BY t.year ORDER BY 1`)
		if err != nil {
			return fmt.Errorf("read counters: %w", err)
		}
		for _, y := range years {
			if y.Last != y.Most || y.Last != y.Count {
				a.fault("%d: %d numbers were given, %d tickets are there", y.Year, y.Last, y.Count)
			}
		}
		var lost []struct {
			What  string
			Count int
		}
		err = t.all(ctx, &lost, `SELECT 'ledger rows name a message' AS what, COUNT(*) AS count FROM ledger l WHERE l.message > 0 AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = l.message)
			UNION ALL SELECT 'messages name a ticket', COUNT(*) FROM message m WHERE m.ticket <> 0 AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = m.ticket)
			UNION ALL SELECT 'notices name a ticket', COUNT(*) FROM notice n WHERE n.ticket <> 0 AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = n.ticket)
			UNION ALL SELECT 'reply addresses name a ticket', COUNT(*) FROM reply_address r WHERE r.ticket <> 0 AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = r.ticket)
			UNION ALL SELECT 'confirmations name a ticket', COUNT(*) FROM confirmation c WHERE c.ticket <> 0 AND NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = c.ticket)`)
		if err != nil {
			return fmt.Errorf("look for rows that point at nothing: %w", err)
		}
		for _, l := range lost {
			if l.Count > 0 {
				a.fault("%d %s that is not there", l.Count, l.What)
			}
		}
		return t.get(ctx, &a.Ledger, `SELECT COUNT(*) FROM ledger`)
	})
}

// piece is a piece of evidence that a page names.
type piece struct {
	what  string
	sum   string
	size  int64
	files []Attachment // what the index says is in it
}

// readPieces reads the evidence that the last page named, after its transaction.
func (a *audit) readPieces(ctx context.Context) error {
	for _, p := range a.pieces {
		a.Pieces++
		if words := a.readPiece(ctx, p); words != "" {
			a.fault("%s (%s) %s", p.what, p.sum, words)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	a.pieces = nil
	return nil
}

// readPiece says what is wrong with a piece of evidence; "" where it is whole.
func (a *audit) readPiece(ctx context.Context, p piece) string {
	r, err := a.how.Evidence.Open(ctx, p.sum)
	if errors.Is(err, ErrNotFound) {
		return "is missing from the evidence"
	}
	if err != nil {
		return "cannot be read: " + err.Error()
	}
	defer r.Close()
	h := sha256.New()
	counted := &counter{w: h}
	raw := io.TeeReader(r, counted)
	var files []Attachment
	if a.how.Parts != nil && len(p.files) > 0 {
		files = cleanAttachments(a.how.Parts(ctx, raw))
	}
	if _, err := io.Copy(io.Discard, raw); err != nil {
		return "cannot be read: " + err.Error()
	}
	switch {
	case hex.EncodeToString(h.Sum(nil)) != p.sum:
		return "was changed: its hash does not match"
	case counted.n != p.size:
		return fmt.Sprintf("has %d bytes, the record says %d", counted.n, p.size)
	case a.how.Parts != nil:
		return otherFiles(p.files, files)
	}
	return ""
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.w.Write(p)
}

// otherFiles says which attachment of the index the raw mail does not hold as the index says.
func otherFiles(index, raw []Attachment) string {
	for i, want := range index {
		at := slices.IndexFunc(raw, func(f Attachment) bool { return f.Place == want.Place })
		switch {
		case at < 0:
			return fmt.Sprintf("does not hold attachment %d (%s)", i+1, want.Filename)
		case raw[at].SHA256 != want.SHA256 || raw[at].Size != want.Size:
			return fmt.Sprintf("holds another attachment %d (%s): %d bytes, the index says %d", i+1, want.Filename, raw[at].Size, want.Size)
		case raw[at].Filename != want.Filename:
			return fmt.Sprintf("calls attachment %d %q, the index %q", i+1, raw[at].Filename, want.Filename)
		}
	}
	return ""
}
