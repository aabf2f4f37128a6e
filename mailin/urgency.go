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
		h := entity.Read(ctx, bytes.NewReader(raw), entity.Limits{Unhashed: true}).Header
		parsed[n] = h
		waiting[n] = tickets.Envelope{Recipients: recipients(h), InReplyTo: h.IDs("In-Reply-To")}
		if from := h.Addresses("From"); len(from) == 1 {
			waiting[n].From = from[0].Address
		}
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
		case u == tickets.Claimed && i.Authentication != nil && i.Authentication.Check(ctx, parsed[n], nil).DKIM != "":
			all[n] = mailbox.Proven // a trusted host says so
		case u == tickets.Claimed:
			all[n] = mailbox.Claimed
		}
	}
	return all
}
