package mailin

import (
	"context"
	"io"
	"time"

	"aduan/tickets"
)

// Inspection is what the gateway makes of a mail, as `aduan inspect --json` prints it (CONTRACT.md section 4).
type Inspection struct {
	File              string                     `json:"file"`
	MessageID         string                     `json:"message_id"`
	InReplyTo         []string                   `json:"in_reply_to"`
	References        []string                   `json:"references"`
	From              tickets.Address            `json:"from"`
	To                []string                   `json:"to"`
	Cc                []string                   `json:"cc"`
	Subject           string                     `json:"subject"`
	Date              string                     `json:"date"` // RFC 3339; "" where the mail has none
	Text              string                     `json:"text"`
	NewText           string                     `json:"new_text"`
	Automatic         string                     `json:"automatic"`
	Bounce            []tickets.BouncedRecipient `json:"bounce"`
	Attachments       []tickets.Attachment       `json:"attachments"`
	Commands          []tickets.CommandLine      `json:"commands"`
	ReturnedMessageID string                     `json:"returned_message_id"`
	TicketHint        tickets.Number             `json:"ticket_hint"`
	Problems          []string                   `json:"problems"`
}

// Team is what inspecting needs of the settings; without them nothing is known as own and no ticket number is recognised.
type Team struct {
	Mailbox tickets.Mailbox
	Prefix  string
}

// Inspect reads a mail and changes nothing.
func Inspect(ctx context.Context, name string, r io.Reader, lim Limits, team *Team) Inspection {
	mails := newMbox(r)
	mails.next()
	mails.many = false // a From_ line before a single mail is dropped; more mails are not parted
	m := Parse(ctx, mails, lim)
	in := Inspection{File: name, MessageID: m.MessageID, InReplyTo: some(m.InReplyTo), References: some(m.References), From: m.From, To: keys(m.To), Cc: keys(m.Cc), Subject: m.Subject,
		Text: m.Text, NewText: m.NewText, Automatic: m.Automatic, Bounce: some(m.Bounces), Attachments: some(m.Attachments), Commands: some(m.Commands),
		ReturnedMessageID: m.ReturnedMessageID, Problems: some(m.Problems)}
	if !m.Date.IsZero() {
		in.Date = m.Date.Format(time.RFC3339)
	}
	for i := range in.Commands {
		in.Commands[i].Args = some(in.Commands[i].Args)
		if in.Commands[i].Set == nil {
			in.Commands[i].Set = map[string]string{}
		}
	}
	if team != nil {
		if team.Mailbox.Own(m.From.Address) {
			in.Automatic = tickets.AutoOwn
		}
		in.TicketHint = tickets.NewNumbers(team.Prefix).Find(m.Subject)
	}
	return in
}

// some is an empty list where there is none: JSON shows [] then.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func keys(list []tickets.Address) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, a.Address)
	}
	return out
}
