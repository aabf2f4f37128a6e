package tickets

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	confirmationsADay = 10             // requests to one person
	confirmableFor    = 24 * time.Hour // a request waits this long for its answer
)

// confirmationRow is one row of confirmation: commands that came without proof and wait for the word of their sender.
type confirmationRow struct {
	ID, Message, Ticket int64
	Person              string
	Version, Seen       int
	Room                Room
	Language            Language
	Commands            string
	AskedAt             int64 `db:"asked_at"`
	SettledAt           int64 `db:"settled_at"`
}

const confirmationColumns = `c.id, c.message, c.ticket, c.person, c.version, c.seen, c.room, c.language, c.commands, c.asked_at, c.settled_at`

// What became of a request.
const (
	outcomeConfirmed = "confirmed"
	outcomeMovedOn   = "moved-on"
	outcomeCancelled = "cancelled"
	outcomeExpired   = "expired"
)

// keptLine is a command line in the table: unlike in an answer, its words as written are needed again.
type keptLine struct {
	CommandLine
	Line string `json:"line"`
}

// stands is what the HMAC of a request's token covers beside its reference.
func (c confirmationRow) stands() string {
	return strings.Join([]string{"confirm", Key(c.Person), strconv.FormatInt(c.Message, 10)}, "\x00")
}

// token is the address part that an answer to the request comes to.
func (c confirmationRow) token(k Keys) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(c.ID))
	return k.token(tokenConfirm, [referenceSize]byte(b[1:]), c.stands())
}

// askConfirmation keeps the commands of this mail and asks the registered address whether to carry them out.
func (f *filing) askConfirmation() {
	if f.a.Quiet {
		return
	}
	p := *f.sender.staff
	f.out.Refused = answerNoProof.say(f.s.Language)
	f.do("ask for a confirmation", func() error {
		may, err := f.mayAskConfirmation(p)
		if err != nil || !may {
			return err
		}
		lines := f.absoluteLines()
		kept := make([]keptLine, len(lines))
		for i, l := range lines {
			kept[i] = keptLine{l, l.Line}
		}
		commands, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		version := 0
		if f.ticket != nil {
			version = f.ticket.Version
		}
		var id int64
		err = f.t.get(f.ctx, &id, `INSERT INTO confirmation (message, ticket, person, version, seen, room, language, commands, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
			f.message, f.ticketID(), p.Address, version, f.sender.version, string(f.sender.room), string(f.a.Language), CleanText(string(commands)), f.now)
		if err != nil {
			return err
		}
		f.t.wrote("confirmation", id)
		f.event("confirmation-asked", map[string]any{"message": f.message, "to": p.Address})
		f.tellStaff(f.ticket, p, f.confirmationItem(lines))
		return nil
	})
}

// mayAskConfirmation says whether one more request may go to a person today. It holds their row, so that two mails at the
// same time are counted one after the other.
func (f *filing) mayAskConfirmation(p Staff) (bool, error) {
	var id int64
	if err := f.t.get(f.ctx, &id, `SELECT id FROM staff WHERE id = ?`+f.s.dialect.lockRow, p.ID); err != nil {
		return false, err
	}
	var n int
	err := f.t.get(f.ctx, &n, `SELECT COUNT(*) FROM confirmation WHERE person = ? AND asked_at > ?`, p.Address, f.now-24*time.Hour.Microseconds())
	return n < confirmationsADay, err
}

// readConfirmation finds the request to the sender that this mail answers: by its address, or by In-Reply-To where the server
// knows no plus addresses.
func (f *filing) readConfirmation() error {
	if !f.sender.isStaff() {
		return nil
	}
	if f.s.Mailbox.Pattern == "" {
		return f.readConfirmationAnswered()
	}
	for _, address := range f.a.Recipients {
		token := f.s.Mailbox.Token(address)
		purpose, reference, ok := readToken(token)
		if !ok || purpose != tokenConfirm {
			continue
		}
		id := int64(binary.BigEndian.Uint64(append([]byte{0}, reference[:]...)))
		c, err := f.confirmation(`FROM confirmation c WHERE c.id = ?`, id)
		if err != nil {
			return err
		}
		if c != nil && f.s.Keys.verify(token, tokenConfirm, c.stands()) && f.isFor(c.Person) {
			f.sender.confirms = c
			return nil
		}
	}
	return nil
}

func (f *filing) readConfirmationAnswered() error {
	for _, id := range f.a.InReplyTo {
		token, _, _ := strings.Cut(id, "@")
		if !f.s.Keys.isNotice(token) {
			continue
		}
		c, err := f.confirmation(`FROM confirmation c JOIN notice n ON n.cause = c.message WHERE n.message_id = ? AND n.kind = 'confirm'`, id)
		if err != nil {
			return err
		}
		if c != nil && f.isFor(c.Person) {
			f.sender.confirms = c
		}
	}
	return nil
}

func (f *filing) confirmation(from string, arg any) (*confirmationRow, error) {
	var c confirmationRow
	err := f.t.get(f.ctx, &c, `SELECT `+confirmationColumns+` `+from, arg)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &c, err
}

// firstWord is the first line of the new text where it is one word alone, without its punctuation. A quoted line is no word of
// the sender's, also where a mail holds nothing else.
func (f *filing) firstWord() string {
	for _, line := range strings.Split(f.a.NewText, "\n") {
		if line = CleanLine(line); line != "" && !strings.HasPrefix(line, ">") {
			return strings.ToLower(strings.TrimFunc(line, func(r rune) bool { return !unicode.IsLetter(r) }))
		}
	}
	return ""
}

// answerConfirmation does what the answer to a request says. Anything but a clear word, a vacation notice above all, leaves
// the request as it is.
func (f *filing) answerConfirmation() {
	c, word := f.sender.confirms, f.firstWord()
	yes, no := word == "ya" || word == "yes", word == "tidak" || word == "no"
	believed := c.SettledAt == 0 && !f.a.Authentication.DMARCFail && f.a.Froms == 1 && (!f.s.DKIMOnly || f.a.Authentication.DKIM != "")
	if !believed || !yes && !no {
		if f.sender.proof == ProofNone {
			f.do("mark the message unproven", func() error { return f.placeMessage(VisibleUnproven, "") })
		}
		f.event("received", f.mailFacts())
		return
	}
	f.do("place the answer", func() error { return f.placeMessage(VisibleInternal, "") })
	f.event("received", f.mailFacts())
	switch {
	case no:
		f.cancel(c)
	case f.at > c.AskedAt+confirmableFor.Microseconds():
		if f.settleConfirmation(c, outcomeExpired) {
			f.refuseKept(answerExpired.say(f.s.Language))
		}
	case f.ticket != nil && f.ticket.Version != c.Version:
		if f.settleConfirmation(c, outcomeMovedOn) {
			t, l := f.ticket, f.s.Language
			f.refuseKept(answerMovedOn.say(l, t.State.Label(l), t.ChangedBy, FormatTime(fromMicros(t.ChangedAt), f.s.Location, l)))
		}
	case f.settleConfirmation(c, outcomeConfirmed):
		f.carryOutKept(c)
	}
}

// settleConfirmation ends a request and says whether it was still open: each is good for one answer.
func (f *filing) settleConfirmation(c *confirmationRow, outcome string) bool {
	var n int64
	f.do("settle the request to confirm", func() (err error) {
		n, err = f.t.exec(f.ctx, `UPDATE confirmation SET settled_at = ?, outcome = ? WHERE id = ? AND settled_at = 0`, f.now, outcome, c.ID)
		f.t.wrote("confirmation", c.ID)
		return err
	})
	return n == 1
}

func (f *filing) refuseKept(words string) {
	item := Item{Kind: KindRefused, Lines: []string{words}}
	if f.ticket != nil {
		item.State = f.ticket.State
	}
	f.tellStaff(f.ticket, *f.sender.staff, item)
	f.out.Refused = words
	f.event("refused", map[string]any{"message": f.sender.confirms.Message, "confirmation": f.message})
}

// cancel ends a request whose person says that they did not send the commands: somebody writes in their name.
func (f *filing) cancel(c *confirmationRow) {
	if !f.settleConfirmation(c, outcomeCancelled) {
		return
	}
	f.do("warn the supervisors", func() error {
		kept, err := f.keptMail(c)
		if err != nil {
			return err
		}
		f.events = append(f.events, f.eventBy(f.sender.staff.Address, "cancelled", map[string]any{"message": c.Message, "confirmation": f.message})...)
		l, me := f.s.Language, *f.sender.staff
		warned := f.staff.with(Supervisor)
		if len(warned) == 0 {
			warned = f.staff.with(FrontDesk)
		}
		for _, s := range warned {
			f.tellStaff(f.ticket, s, Item{Kind: KindWarning, Who: Address{me.Name, me.Address},
				Text: warningForged.say(l, me.Name, me.Address, FormatTime(kept.a.At, f.s.Location, l), cameFrom(kept.a.Mail, l)), Lines: f.askedLines(kept.a.Commands)})
		}
		if !slices.ContainsFunc(warned, func(s Staff) bool { return s.Address == me.Address }) {
			f.tellStaff(f.ticket, me, Item{Kind: KindDone, Lines: []string{answerCancelled.say(l)}})
		}
		return nil
	})
}

// eventBy is an event on the ticket, where there is one, by somebody whom a request's token proves.
func (f *filing) eventBy(actor, kind string, data map[string]any) []event {
	if f.ticket == nil {
		return nil
	}
	return []event{{actor, kind, f.ticket.State, f.ticket.State, data}}
}

// carryOutKept runs the commands of the kept mail as if it had been proven. Their actor is who confirmed them, and the events
// name the confirming mail.
func (f *filing) carryOutKept(c *confirmationRow) {
	var kept *filing
	f.do("read the kept mail", func() (err error) {
		kept, err = f.keptMail(c)
		return err
	})
	if f.err != nil {
		return
	}
	answer := *f
	f.a, f.message, f.recorded, f.visible, f.purpose, f.textPlaced = kept.a, kept.message, kept.recorded, kept.visible, kept.purpose, false
	f.sender = sender{address: kept.a.From, staff: answer.sender.staff, proof: ProofReplyAddress, detail: "confirmed", version: c.Seen, room: c.Room}
	if c.Ticket == 0 {
		f.t.adopted("message", kept.message) // its commands may open a ticket
	}
	first := len(f.events)
	f.event("confirmed", map[string]any{"message": c.Message})
	before := f.savepoint()
	if x := f.carryOut(); x != nil && f.err == nil {
		f.rollback(before)
		f.refuse(*x)
	}
	for i := first; i < len(f.events); i++ {
		if f.events[i].data == nil {
			f.events[i].data = map[string]any{}
		}
		f.events[i].data["confirmation"] = answer.message
	}
	f.a, f.message, f.recorded, f.visible, f.purpose, f.textPlaced = answer.a, answer.message, answer.recorded, answer.visible, answer.purpose, answer.textPlaced
	f.sender = answer.sender
}

// keptMail reads a kept mail back from the record, as far as commands need it.
func (f *filing) keptMail(c *confirmationRow) (*filing, error) {
	m, err := f.t.message(f.ctx, c.Message)
	if err != nil {
		return nil, err
	}
	k := &filing{message: m.ID, visible: m.Visibility, purpose: m.Purpose}
	if err := f.t.get(f.ctx, &k.recorded, `SELECT digest FROM message WHERE id = ?`, m.ID); err != nil {
		return nil, err
	}
	k.a = Arrival{At: m.At, Mail: Mail{MessageID: m.MessageID, From: Address{m.FromName, m.From}, Froms: 1, Subject: m.Subject, Text: m.Text, NewText: m.NewText, Body: m.Body,
		Automatic: m.Automatic, Attachments: m.Attachments, Language: c.Language, SHA256: m.SHA256, Size: m.Size}}
	var lines []keptLine
	if err := json.Unmarshal([]byte(c.Commands), &lines); err != nil {
		return nil, err
	}
	for _, l := range lines {
		l.CommandLine.Line = l.Line
		k.a.Commands = append(k.a.Commands, l.CommandLine)
	}
	return k, nil
}
