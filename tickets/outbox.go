package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"aduan/tickets/waypoint"
)

// ErrClaimLost is returned where a claim on a notice has passed to somebody else meanwhile: what is said about it counts no more.
var ErrClaimLost = errors.New("the claim on this notice is lost")

// unsettled is the condition of the notices that an operator may have to look after. Statements that look for them say it in
// these words, also beside a narrower one: SQLite sees by the words alone that an index of these rows serves.
const unsettled = `state IN ('queued', 'held', 'failed', 'bounced')`

// stuck is likewise the condition of those that no sender tries.
const stuck = `state IN ('held', 'failed', 'bounced')`

// now is the Store's clock.
func (s *Store) now() time.Time {
	if s.Clock != nil {
		return s.Clock()
	}
	return time.Now()
}

func (s *Store) lease() time.Duration {
	if s.Lease > 0 {
		return s.Lease
	}
	return 10 * time.Second
}

// notice fills in what a claimed notice says and how it is addressed.
func (t *tx) notice(ctx context.Context, r noticeRow) (Notice, error) {
	local, _, _ := cutAt(r.MessageID)
	n := Notice{ID: r.ID, Attempt: r.Attempts, Kind: r.Kind, Audience: r.Audience, To: Address{r.RecipientName, r.Recipient}, Room: r.Room, Language: r.Language,
		Subject: r.Subject, MessageID: r.MessageID, Sender: t.s.Mailbox.With(local), Automatic: r.Automatic, Proven: r.Proven, Rendered: r.Rendered, CreatedAt: fromMicros(r.CreatedAt), QueuedAt: fromMicros(r.QueuedAt)}
	if err := json.Unmarshal([]byte(r.Items), &n.Items); err != nil {
		return n, fmt.Errorf("read items of notice %d: %w", r.ID, err)
	}
	if n.Rendered != "" {
		return n, nil // the kept mail is sent; nothing of it is looked up again
	}
	var err error
	if n.ReplyTo, err = t.replyTo(ctx, r); err != nil {
		return n, err
	}
	if err := t.thread(ctx, r, &n); err != nil {
		return n, err
	}
	return n, t.content(ctx, r, &n)
}

func cutAt(address string) (local, domain string, found bool) {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[:i], address[i+1:], true
		}
	}
	return address, "", false
}

// replyTo is the recipient's own reply address, with the ticket's version at the time of the notice.
func (t *tx) replyTo(ctx context.Context, r noticeRow) (string, error) {
	switch r.Kind {
	case KindConfirm:
		return t.confirmTo(ctx, r)
	case KindNationalDraft:
		return t.draftTo(ctx, r)
	}
	if r.ReplyAddress == 0 || t.s.Mailbox.Pattern == "" {
		return t.s.Mailbox.Address, nil
	}
	var row replyRow
	if err := t.get(ctx, &row, `SELECT id, ticket, person, room, generation, issued_at, spent_at, ended_at FROM reply_address WHERE id = ?`, r.ReplyAddress); err != nil {
		return "", fmt.Errorf("read reply address: %w", err)
	}
	return t.s.Mailbox.With(t.s.Keys.token(tokenReply, replyReference(row.ID, r.Version), row.stands())), nil
}

// confirmTo is the address of a request to confirm: its token is for this one thing.
func (t *tx) confirmTo(ctx context.Context, r noticeRow) (string, error) {
	var c confirmationRow
	if err := t.get(ctx, &c, `SELECT `+confirmationColumns+` FROM confirmation c WHERE c.message = ?`, r.Cause); err != nil {
		return "", fmt.Errorf("read the request to confirm: %w", err)
	}
	return t.s.Mailbox.With(c.token(t.s.Keys)), nil
}

// referencesAtMost bounds References; the first mail of the thread is always among them.
const referencesAtMost = 20

// thread makes a ticket's mails to one recipient one conversation, with ids that were issued to that recipient only.
func (t *tx) thread(ctx context.Context, r noticeRow, n *Notice) error {
	if r.Ticket > 0 {
		var before []string
		err := t.all(ctx, &before, `SELECT message_id FROM notice WHERE ticket = ? AND recipient = ? AND id < ? ORDER BY id DESC LIMIT `+strconv.Itoa(referencesAtMost), r.Ticket, r.Recipient, r.ID)
		if err != nil {
			return fmt.Errorf("read the thread: %w", err)
		}
		for i := len(before) - 1; i >= 0; i-- {
			n.References = append(n.References, before[i])
		}
		if len(before) > 0 {
			n.InReplyTo = before[0]
		}
	}
	var cause []Message
	err := t.all(ctx, &cause, `SELECT message_id AS messageid, from_address AS "from" FROM message WHERE id = ?`, r.Cause)
	if err != nil {
		return fmt.Errorf("read the cause: %w", err)
	}
	if len(cause) == 1 && Key(cause[0].From) == r.Recipient && WellFormedID(cause[0].MessageID) {
		n.InReplyTo = cause[0].MessageID
	}
	return nil
}

// WellFormedID says whether a Message-ID (without angle brackets) may be repeated in a mail of ours: RFC 5322 section 3.6.4
// in its plain form, at most 250 ASCII characters.
func WellFormedID(id string) bool {
	left, right, found := cutAt(id)
	if !found || left == "" || right == "" || len(id) > 250 {
		return false
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"' || c == '(' || c == ')' || c == ',' || c == ';' || c == '\\' {
			return false
		}
	}
	return true
}

// content loads the ticket and the texts that the items name.
func (t *tx) content(ctx context.Context, r noticeRow, n *Notice) error {
	n.Texts = map[int64]Message{}
	for _, item := range n.Items {
		if item.Message > 0 {
			m, err := t.message(ctx, item.Message)
			if err != nil {
				return err
			}
			if r.Audience != ToStaff {
				m.Attachments = slices.DeleteFunc(m.Attachments, func(a Attachment) bool { return a.Decoration })
				m.Text, m.NewText, m.Body = t.s.Mailbox.outward(m.Text), t.s.Mailbox.outward(m.NewText), t.s.Mailbox.outward(m.Body)
			}
			n.Texts[m.ID] = m
		}
	}
	if r.Audience != ToStaff {
		for i := range n.Items {
			n.Items[i].Text = t.s.Mailbox.outward(n.Items[i].Text)
		}
	}
	if err := errors.Join(t.table(ctx, n), t.figures(ctx, n), t.offers(ctx, r, n)); err != nil {
		return err
	}
	if r.Ticket == 0 {
		return nil
	}
	var row ticketRow
	if err := t.get(ctx, &row, `SELECT `+ticketColumns+` FROM ticket WHERE id = ?`, r.Ticket); err != nil {
		return fmt.Errorf("read ticket %d: %w", r.Ticket, err)
	}
	var err error
	if n.Ticket, err = t.ticket(ctx, &row); err != nil {
		return err
	}
	if r.Audience != ToStaff {
		for i, text := range n.Ticket.Recommendations {
			n.Ticket.Recommendations[i] = t.s.Mailbox.outward(text)
		}
	}
	for _, item := range n.Items {
		if err == nil && (item.Kind == KindForwarded || item.Kind == KindHistory) {
			err = t.wholeCase(ctx, r.Ticket, n, item.Kind == KindHistory)
		}
	}
	return err
}

// wholeCase loads all that came in on a ticket, and what happened; blanked where the mail is a copy of the record.
func (t *tx) wholeCase(ctx context.Context, ticket int64, n *Notice, blanked bool) (err error) {
	if n.Case, err = t.messages(ctx, ticket, `AND direction = 'in'`); err != nil {
		return err
	}
	if n.Timeline, err = t.events(ctx, ticket); err == nil && blanked {
		clean := File{Ticket: n.Ticket, Messages: n.Case, Events: n.Timeline}.Blanked(t.s.Mailbox)
		n.Ticket, n.Case, n.Timeline = clean.Ticket, clean.Messages, clean.Events
	}
	return err
}

// Rendered records the mail of a notice, once: from now on every try sends these bytes.
func (s *Store) Rendered(ctx context.Context, n Notice, sha256 string, size int64, text string) error {
	return s.settle(ctx, waypoint.RenderingWritten, waypoint.RenderingRecorded, func(t *tx) error {
		done, err := t.exec(ctx, `UPDATE notice SET rendered = ? WHERE id = ? AND attempts = ? AND rendered = '' AND state = 'queued'`, sha256, n.ID, n.Attempt)
		if err != nil {
			return fmt.Errorf("record the mail of notice %d: %w", n.ID, err)
		}
		if done == 0 {
			return ErrClaimLost
		}
		t.wrote("notice", n.ID)
		visibility := VisiblePublic
		if n.Audience == ToStaff || n.Audience == ToNational {
			visibility = VisibleInternal
		}
		at, text := micros(s.now()), CleanText(withoutPasswords(n, text))
		var id int64
		err = t.get(ctx, &id, `INSERT INTO message (ticket, at, direction, visibility, from_address, from_name, recipients, subject, text, new_text, body, automatic, proof, proof_detail, sha256, size, message_id, fingerprint, notice, digest)
			VALUES (?, ?, 'out', ?, ?, ?, ?, ?, ?, ?, '', ?, '', '', ?, ?, ?, '', ?, ?) RETURNING id`,
			n.Ticket.ID, at, string(visibility), s.Mailbox.Address, s.TeamName, list([]string{n.To.Address}), n.Subject, text, text, automaticOf(n), sha256, size, n.MessageID, n.ID,
			digestMessage(messageRow{At: at, Direction: "out", FromAddress: s.Mailbox.Address, FromName: s.TeamName, Recipients: list([]string{n.To.Address}), Subject: n.Subject, Text: text, NewText: text,
				Automatic: automaticOf(n), SHA256: sha256, Size: size, MessageID: n.MessageID, Problems: "[]"}, nil))
		if err != nil {
			return fmt.Errorf("record the mail of notice %d: %w", n.ID, err)
		}
		t.wrote("message", id)
		return nil
	})
}

func automaticOf(n Notice) string {
	if n.Automatic {
		return AutoNotification
	}
	return ""
}

// Renew extends the claim on a notice while a slow relay takes it.
func (s *Store) Renew(ctx context.Context, n Notice) error {
	return s.settle(ctx, waypoint.ClaimRenewed, waypoint.ClaimRenewed, func(t *tx) error {
		return t.claimed(ctx, n, `UPDATE notice SET leased_until = `+s.dialect.leaseNow+` + ? WHERE id = ? AND attempts = ? AND state = 'queued'`, s.leaseNow(), s.lease().Microseconds(), n.ID, n.Attempt)
	})
}

// settle is write with the points before and after the commit.
func (s *Store) settle(ctx context.Context, written, recorded waypoint.Point, do func(*tx) error) error {
	err := s.writeShared(ctx, func(t *tx) error {
		if err := do(t); err != nil {
			return err
		}
		waypoint.Pass(ctx, written)
		return nil
	})
	if err == nil {
		waypoint.Pass(ctx, recorded)
	}
	return err
}

// claimed runs a statement that touches a notice only where the claim still holds.
func (t *tx) claimed(ctx context.Context, n Notice, query string, args ...any) error {
	touched, err := t.exec(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("settle notice %d: %w", n.ID, err)
	}
	if touched == 0 {
		return ErrClaimLost
	}
	return nil
}

// Sent records that the relay took responsibility, with its words.
func (s *Store) Sent(ctx context.Context, n Notice, words string) error {
	defer s.wakeSender() // the next notice to the same person may go now
	return s.settle(ctx, waypoint.SentWritten, waypoint.SentRecorded, func(t *tx) error {
		now := micros(s.now())
		touched, err := t.exec(ctx, `UPDATE notice SET state = 'sent', words = ?, settled_at = ?, leased_until = 0 WHERE id = ? AND attempts = ? AND state = 'queued'`, Shorten(CleanLine(words), 500), now, n.ID, n.Attempt)
		if err != nil {
			return fmt.Errorf("record notice %d as sent: %w", n.ID, err)
		}
		if touched == 0 {
			return ErrClaimLost
		}
		t.wrote("notice", n.ID)
		return t.deliveryEvent(ctx, n.ID, now, "sent", "")
	})
}

// deliveryEvent notes in the ticket's chain what became of a notice.
func (t *tx) deliveryEvent(ctx context.Context, notice, now int64, kind, words string) error {
	var r noticeRow
	if err := t.get(ctx, &r, `SELECT `+noticeColumns+` FROM notice WHERE id = ?`, notice); err != nil {
		return fmt.Errorf("read notice %d: %w", notice, err)
	}
	if r.Ticket == 0 {
		return nil
	}
	row, err := t.lockTicket(ctx, r.Ticket)
	if err != nil {
		return err
	}
	data := map[string]any{"to": r.Recipient, "kind": r.Kind, "message_id": r.MessageID, "sha256": r.Rendered}
	if words != "" {
		data["words"] = words
	}
	if err := t.appendEvent(ctx, row, now, event{"gateway", kind, row.State, row.State, data}); err != nil {
		return err
	}
	return t.saveTicket(ctx, row)
}

// atOnce is when a notice is due that was not tried yet: no clock can hold it up.
const atOnce = 0

// waits are the times between tries; the last one repeats.
var waits = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// Later plans the next try of a notice, counted from now with a little chance in it; after GiveUpAfter it fails.
func (s *Store) Later(ctx context.Context, n Notice, words string) error {
	now := s.now()
	giveUp := s.GiveUpAfter
	if giveUp == 0 {
		giveUp = 72 * time.Hour
	}
	if now.Sub(n.QueuedAt) >= giveUp {
		return s.Failed(ctx, n, "given up: "+words)
	}
	wait := waits[min(max(n.Attempt, 1), len(waits))-1]
	wait += time.Duration((rand.Float64() - 0.5) * 0.2 * float64(wait))
	return s.settle(ctx, waypoint.LaterWritten, waypoint.LaterRecorded, func(t *tx) error {
		t.wrote("notice", n.ID)
		return t.claimed(ctx, n, `UPDATE notice SET next_at = `+s.dialect.leaseNow+` + ?, words = ?, leased_until = 0 WHERE id = ? AND attempts = ? AND state = 'queued'`,
			s.leaseNow(), wait.Microseconds(), Shorten(CleanLine(words), 500), n.ID, n.Attempt)
	})
}

// Failed records that a notice will not arrive, and tells Front Desk with the server's words; failures of what tells of
// failures end there.
func (s *Store) Failed(ctx context.Context, n Notice, words string) error {
	defer s.wakeSender()
	words = Shorten(CleanLine(words), 500)
	return s.settle(ctx, waypoint.FailedWritten, waypoint.FailedRecorded, func(t *tx) error {
		now := s.now()
		touched, err := t.exec(ctx, `UPDATE notice SET state = 'failed', words = ?, settled_at = ?, leased_until = 0 WHERE id = ? AND attempts = ? AND state = 'queued'`, words, micros(now), n.ID, n.Attempt)
		if err != nil {
			return fmt.Errorf("record notice %d as failed: %w", n.ID, err)
		}
		if touched == 0 {
			return ErrClaimLost
		}
		t.wrote("notice", n.ID)
		if err := t.deliveryEvent(ctx, n.ID, micros(now), "undelivered", words); err != nil {
			return err
		}
		if n.Kind == KindUndelivered || n.Kind == KindBounced {
			return nil
		}
		f, err := newFiling(ctx, t, Arrival{At: now}, now)
		if err != nil {
			return err
		}
		if n.Ticket.ID == 0 {
			n.Ticket.ID, err = t.ticketOfNotice(ctx, n.ID)
		}
		if err == nil && n.Ticket.ID > 0 {
			f.ticket, err = t.lockTicket(ctx, n.Ticket.ID)
		}
		if err != nil {
			return err
		}
		f.tellOfFailure(Item{Kind: KindUndelivered, Who: n.To, Text: words}, n.To.Address)
		return f.settle(ctx)
	})
}

func (t *tx) ticketOfNotice(ctx context.Context, notice int64) (id int64, err error) {
	return id, t.get(ctx, &id, `SELECT ticket FROM notice WHERE id = ?`, notice)
}

// NextDue is about when the next queued notice may be claimed: where more than a hundred are in hand, the first of these
// whose claim could end counts. The zero time where none is queued.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var due int64
	err := s.look(ctx, func(t *tx) error {
		return t.get(ctx, &due, `SELECT COALESCE(MIN(CASE WHEN leased_until > next_at THEN leased_until WHEN next_at > 0 THEN next_at ELSE queued_at END), 0)
			FROM (SELECT next_at, leased_until, queued_at FROM notice WHERE state = 'queued' ORDER BY next_at, id LIMIT 100) AS first`)
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("read the next due notice: %w", err)
	}
	return fromMicros(due), nil
}

// Outbox lists what has not been delivered: queued, held, failed and bounced notices, oldest first, at most 1,000.
func (s *Store) Outbox(ctx context.Context) ([]Delivery, error) {
	var out []Delivery
	err := s.look(ctx, func(t *tx) error {
		var rows []noticeRow
		if err := t.all(ctx, &rows, `SELECT `+noticeColumns+` FROM notice WHERE id IN (SELECT id FROM notice WHERE `+unsettled+`) ORDER BY id LIMIT 1000`); err != nil {
			return err
		}
		for _, r := range rows {
			d := r.delivery()
			if r.Ticket > 0 {
				if err := t.get(ctx, &d.Ticket, `SELECT number FROM ticket WHERE id = ?`, r.Ticket); err != nil {
					return err
				}
			}
			out = append(out, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the outbox: %w", err)
	}
	return out, nil
}

func (r noticeRow) delivery() Delivery {
	return Delivery{ID: r.ID, To: r.Recipient, Kind: r.Kind, State: r.State, Attempts: r.Attempts, LastError: lastError(r), MessageID: r.MessageID, NextAt: fromMicros(max(r.NextAt, r.QueuedAt)),
		At: fromMicros(max(r.CreatedAt, r.SettledAt)), SHA256: r.Rendered}
}

// lastError is the server's words where something went wrong; what a relay says on taking a mail is none.
func lastError(r noticeRow) string {
	if r.State == Sent {
		return ""
	}
	return r.Words
}
