package tickets

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
)

// defaultMailSize is how many bytes of attachments go along with one mail where the settings do not say.
const defaultMailSize = 10_000_000

// numberedAttachment is an attachment with its number in the ticket.
type numberedAttachment struct {
	Message     int64
	Filename    string
	ContentType string `db:"content_type"`
	Size        int64
	SHA256      string
}

// evidence sends one attachment of the ticket to who asks for it: as it is, or, where it may be dangerous, in a zip whose
// password goes in a mail of its own.
func (o *order) evidence(c Command, line CommandLine) *fault {
	l := o.s.Language
	arg, x := o.oneArgument(c, line, Words{"nomor lampiran", "the number of an attachment"})
	if x != nil {
		return x
	}
	if o.ticket.TLP == TLPRed && !o.named() {
		return &fault{"", answerRed.say(l, line.Name)}
	}
	n, a, x := o.attachment(arg)
	if x != nil {
		return x
	}
	most := o.s.MailSize
	if most == 0 {
		most = defaultMailSize
	}
	if a.Size > most {
		return &fault{"", answerTooLarge.say(l, n, quoted(a.Filename), a.Size, o.ticket.Number)}
	}
	item := Item{Kind: KindEvidence, State: o.ticket.State, Message: a.Message, Evidence: n}
	o.said = true
	if Dangerous(a.Filename, a.ContentType) {
		item.Password = newPassword()
	}
	o.tellStaff(o.ticket, *o.sender.staff, item)
	if item.Password != "" {
		item.Kind = KindPassword
		o.tellStaff(o.ticket, *o.sender.staff, item)
	}
	o.event("evidence", o.facts(map[string]any{"number": n, "attachment": a.SHA256, "to": o.sender.staff.Address}))
	return nil
}

// named says whether the sender is one of the persons of a ticket whose content is for named persons only.
func (o *order) named() bool {
	return o.ticket.names(*o.sender.staff)
}

// names says whether a staff member is among the persons to whom TLP:RED is open on a ticket.
func (r *ticketRow) names(p Staff) bool {
	return p.Has(FrontDesk) || p.Has(Supervisor) || r.Owner != 0 && r.Owner == p.ID
}

// attachment finds an attachment of the ticket by its number: all are counted through, in the order of their messages.
func (o *order) attachment(arg string) (int, numberedAttachment, *fault) {
	l := o.s.Language
	var count int
	var found []numberedAttachment
	n, err := strconv.Atoi(strings.Trim(arg, "#[]()."))
	if err != nil || n < 1 {
		n = 0
	}
	o.do("look for the attachment", func() error {
		if err := o.t.get(o.ctx, &count, `SELECT COUNT(*) FROM attachment a JOIN message m ON m.id = a.message WHERE m.ticket = ?`, o.ticket.ID); err != nil || n == 0 {
			return err
		}
		return o.t.all(o.ctx, &found, `SELECT a.message, a.filename, a.content_type, a.size, a.sha256 FROM attachment a JOIN message m ON m.id = a.message WHERE m.ticket = ?
			ORDER BY a.message, a.n LIMIT 1 OFFSET ?`, o.ticket.ID, n-1)
	})
	switch {
	case len(found) == 1:
		return n, found[0], nil
	case count == 0:
		return 0, numberedAttachment{}, &fault{"", answerNoAttachments.say(l)}
	}
	return 0, numberedAttachment{}, &fault{"", answerNoAttachment.say(l, quoted(arg), count)}
}

// passwordLetters are read from a screen without being taken for each other.
const passwordLetters = "abcdefghjkmnpqrstuvwxyz23456789"

// newPassword is 16 letters by chance, 79 bits.
func newPassword() Secret {
	var b strings.Builder
	for b.Len() < 16 {
		var raw [32]byte
		rand.Read(raw[:])
		for _, c := range raw {
			if c &= 31; int(c) < len(passwordLetters) && b.Len() < 16 {
				b.WriteByte(passwordLetters[c])
			}
		}
	}
	return Secret(b.String())
}

// withoutPasswords takes the passwords of a notice out of the text that is kept on record: the mail alone tells them.
func withoutPasswords(n Notice, text string) string {
	for _, item := range n.Items {
		if item.Password != "" {
			text = strings.ReplaceAll(text, string(item.Password), fmt.Sprint(item.Password))
		}
	}
	return text
}

// history sends the whole case to who asks for it, and to nobody else.
func (o *order) history(_ Command, line CommandLine) *fault {
	if len(line.Args) > 0 {
		return &fault{line.Line, answerTooMuch.say(o.s.Language, line.Name, quoted(joined(line.Args)))}
	}
	if o.ticket.TLP == TLPRed && !o.named() {
		return &fault{"", answerRed.say(o.s.Language, line.Name)}
	}
	o.said = true
	o.tellStaff(o.ticket, *o.sender.staff, Item{Kind: KindHistory, State: o.ticket.State})
	o.event("history", o.facts(map[string]any{"to": o.sender.staff.Address}))
	return nil
}
