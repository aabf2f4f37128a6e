package tickets

import (
	"context"
	"fmt"
)

// Urgency says how soon a mail that waits in a mailbox is to be taken in, as far as its header tells.
type Urgency int

// The urgencies, the least first.
const (
	Usual   Urgency = iota // in its turn
	Claimed                // names a member of staff as its sender, which anybody can write
	Proven                 // from a member of staff, and to a reply address that was issued to them
)

// Envelope is what the header of a mail that waits tells.
type Envelope struct {
	From       string   // the only address in From; "" where there are several
	Recipients []string // all addresses that a reply address may stand among
	InReplyTo  []string // ids without angle brackets
}

// Urgencies tells for mails that wait which of them go before others: commands of staff must not wait behind a flood. It
// decides the order and nothing else; who may do what is decided when the mail is filed.
func (s *Store) Urgencies(ctx context.Context, waiting []Envelope) ([]Urgency, error) {
	all := make([]Urgency, len(waiting))
	err := s.look(ctx, func(t *tx) error {
		staff, err := t.directory(ctx)
		if err != nil {
			return err
		}
		for i, e := range waiting {
			p, ok := staff.find(e.From)
			if !ok || e.From == "" {
				continue
			}
			f := &filing{ctx: ctx, t: t, s: s, staff: staff, sender: sender{address: Address{Address: e.From}, staff: &p}}
			if all[i], err = f.urgency(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask which mails are urgent: %w", err)
	}
	return all, nil
}

// urgency looks for something in the header that only the sender's own mails hold.
func (f *filing) urgency(e Envelope) (Urgency, error) {
	for _, address := range e.Recipients {
		token := f.s.Mailbox.Token(address)
		purpose, reference, ok := readToken(token)
		if !ok || purpose != tokenReply {
			continue
		}
		id, _ := readReplyReference(reference)
		row, err := f.replyRow(id)
		if err != nil {
			return Usual, err
		}
		if row != nil && f.s.Keys.verify(token, tokenReply, row.stands()) && row.EndedAt == 0 && f.isFor(row.Person) {
			return Proven, nil
		}
	}
	if f.s.Mailbox.Pattern == "" {
		n, err := f.answered(e.InReplyTo[:min(len(e.InReplyTo), 10)])
		if err != nil || n != nil {
			return Proven, err
		}
	}
	return Claimed, nil
}
