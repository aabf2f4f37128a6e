package tickets

import (
	"context"
	"fmt"
)

// offers loads the cases that a notice offers to pass on, with the recipient's reply address of each.
func (t *tx) offers(ctx context.Context, r noticeRow, n *Notice) error {
	for _, item := range n.Items {
		for _, id := range item.Cases {
			var row ticketRow
			if err := t.get(ctx, &row, `SELECT `+ticketColumns+` FROM ticket WHERE id = ?`, id); err != nil {
				return fmt.Errorf("read ticket %d: %w", id, err)
			}
			offer := Offer{Number: Number(row.Number)}
			if t.s.Mailbox.Pattern != "" {
				var a replyRow
				err := t.get(ctx, &a, `SELECT id, ticket, person, room, generation, issued_at, spent_at, ended_at FROM reply_address WHERE ticket = ? AND person = ? AND room = ? ORDER BY generation DESC LIMIT 1`, id, r.Recipient, string(Internal))
				if err != nil {
					return fmt.Errorf("read the reply address for %s: %w", row.Number, err)
				}
				offer.ReplyTo = t.s.Mailbox.With(t.s.Keys.token(tokenReply, replyReference(a.ID, row.Version), a.stands()))
			}
			n.Offers = append(n.Offers, offer)
		}
	}
	return nil
}
