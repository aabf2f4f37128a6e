package tickets

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Show returns a whole ticket; ErrNotFound where there is none of that number.
func (s *Store) Show(ctx context.Context, n Number) (File, error) {
	var file File
	err := s.look(ctx, func(t *tx) error {
		row, err := t.ticketByNumber(ctx, n)
		if err != nil {
			return err
		}
		file, err = t.whole(ctx, row)
		return err
	})
	return file, err
}

// Tickets calls each with every ticket of a state, of all states where it is "", in the order of their numbers. Memory does
// not grow with their number.
func (s *Store) Tickets(ctx context.Context, state State, each func(Ticket) error) error {
	return s.look(ctx, func(t *tx) error {
		for last := int64(0); ; {
			var rows []ticketRow
			query, args := `SELECT `+ticketColumns+` FROM ticket WHERE id > ? ORDER BY id LIMIT 200`, []any{last}
			if state != "" {
				query, args = `SELECT `+ticketColumns+` FROM ticket WHERE state = ? AND id > ? ORDER BY id LIMIT 200`, []any{string(state), last}
			}
			if err := t.all(ctx, &rows, query, args...); err != nil {
				return fmt.Errorf("list tickets: %w", err)
			}
			if len(rows) == 0 {
				return nil
			}
			for i := range rows {
				ticket, err := t.ticket(ctx, &rows[i])
				if err != nil {
					return err
				}
				if err := each(ticket); err != nil {
					return err
				}
			}
			last = rows[len(rows)-1].ID
		}
	})
}

// listed returns the numbers of a list that a mail asked for, oldest first; of those overdue, the longest overdue first.
func (t *tx) listed(ctx context.Context, which string, staff, now int64) ([]string, error) {
	var numbers []string
	query, args := `SELECT number FROM ticket WHERE state IN ('open', 'verified', 'responding', 'monitoring')`, []any{}
	order := `id`
	switch which {
	case "mine":
		query, args = query+` AND owner = ? AND owner > 0`, []any{staff}
	case "overdue":
		query, args = query+` AND due_at > 0 AND due_at <= ?`, []any{now}
		order = `due_at, id` // what is overdue longest comes first
	case "all":
		query = `SELECT number FROM (SELECT id, number FROM ticket ORDER BY id DESC LIMIT 200) AS latest`
	}
	err := t.all(ctx, &numbers, query+fmt.Sprintf(` ORDER BY %s LIMIT %d`, order, listedAtMost), args...)
	return numbers, err
}

// ticket turns a row into what people see.
func (t *tx) ticket(ctx context.Context, r *ticketRow) (Ticket, error) {
	v := Ticket{ID: r.ID, Number: Number(r.Number), State: r.State, Subject: r.Subject, Language: r.Language, Reporter: Address{r.ReporterName, r.Reporter}, Outside: r.Outside,
		Type: r.Type, Severity: r.Severity, Reported: r.Reported, TLP: r.TLP, IIV: r.IIV, FoundAt: timeOrNil(r.FoundAt), OpenedAt: fromMicros(r.OpenedAt), DueAt: timeOrNil(r.DueAt),
		ChangedAt: fromMicros(r.ChangedAt), MonitorUntil: timeOrNil(r.MonitorUntil), Participants: []string{}}
	if r.Owner > 0 {
		var owner struct{ Address, Name string }
		if err := t.get(ctx, &owner, `SELECT address, name FROM staff WHERE id = ?`, r.Owner); err != nil {
			return v, fmt.Errorf("read the owner of %s: %w", r.Number, err)
		}
		v.Owner, v.OwnerName = owner.Address, owner.Name
	}
	for _, other := range []struct {
		id int64
		to *Number
	}{{r.DuplicateOf, &v.DuplicateOf}, {r.Continues, &v.Continues}} {
		if other.id > 0 {
			if err := t.get(ctx, other.to, `SELECT number FROM ticket WHERE id = ?`, other.id); err != nil {
				return v, fmt.Errorf("read the ticket beside %s: %w", r.Number, err)
			}
		}
	}
	if v.EscalatedAt = timeOrNil(r.EscalatedAt); v.EscalatedAt != nil {
		if err := t.all(ctx, &v.Foreign, `SELECT number FROM foreign_number WHERE ticket = ? ORDER BY message, number`, r.ID); err != nil {
			return v, fmt.Errorf("read the response teams' numbers of %s: %w", r.Number, err)
		}
	}
	people, err := t.participants(ctx, r.ID)
	if err != nil {
		return v, err
	}
	for _, p := range people {
		v.Participants = append(v.Participants, p.Address)
	}
	err = t.all(ctx, &v.Recommendations, `SELECT body FROM message WHERE ticket = ? AND purpose = 'recommendation' ORDER BY id`, r.ID)
	return v, err
}

// messageRow is one row of the table message as it is read.
type messageRow struct {
	ID          int64
	At          int64
	Direction   string
	Visibility  Visibility
	FromAddress string `db:"from_address"`
	FromName    string `db:"from_name"`
	Recipients  string
	Subject     string
	Text        string
	NewText     string `db:"new_text"`
	Body        string
	Automatic   string
	Proof       string
	ProofDetail string `db:"proof_detail"`
	SHA256      string
	Size        int64
	MessageID   string `db:"message_id"`
	Problems    string
	Purpose     string
}

const messageColumns = `id, at, direction, visibility, from_address, from_name, recipients, subject, text, new_text, body, automatic, proof, proof_detail, sha256, size, message_id, problems, purpose`

func (r messageRow) message() Message {
	m := Message{ID: r.ID, At: fromMicros(r.At), Direction: r.Direction, Visibility: r.Visibility, From: r.FromAddress, FromName: r.FromName, To: []string{}, Subject: r.Subject, Text: r.Text,
		NewText: r.NewText, Body: r.Body, Automatic: r.Automatic, Proof: r.Proof, ProofDetail: r.ProofDetail, SHA256: r.SHA256, Size: r.Size, MessageID: r.MessageID, Purpose: r.Purpose, Attachments: []Attachment{}}
	json.Unmarshal([]byte(r.Recipients), &m.To)
	json.Unmarshal([]byte(r.Problems), &m.Problems)
	return m
}

// message reads one message with its attachments.
func (t *tx) message(ctx context.Context, id int64) (Message, error) {
	var r messageRow
	if err := t.get(ctx, &r, `SELECT `+messageColumns+` FROM message WHERE id = ?`, id); err != nil {
		return Message{}, fmt.Errorf("read message %d: %w", id, err)
	}
	m := r.message()
	if err := t.attachments(ctx, &m); err != nil || len(m.Attachments) == 0 {
		return m, err
	}
	before := 0
	err := t.get(ctx, &before, `SELECT COUNT(*) FROM attachment a JOIN message m ON m.id = a.message WHERE m.ticket = (SELECT ticket FROM message WHERE id = ?) AND m.ticket > 0 AND m.id < ?`, id, id)
	if err != nil {
		return m, fmt.Errorf("count attachments before message %d: %w", id, err)
	}
	m.number(before)
	return m, nil
}

// number numbers the attachments; before is how many the ticket's earlier messages have.
func (m *Message) number(before int) {
	for i := range m.Attachments {
		m.Attachments[i].Number = before + i + 1
	}
}

// messages reads a ticket's messages, oldest first; and narrows them by a further condition, which must leave those in that
// have attachments: these are numbered through.
func (t *tx) messages(ctx context.Context, ticket int64, and string) ([]Message, error) {
	var rows []messageRow
	if err := t.all(ctx, &rows, `SELECT `+messageColumns+` FROM message WHERE ticket = ? `+and+` ORDER BY id`, ticket); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	out, before := make([]Message, len(rows)), 0
	for i, r := range rows {
		out[i] = r.message()
		if err := t.attachments(ctx, &out[i]); err != nil {
			return nil, err
		}
		out[i].number(before)
		before += len(out[i].Attachments)
	}
	return out, nil
}

// attachments reads a message's attachments.
func (t *tx) attachments(ctx context.Context, m *Message) error {
	var rows []struct {
		Filename    string
		ContentType string `db:"content_type"`
		Size        int64
		SHA256      string
		Inline      bool
		ContentID   string `db:"content_id"`
		Place       string
		Decoration  bool
	}
	if m.Direction == "out" {
		return nil
	}
	if err := t.all(ctx, &rows, `SELECT filename, content_type, size, sha256, inline, content_id, place, decoration FROM attachment WHERE message = ? ORDER BY n`, m.ID); err != nil {
		return fmt.Errorf("read attachments of message %d: %w", m.ID, err)
	}
	for _, r := range rows {
		m.Attachments = append(m.Attachments, Attachment{Filename: r.Filename, ContentType: r.ContentType, Size: r.Size, SHA256: r.SHA256, Inline: r.Inline, ContentID: r.ContentID, Place: r.Place, Decoration: r.Decoration})
	}
	return nil
}

// eventRow is one row of the table event.
type eventRow struct {
	Seq        int
	At         int64
	Actor      string
	Kind       string
	FromState  State `db:"from_state"`
	ToState    State `db:"to_state"`
	Data       string
	Prev, Hash string
}

const eventColumns = `seq, at, actor, kind, from_state, to_state, data, prev, hash`

func (r eventRow) event() Event {
	return Event{Seq: r.Seq, At: fromMicros(r.At), Actor: r.Actor, Kind: r.Kind, From: r.FromState, To: r.ToState, Data: json.RawMessage(r.Data), Prev: r.Prev, Hash: r.Hash}
}

func (t *tx) events(ctx context.Context, ticket int64) ([]Event, error) {
	var rows []eventRow
	if err := t.all(ctx, &rows, `SELECT `+eventColumns+` FROM event WHERE ticket = ? ORDER BY seq`, ticket); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	out := make([]Event, len(rows))
	for i, r := range rows {
		out[i] = r.event()
	}
	return out, nil
}

func (t *tx) deliveries(ctx context.Context, ticket int64) ([]Delivery, error) {
	var rows []noticeRow
	if err := t.all(ctx, &rows, `SELECT `+noticeColumns+` FROM notice WHERE ticket = ? ORDER BY id`, ticket); err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		out[i] = r.delivery()
	}
	return out, nil
}

// ExportMbox writes the raw mails of a ticket as an mbox (mboxrd, RFC 4155), tokens blanked.
func (s *Store) ExportMbox(ctx context.Context, n Number, evidence Evidence, w io.Writer) error {
	file, err := s.Show(ctx, n)
	if err != nil {
		return err
	}
	for _, m := range file.Messages {
		if m.Password {
			continue // it is for the person who got it
		}
		if err := s.exportMail(ctx, m, evidence, w); err != nil {
			return fmt.Errorf("export message %d of %s: %w", m.ID, n, err)
		}
	}
	return nil
}

func (s *Store) exportMail(ctx context.Context, m Message, evidence Evidence, w io.Writer) error {
	r, err := evidence.Open(ctx, m.SHA256)
	if err != nil {
		return err
	}
	defer r.Close()
	from := m.From
	if from == "" || strings.ContainsAny(from, " \t") {
		from = "MAILER-DAEMON"
	}
	if _, err := fmt.Fprintf(w, "From %s %s\n", from, m.At.UTC().Format(time.ANSIC)); err != nil {
		return err
	}
	err = s.Mailbox.blankMail(r, func(line string) error {
		if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
			line = ">" + line
		}
		_, err := io.WriteString(w, line+"\n")
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	return err
}

// table loads the tickets of a list. Content of TLP:RED goes to the named persons of its ticket only, not into lists: there
// the ticket is a number and a state.
func (t *tx) table(ctx context.Context, n *Notice) error {
	for _, item := range n.Items {
		if item.Kind != KindList {
			continue
		}
		for _, number := range item.Lines {
			row, err := t.ticketByNumber(ctx, Number(number))
			if err != nil {
				return err
			}
			ticket, err := t.ticket(ctx, row)
			if err != nil {
				return err
			}
			if ticket.TLP == TLPRed {
				ticket.Subject, ticket.Reporter, ticket.Participants = TLPRed.Label(), Address{}, nil
			}
			n.Table = append(n.Table, ticket)
		}
	}
	return nil
}
