package mailin

import (
	"bytes"
	"context"

	"aduan/mailin/internal/entity"
	"aduan/mailin/internal/mailbox"
	"aduan/tickets"
)

// urgencies puts the mails of a backlog in order by some fields of their headers. Where the record cannot be asked, all are
// as urgent as each other: the order promises nothing.
func (i *Intake) urgencies(ctx context.Context, headers [][]byte) []mailbox.Urgency {
	waiting := make([]tickets.Envelope, len(headers))
	parsed := make([]entity.Header, len(headers))
	for n, raw := range headers {
		parsed[n], waiting[n] = envelope(ctx, raw)
	}
	known, err := i.Record.Urgencies(ctx, waiting)
	if err != nil {
		i.Log.Warn("mails that wait are taken in by their age alone", "error", err)
		return nil
	}
	all := make([]mailbox.Urgency, len(known))
	for n, u := range known {
		switch {
		case u == tickets.Proven:
			all[n] = mailbox.Proven
		case u == tickets.Claimed && i.Authentication != nil && i.check(ctx, parsed[n], nil).DKIM != "":
			all[n] = mailbox.Proven // a trusted host says so
		case u == tickets.Claimed:
			all[n] = mailbox.Claimed
		}
	}
	return all
}

// envelope reads what the order needs of one header. One that cannot be read is nobody's, and the others keep their order.
func envelope(ctx context.Context, raw []byte) (h entity.Header, e tickets.Envelope) {
	defer func() {
		if p := recover(); p != nil {
			h, e = entity.Header{}, tickets.Envelope{}
		}
	}()
	h = entity.Read(ctx, bytes.NewReader(raw), entity.Limits{Unhashed: true}).Header
	e = tickets.Envelope{Recipients: recipients(h), InReplyTo: h.IDs("In-Reply-To")}
	if from := h.Addresses("From"); len(from) == 1 {
		e.From = from[0].Address
	}
	return h, e
}
