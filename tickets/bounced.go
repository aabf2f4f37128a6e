package tickets

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
)

// noticeRow is one row of the table notice.
type noticeRow struct {
	ID            int64
	Ticket        int64
	Recipient     string
	RecipientName string `db:"recipient_name"`
	Audience      Audience
	Kind          Kind
	Room          Room
	Language      Language
	Subject       string
	MessageID     string `db:"message_id"`
	ReplyAddress  int64  `db:"reply_address"`
	Version       int
	Automatic     bool
	Proven        bool
	Items         string
	Cause         int64
	State         DeliveryState
	Attempts      int
	NextAt        int64 `db:"next_at"`
	LeasedUntil   int64 `db:"leased_until"`
	Rendered      string
	Words         string
	CreatedAt     int64 `db:"created_at"`
	QueuedAt      int64 `db:"queued_at"`
	SettledAt     int64 `db:"settled_at"`
}

const noticeColumns = `id, ticket, recipient, recipient_name, audience, kind, room, language, subject, message_id, reply_address, version, automatic, proven, items, cause,
	state, attempts, next_at, leased_until, rendered, words, created_at, queued_at, settled_at`

// bounced takes a delivery report to the notice that it is about and says whether there is one. Only a report that came to
// the notice's own envelope address, or returns a Message-ID of ours with its token, is believed.
func (f *filing) bounced() bool {
	n, err := f.bouncedNotice()
	if err != nil || n == nil {
		f.do("find the bounced notice", func() error { return err })
		return false
	}
	f.do("place the bounce", func() error {
		if n.Ticket > 0 {
			if f.ticket, err = f.t.lockTicket(f.ctx, n.Ticket); err != nil {
				return err
			}
		}
		f.sender.proof = ProofNone
		return f.placeMessage(VisibleInternal, "")
	})
	if f.err != nil {
		return true
	}
	f.event("received", f.mailFacts())
	words, final, hard := f.reportWords()
	if !final {
		f.do("note the delay", func() error {
			_, err := f.t.exec(f.ctx, `UPDATE notice SET words = ? WHERE id = ? AND state IN ('queued', 'sent')`, words, n.ID)
			f.t.wrote("notice", n.ID)
			return err
		})
		return true
	}
	f.endDelivery(n, words, hard)
	return true
}

// reportWords puts a report into one line; final says that the mail was given up, hard that the address itself is at fault.
func (f *filing) reportWords() (words string, final, hard bool) {
	if len(f.a.Bounces) == 0 {
		return Shorten(CleanLine(f.a.Subject), 200), true, false
	}
	b := f.a.Bounces[0]
	for _, other := range f.a.Bounces {
		if other.Action == "failed" {
			b = other
			break
		}
	}
	words = Shorten(CleanLine(strings.Join([]string{b.Action, b.Status, b.Diagnostic}, " ")), 500)
	final = b.Action == "failed" || b.Action == "" && !strings.HasPrefix(b.Status, "4")
	return words, final, final && addressAtFault(b.Status)
}

// thisMailOnly are the statuses (RFC 3463) of a final refusal that says nothing of the next mail: a full mailbox, a mail too
// large, its content, a policy.
var thisMailOnly = []string{"5.2.2", "5.2.3", "5.3.4", "5.6.", "5.7."}

// addressAtFault says whether a status means that further mails to the address would be refused as well.
func addressAtFault(status string) bool {
	return strings.HasPrefix(status, "5.") && !slices.ContainsFunc(thisMailOnly, func(s string) bool { return strings.HasPrefix(status, s) })
}

// endDelivery shows a bounce on its notice. An address at fault hears nothing more until somebody mends it.
func (f *filing) endDelivery(n *noticeRow, words string, hard bool) {
	known := false
	f.do("record the bounce", func() error {
		if _, err := f.t.exec(f.ctx, `UPDATE notice SET state = 'bounced', words = ?, settled_at = ? WHERE id = ? AND SUBSTR(words, 1, 10) <> 'withdrawn:'`, words, f.now, n.ID); err != nil {
			return err
		}
		f.t.wrote("notice", n.ID)
		if !hard {
			return nil
		}
		added, err := f.t.exec(f.ctx, `INSERT INTO undeliverable (address, since, words) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, n.Recipient, f.now, words)
		if err != nil {
			return err
		}
		known = added == 0
		f.t.wrote("undeliverable", n.Recipient)
		var held []int64
		err = f.t.all(f.ctx, &held, `UPDATE notice SET state = 'held', words = ? WHERE recipient = ? AND `+unsettled+` AND state = 'queued' AND leased_until < ? RETURNING id`, "held: the address refused an earlier mail: "+words, n.Recipient, f.now)
		f.t.wroteAll("notice", held)
		return err
	})
	f.event("bounced", map[string]any{"to": n.Recipient, "kind": n.Kind, "message_id": n.MessageID, "words": words})
	if !known && !slices.Contains([]Kind{KindBounced, KindUndelivered}, n.Kind) {
		f.tellOfFailure(Item{Kind: KindBounced, Who: Address{n.RecipientName, n.Recipient}, Text: words}, n.Recipient)
	}
}

// bouncedNotice finds the notice by its own envelope address, else by the returned Message-ID.
func (f *filing) bouncedNotice() (*noticeRow, error) {
	var ids []string
	for _, address := range f.a.Recipients {
		if token := f.s.Mailbox.Token(address); token != "" {
			ids = append(ids, token+"@"+f.s.Mailbox.Domain())
		}
	}
	if f.a.ReturnedMessageID != "" {
		ids = append(ids, Key(f.a.ReturnedMessageID))
	}
	for _, id := range ids {
		token, _, _ := strings.Cut(id, "@")
		if !f.s.Keys.isNotice(token) {
			continue
		}
		var n noticeRow
		err := f.t.get(f.ctx, &n, `SELECT `+noticeColumns+` FROM notice WHERE message_id = ?`, id)
		if err == nil {
			return &n, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	return nil, nil
}
