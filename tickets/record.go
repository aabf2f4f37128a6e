package tickets

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of what one mail may put into the record's rows; the raw mail keeps everything.
const (
	maxSubject     = 500     // runes
	maxName        = 200     // runes
	maxText        = 1 << 20 // bytes
	maxIDs         = 100     // ids of one mail that are looked up and kept
	maxAttachments = 1000
)

// clean brings a mail's words into a form that every database takes and every mail may carry.
func (f *filing) clean() {
	a := &f.a
	a.Subject = Shorten(CleanLine(a.Subject), maxSubject)
	a.From.Name = Shorten(CleanLine(a.From.Name), maxName)
	a.From.Address = Key(CleanLine(a.From.Address))
	for _, s := range []*string{&a.Text, &a.NewText, &a.Body} {
		if *s = CleanText(*s); len(*s) > maxText {
			*s = CleanText((*s)[:maxText])
		}
	}
	a.Authentication.Detail = CleanLine(a.Authentication.Detail)
	if a.Fingerprint == "" { // what could not be read is known by its bytes
		a.Fingerprint = a.SHA256
	}
	a.MessageID = cleanID(a.MessageID)
	a.InReplyTo, a.References = cleanIDs(a.InReplyTo), cleanIDs(a.References)
	a.Attachments = cleanAttachments(a.Attachments)
	for i := range a.Problems {
		a.Problems[i] = CleanLine(a.Problems[i])
	}
}

// cleanAttachments brings a mail's attachments into the form of their rows.
func cleanAttachments(list []Attachment) []Attachment {
	list = list[:min(len(list), maxAttachments)]
	for i := range list {
		a := &list[i]
		a.Filename, a.ContentType = Shorten(CleanLine(a.Filename), maxName), CleanLine(a.ContentType)
		a.ContentID, a.Place = CleanLine(a.ContentID), CleanLine(a.Place)
	}
	return list
}

func cleanID(id string) string {
	id = CleanLine(id)
	return CleanText(id[:min(len(id), 998)])
}

func cleanIDs(ids []string) []string {
	var out []string
	for _, id := range ids[max(0, len(ids)-maxIDs):] {
		if id = cleanID(id); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// known says whether the mail is on record: by its place in the mailbox, or by its fingerprint under another place.
func (f *filing) known() (bool, error) {
	var row struct {
		ID     int64
		Number string
	}
	if f.a.UID > 0 {
		err := f.t.get(f.ctx, &row, `SELECT l.message AS id, COALESCE(t.number, '') AS number FROM ledger l LEFT JOIN message m ON m.id = l.message LEFT JOIN ticket t ON t.id = m.ticket
			WHERE l.mailbox = ? AND l.uid_validity = ? AND l.uid = ?`, f.a.Mailbox, f.a.UIDValidity, f.a.UID)
		if err == nil {
			f.out = Outcome{Known: true, Ledger: true, MessageID: row.ID, Ticket: Number(row.Number)}
			return true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return false, fmt.Errorf("read ledger: %w", err)
		}
	}
	err := f.t.get(f.ctx, &row, `SELECT m.id, COALESCE(t.number, '') AS number FROM message m LEFT JOIN ticket t ON t.id = m.ticket WHERE m.fingerprint = ? AND m.fingerprint <> ''`, f.a.Fingerprint)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the same mail: %w", err)
	}
	f.out = Outcome{Known: true, MessageID: row.ID, Ticket: Number(row.Number)}
	return true, f.enterLedger(row.ID)
}

// enterLedger notes what was done with this mail of this mailbox.
func (f *filing) enterLedger(message int64) error {
	if f.a.UID == 0 {
		return nil
	}
	_, err := f.t.exec(f.ctx, `INSERT INTO ledger (mailbox, uid_validity, uid, message, verdict, at) VALUES (?, ?, ?, ?, 'filed', ?) ON CONFLICT DO NOTHING`,
		f.a.Mailbox, f.a.UIDValidity, f.a.UID, message, f.now)
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	f.t.wrote("ledger", f.a.Mailbox, f.a.UIDValidity, f.a.UID)
	return nil
}

// record puts the message on record; its ticket and visibility may still be settled by what follows.
func (f *filing) record() {
	f.visible = f.visibility()
	f.do("record the message", func() error {
		if err := f.flagSameID(); err != nil {
			return err
		}
		a := f.a
		err := f.t.get(f.ctx, &f.message, `INSERT INTO message (ticket, at, direction, visibility, from_address, from_name, recipients, subject, text, new_text, body, automatic,
			proof, proof_detail, sha256, size, message_id, fingerprint, thread_index, problems, digest)
			VALUES (?, ?, 'in', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
			f.ticketID(), micros(a.At), string(f.visible), a.From.Address, a.From.Name, list(f.recipients()), a.Subject, a.Text, a.NewText, a.Body, a.Automatic,
			f.sender.proof, f.sender.detail, a.SHA256, a.Size, a.MessageID, a.Fingerprint, a.ThreadIndex, list(a.Problems), f.digest())
		if errors.Is(err, sql.ErrNoRows) {
			return errRace // for the fingerprint: the next try finds the mail known
		}
		if err != nil {
			return err
		}
		f.t.wrote("message", f.message)
		f.recorded = f.digest()
		f.out.MessageID = f.message
		return f.enterLedger(f.message)
	})
	f.do("record attachments", f.recordAttachments)
	f.do("record the ids", f.nameIDs)
	f.do("spend reply addresses", f.spendReplyAddresses)
	f.do("spend drafts", f.spendDrafts)
}

// flagSameID notes that another mail has the same Message-ID: both are on record, and whoever reads them should know.
func (f *filing) flagSameID() error {
	if f.a.MessageID == "" {
		return nil
	}
	var n int
	err := f.t.get(f.ctx, &n, `SELECT COUNT(*) FROM (SELECT 1 FROM message WHERE message_id = ? AND message_id <> '' AND direction = 'in' LIMIT 1) AS another`, f.a.MessageID)
	if n > 0 {
		f.a.Problems = append(slices.Clone(f.a.Problems), "another mail with other content has the same Message-ID")
	}
	return err
}

func (f *filing) recordAttachments() error {
	for i, a := range f.a.Attachments {
		_, err := f.t.exec(f.ctx, `INSERT INTO attachment (message, n, filename, content_type, size, sha256, inline, content_id, place, decoration) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			f.message, i+1, a.Filename, a.ContentType, a.Size, a.SHA256, bit(a.Inline), a.ContentID, a.Place, bit(a.Decoration))
		if err != nil {
			return err
		}
	}
	return nil
}

// nameIDs keeps the ids that the mail names, so that a sibling finds this ticket although the mail between is not on record.
func (f *filing) nameIDs() error {
	if f.ticket == nil || f.sender.isStaff() {
		return nil
	}
	for _, id := range append(append([]string{}, f.a.InReplyTo...), f.a.References...) {
		if strings.HasSuffix(strings.ToLower(id), "@"+f.s.Mailbox.Domain()) {
			continue // ours are found on the notices
		}
		if _, err := f.t.exec(f.ctx, `INSERT INTO named_id (message_id, ticket) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, f.ticket.ID); err != nil {
			return err
		}
	}
	return nil
}

// spendReplyAddresses ends, for commands, the addresses of a mail that others have seen too; this mail still counts. An
// address that somebody else writes to was seen by them.
func (f *filing) spendReplyAddresses() error {
	spent := f.sender.seen
	if f.seenByOthers() {
		for _, row := range f.sender.rows {
			spent = append(spent, row.ID)
		}
	}
	for _, id := range spent {
		if _, err := f.t.exec(f.ctx, `UPDATE reply_address SET spent_at = ? WHERE id = ? AND spent_at = 0`, f.now, id); err != nil {
			return err
		}
		f.t.wrote("reply_address", id)
	}
	return nil
}

func (f *filing) seenByOthers() bool {
	for _, x := range append(f.a.To[:len(f.a.To):len(f.a.To)], f.a.Cc...) {
		if f.s.Mailbox.Own(x.Address) || Key(x.Address) == f.sender.key() {
			continue
		}
		if p, staff := f.staff.find(x.Address); !staff || !f.sender.isStaff() || p.Address != f.sender.staff.Address { // an alias is the same person
			return true
		}
	}
	return false
}

// visibility says who may see a mail, before its commands are known.
func (f *filing) visibility() Visibility {
	switch {
	case f.a.Automatic == AutoOwn:
		return VisibleInternal
	case f.sender.isStaff() && f.sender.proof != ProofNone && !f.ownCase():
		return VisibleInternal
	case f.ticket == nil && f.sender.isStaff() && f.a.Automatic == "":
		return VisibleUnproven
	case f.ticket == nil:
		return VisiblePublic // a new report is its reporter's own
	case f.a.Authentication.DMARCFail || f.sender.role == noRole && !f.sender.isStaff():
		return VisibleUnverified
	case f.sender.proof == ProofNone:
		return VisibleUnproven
	case f.sender.role == isCounterpart:
		return VisibleInternal
	}
	return VisiblePublic
}

func (f *filing) ticketID() int64 {
	if f.ticket == nil {
		return 0
	}
	return f.ticket.ID
}

// digest is over what never changes in a message's row.
func (f *filing) digest() string {
	if f.recorded != "" {
		return f.recorded // how far the sender is believed may change after the row was written
	}
	a := f.a
	return digestMessage(messageRow{At: micros(a.At), Direction: "in", FromAddress: a.From.Address, FromName: a.From.Name, Recipients: list(f.recipients()), Subject: a.Subject, Text: a.Text, NewText: a.NewText,
		Body: a.Body, Automatic: a.Automatic, Proof: f.sender.proof, ProofDetail: f.sender.detail, SHA256: a.SHA256, Size: a.Size, MessageID: a.MessageID, Problems: list(a.Problems)}, a.Attachments)
}

// digestMessage is over what never changes in a message's row and in those of its attachments.
func digestMessage(r messageRow, attachments []Attachment) string {
	fields := []string{strconv.FormatInt(r.At, 10), r.Direction, r.FromAddress, r.FromName, r.Recipients, r.Subject, r.Text, r.NewText, r.Body, r.Automatic, r.Proof, r.ProofDetail,
		r.SHA256, strconv.FormatInt(r.Size, 10), r.MessageID, r.Problems}
	for _, a := range attachments {
		fields = append(fields, a.Filename, a.ContentType, strconv.FormatInt(a.Size, 10), a.SHA256, strconv.FormatBool(a.Inline), a.ContentID, a.Place, strconv.FormatBool(a.Decoration))
	}
	return digestOf(fields...)
}

// recipients are whom the mail's To and Cc name.
func (f *filing) recipients() []string {
	to := make([]string, 0, len(f.a.To)+len(f.a.Cc))
	for _, x := range append(f.a.To[:len(f.a.To):len(f.a.To)], f.a.Cc...) {
		to = append(to, CleanLine(x.Address))
	}
	return to
}

func digestOf(fields ...string) string {
	h := sha256.New()
	for _, s := range fields {
		fmt.Fprintf(h, "%d:%s", len(s), s) // lengths, so that no two rows read alike
	}
	return hex.EncodeToString(h.Sum(nil))
}

// event is an event before it is written.
type event struct {
	actor, kind string
	from, to    State
	data        map[string]any
}

// actor is the sender where something proves them, else the gateway: nobody acts on an unproven word.
func (f *filing) actor() string {
	if f.sender.proof == ProofNone || f.sender.proof == "" {
		return "gateway"
	}
	if f.sender.isStaff() {
		return f.sender.staff.Address
	}
	return f.sender.key()
}

// event notes a change that leaves the state alone.
func (f *filing) event(kind string, data map[string]any) {
	if f.ticket == nil {
		return
	}
	f.events = append(f.events, event{f.actor(), kind, f.ticket.State, f.ticket.State, data})
}

// mailFacts is what an event says of the mail that made it.
func (f *filing) mailFacts() map[string]any {
	return map[string]any{"message": f.message, "sha256": f.a.SHA256, "digest": f.digest(), "from": f.a.From.Address, "visibility": string(f.visible)}
}

// moveTo changes the state and notes it.
func (f *filing) moveTo(to State, kind string, data map[string]any) {
	t := f.ticket
	f.events = append(f.events, event{f.actor(), kind, t.State, to, data})
	if t.State != to {
		f.changed()
		if to.Final() {
			t.EndedAt, t.AskedAt, t.MonitorUntil = f.now, 0, 0
		} else {
			t.EndedAt = 0
		}
		if to != Monitoring {
			t.MonitorUntil = 0
		}
	}
	t.State = to
}

// changed notes a change of state or owner: answers to what was said before it are stale from now on.
func (f *filing) changed() {
	t := f.ticket
	if t.ChangedMessage != f.message || f.message == 0 {
		t.Version++
	}
	t.ChangedAt, t.ChangedBy, t.ChangedMessage = f.now, f.actor(), f.message
}

// writeEvents appends the events to the ticket's chain.
func (f *filing) writeEvents(ctx context.Context) error {
	for _, e := range f.events {
		if err := f.t.appendEvent(ctx, f.ticket, f.now, e); err != nil {
			return err
		}
	}
	f.events = nil
	return nil
}

// appendEvent writes one event after the ticket's last one. The caller holds the ticket's row and saves it.
func (t *tx) appendEvent(ctx context.Context, ticket *ticketRow, now int64, e event) error {
	if e.data == nil {
		e.data = map[string]any{}
	}
	data, err := json.Marshal(e.data)
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.kind, err)
	}
	data = []byte(CleanText(string(data)))
	ev := Event{Seq: ticket.LastSeq + 1, At: fromMicros(now), Actor: e.actor, Kind: e.kind, From: e.from, To: e.to, Data: data, Prev: ticket.LastHash}
	ev.Hash = ev.sum(Number(ticket.Number))
	_, err = t.exec(ctx, `INSERT INTO event (ticket, seq, at, actor, kind, from_state, to_state, data, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		ticket.ID, ev.Seq, now, ev.Actor, ev.Kind, string(ev.From), string(ev.To), string(data), ev.Prev, ev.Hash)
	if err != nil {
		return fmt.Errorf("write event %s: %w", e.kind, err)
	}
	ticket.LastSeq, ticket.LastHash = ev.Seq, ev.Hash
	return nil
}

// sum is the hash of an event: over its content, its ticket and the hash of the event before it.
func (e Event) sum(ticket Number) string {
	return digestOf(string(ticket), strconv.Itoa(e.Seq), strconv.FormatInt(micros(e.At), 10), e.Actor, e.Kind, string(e.From), string(e.To), string(e.Data), e.Prev)
}
