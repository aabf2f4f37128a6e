package tickets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Auditing says what an audit compares the record with.
type Auditing struct {
	Evidence Evidence
	// Parts reads the attachments of a raw mail again; nil leaves the index of attachments to the chain alone.
	Parts func(ctx context.Context, raw io.Reader) []Attachment
	// Head is what an earlier audit gave as the record's head: the record must be what it was then, with more after it. "" for none.
	Head string
	// Progress is told how many tickets of how many were looked at; may be nil.
	Progress func(done, total int)
}

// Audited is what an audit looked at.
type Audited struct {
	Tickets, Events, Messages int
	Notices, Ledger, Pieces   int      // notices, ledger rows, pieces of evidence that were read
	Faults                    []string // in order of discovery
	Remarks                   []string // what is no fault, but good to know
	Head                      string   // names the record as it is now: keep it elsewhere
}

// faultsAtMost bounds what one audit reports: the first one already says that the record was changed.
const faultsAtMost = 100

// Audit is AuditWith against the evidence alone.
func (s *Store) Audit(ctx context.Context, evidence Evidence) (Audited, error) {
	return s.AuditWith(ctx, Auditing{Evidence: evidence})
}

// AuditWith verifies that the record is what the gateway wrote: the chains of events and of the journal link by link, every
// sealed row against its journal, every message against the event that names it, every raw mail and every mail that went out
// against its hash, notices against events, the ledger against messages, and the years' numbers for gaps.
//
// It may run beside a working gateway: it reads in pages, each of which is one moment's, and holds no transaction while it reads
// evidence. Its memory does not grow with the record. The error is for faults of the infrastructure; what is wrong with the record is
// in Faults.
func (s *Store) AuditWith(ctx context.Context, how Auditing) (Audited, error) {
	a := &audit{s: s, how: how}
	for _, step := range []func(context.Context) error{a.head, a.tickets, a.others, a.figures, a.strays} {
		if err := step(ctx); err != nil {
			return a.Audited, fmt.Errorf("audit: %w", err)
		}
		if len(a.Faults) >= faultsAtMost {
			break
		}
	}
	return a.Audited, nil
}

type audit struct {
	Audited
	s      *Store
	how    Auditing
	pieces []piece // evidence that the page at hand names
}

func (a *audit) fault(format string, args ...any) {
	a.Faults = append(a.Faults, fmt.Sprintf(format, args...))
}

func (a *audit) full() bool { return len(a.Faults) >= faultsAtMost }

// tickets goes through all tickets, fifty at a time, those included of which only the journal knows.
func (a *audit) tickets(ctx context.Context) error {
	total := 0
	err := a.s.look(ctx, func(t *tx) error { return t.get(ctx, &total, `SELECT COUNT(*) FROM ticket`) })
	for last := int64(0); err == nil && !a.full(); {
		var ids []int64
		err = a.s.look(ctx, func(t *tx) error {
			err := t.all(ctx, &ids, `SELECT id FROM (SELECT id FROM (SELECT id FROM ticket WHERE id > ? ORDER BY id LIMIT 50) AS known
				UNION SELECT part FROM (SELECT part FROM chain WHERE kind = 'ticket' AND part > ? ORDER BY part LIMIT 50) AS said) AS ids ORDER BY id LIMIT 50`, last, last)
			if err != nil || len(ids) == 0 {
				return err
			}
			return a.page(ctx, t, ids[0], ids[len(ids)-1])
		})
		if err != nil && len(ids) > 0 && a.unreadable(ctx, err) {
			err = nil
		}
		if err != nil || len(ids) == 0 {
			break
		}
		err = a.readPieces(ctx)
		if a.how.Progress != nil {
			a.how.Progress(a.Tickets, total)
		}
		last = ids[len(ids)-1]
	}
	return err
}

// unreadable says whether an error is about what stands in the rows, and reports it then: no value that the gateway writes
// cannot be read again.
func (a *audit) unreadable(ctx context.Context, err error) bool {
	if a.s.infrastructure(ctx, err) != nil {
		return false
	}
	a.fault("the record cannot be read: %v", err)
	return true
}

// page checks the tickets whose ids lie in a range, as one moment shows them.
func (a *audit) page(ctx context.Context, t *tx, from, to int64) error {
	var rows []ticketRow
	if err := t.all(ctx, &rows, `SELECT `+ticketColumns+` FROM ticket WHERE id >= ? AND id <= ? ORDER BY id`, from, to); err != nil {
		return fmt.Errorf("read tickets: %w", err)
	}
	names := map[int64]string{}
	for _, r := range rows {
		names[r.ID] = r.Number
	}
	called := func(h home) string {
		if n := names[h.part]; n != "" {
			return n
		}
		return h.String()
	}
	if err := a.seals(ctx, t, "ticket", from, to, called); err != nil {
		return err
	}
	said, err := a.chains(ctx, t, rows, from, to)
	if err != nil {
		return err
	}
	for ticket, last := from, int64(0); ; {
		mails, err := a.mails(ctx, t, to, ticket, last)
		if err != nil {
			return err
		}
		if len(mails) == 0 {
			break
		}
		for _, m := range mails {
			if f := said[m.Ticket]; f != nil {
				a.mail(f, m)
			}
		}
		ticket, last = mails[len(mails)-1].Ticket, mails[len(mails)-1].ID
	}
	if err := a.notices(ctx, t, said, from, to); err != nil {
		return err
	}
	for _, r := range rows {
		said[r.ID].close(a)
	}
	return nil
}

// chains verifies the events of a page's tickets and returns what they say.
func (a *audit) chains(ctx context.Context, t *tx, rows []ticketRow, from, to int64) (map[int64]*facts, error) {
	var all []struct {
		Ticket int64
		eventRow
	}
	if err := t.all(ctx, &all, `SELECT ticket, `+eventColumns+` FROM event WHERE ticket >= ? AND ticket <= ? ORDER BY ticket, seq`, from, to); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	events := map[int64][]Event{}
	for _, e := range all {
		events[e.Ticket] = append(events[e.Ticket], e.event())
	}
	said := map[int64]*facts{}
	for i := range rows {
		a.Tickets++
		said[rows[i].ID] = a.chain(&rows[i], events[rows[i].ID])
	}
	return said, nil
}

// chain verifies one ticket's events.
func (a *audit) chain(row *ticketRow, events []Event) *facts {
	said := newFacts(row)
	prev, state := "", State("")
	for i, e := range events {
		a.Events++
		switch {
		case e.Seq != i+1:
			a.fault("%s: event %d is missing", row.Number, i+1)
			return said
		case e.Prev != prev:
			a.fault("%s: event %d (%s) does not follow the one before it", row.Number, e.Seq, e.Kind)
		case e.sum(Number(row.Number)) != e.Hash:
			a.fault("%s: event %d (%s, %s) was changed: its hash does not match", row.Number, e.Seq, e.Kind, e.At.Format("2006-01-02 15:04:05"))
		case e.From != state && !(i == 0 && e.From == ""):
			a.fault("%s: event %d (%s) begins at %s, the one before it ends at %s", row.Number, e.Seq, e.Kind, e.From, state)
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
	return said
}

// auditedRow is a message's row with what an audit needs beside it.
type auditedRow struct {
	messageRow
	Ticket int64
	Digest string
	Notice int64
	n      []int64 // the attachments' numbers as they stand in their rows
	files  []Attachment
}

// mailsAtOnce bounds the texts that an audit holds.
const mailsAtOnce = 20

// mails reads some messages of the tickets up to one with their attachments: those after a message of a ticket. The order is that of
// the index over both columns; by the id alone every page would begin at the first message of all.
func (a *audit) mails(ctx context.Context, t *tx, to, ticket, after int64) ([]auditedRow, error) {
	var rows []auditedRow
	err := t.all(ctx, &rows, `SELECT `+messageColumns+`, ticket, digest, notice FROM message WHERE ticket <= ? AND (ticket, id) > (?, ?) ORDER BY ticket, id LIMIT `+strconv.Itoa(mailsAtOnce), to, ticket, after)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	last := rows[len(rows)-1]
	var files []struct {
		Message, N  int64
		ContentType string `db:"content_type"`
		ContentID   string `db:"content_id"`
		Attachment
	}
	err = t.all(ctx, &files, `SELECT a.message, a.n, a.filename, a.content_type, a.size, a.sha256, a.inline, a.content_id, a.place, a.decoration FROM attachment a JOIN message m ON m.id = a.message
		WHERE m.ticket <= ? AND (m.ticket, m.id) >= (?, ?) AND (m.ticket, m.id) <= (?, ?) ORDER BY m.ticket, a.message, a.n`, last.Ticket, rows[0].Ticket, rows[0].ID, last.Ticket, last.ID)
	if err != nil {
		return nil, fmt.Errorf("read attachments: %w", err)
	}
	for _, f := range files {
		if i := slices.IndexFunc(rows, func(r auditedRow) bool { return r.ID == f.Message }); i >= 0 {
			f.Attachment.ContentType, f.Attachment.ContentID = f.ContentType, f.ContentID
			rows[i].files, rows[i].n = append(rows[i].files, f.Attachment), append(rows[i].n, f.N)
		}
	}
	return rows, nil
}

// whole says whether the row and those of its attachments are as they were written.
func (r auditedRow) whole() bool {
	for i, n := range r.n {
		if n != int64(i)+1 {
			return false
		}
	}
	return digestMessage(r.messageRow, r.files) == r.Digest
}

// mail checks one message of a ticket against what the ticket's events say.
func (a *audit) mail(f *facts, r auditedRow) {
	a.Messages++
	switch named := f.named[r.ID]; {
	case !r.whole():
		a.fault("%s: message %d was changed: its digest does not match", f.name, r.ID)
	case r.Direction == "in" && named == "":
		a.fault("%s: message %d is named by no event", f.name, r.ID)
	case r.Direction == "in" && named != r.Digest:
		a.fault("%s: message %d is not the one that its event names", f.name, r.ID)
	case r.Direction == "out" && f.sent[r.MessageID] != "" && f.sent[r.MessageID] != r.SHA256:
		a.fault("%s: mail %d is not the one that was sent", f.name, r.ID)
	case f.shown[r.ID] != "" && f.shown[r.ID] != r.Visibility:
		a.fault("%s: message %d is %s, its events say %s", f.name, r.ID, r.Visibility, f.shown[r.ID])
	}
	delete(f.named, r.ID)
	if r.Direction == "out" {
		f.mails[r.MessageID] = r.SHA256
		delete(f.sent, r.MessageID)
	}
	a.pieces = append(a.pieces, piece{fmt.Sprintf("%s: the raw mail of message %d", f.name, r.ID), r.SHA256, r.Size, r.files})
}

// errNoHead is what is wrong with the text of a head.
var errNoHead = errors.New("no head of a record: give it as an audit printed it, NUMBER-HASH")
