package tickets

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// staffMail is a mail in the name of a staff member.
func (f *filing) staffMail() {
	switch {
	case f.robot():
		f.staffRobot()
	case f.sender.confirms != nil:
		f.answerConfirmation()
	case f.saysOfDraft() != "" && f.a.Slip == "": // a command below the word would be lost
		f.answerDraft()
	case f.a.Automatic == AutoList:
		f.staffList()
	case f.a.Authentication.DMARCFail || f.sender.proof == ProofNone:
		f.staffUnproven()
	case f.a.Slip != "":
		f.event("received", f.mailFacts())
		f.refuse(fault{f.a.Slip, answerSlip.say(f.s.Language)})
	case len(f.a.Commands) > 0:
		f.staffCommands()
	case f.ticket == nil:
		f.tellStaff(nil, *f.sender.staff, Item{Kind: KindHelp})
	case f.nearlyYes():
		f.event("received", f.mailFacts())
		f.refuse(fault{"", answerDraftUnclear.say(f.s.Language)})
	default:
		f.event("received", f.mailFacts())
		f.staffWords()
	}
}

// staffRobot keeps a robot's answer of a staff address quietly; that the owner is away is told to Front Desk.
func (f *filing) staffRobot() {
	f.event("received", f.mailFacts())
	if f.ticket != nil && f.a.Automatic == AutoReply && f.ticket.Owner == f.sender.staff.ID && f.mayCause() {
		item := f.words(KindAway)
		item.Files = false
		f.tellFrontDesk(item, f.sender.staff.Address)
	}
	if f.ticket != nil || f.quiet() {
		return
	}
	f.open() // a report by a machine that sends in a staff member's name is a report
}

// staffList keeps what came over a mailing list among staff: no command of it runs, and nothing answers it.
func (f *filing) staffList() {
	f.a.Body, f.a.Commands = f.a.NewText, nil
	switch {
	case f.ticket == nil:
		f.open()
	case f.sender.proof == ProofNone || f.a.Authentication.DMARCFail:
		f.staffUnproven()
	default:
		f.keepInternal("noted", "")
	}
}

// staffUnproven never acts: words are shown to whoever works on the case, commands wait for a confirmation from the
// registered address.
func (f *filing) staffUnproven() {
	if f.ticket != nil {
		f.do("mark the message unproven", func() error { return f.placeMessage(f.unbelieved(), "") })
		f.event("received", f.mailFacts())
	}
	switch {
	case len(f.a.Commands) > 0:
		f.askConfirmation()
	case !f.mayCause():
	case f.ticket != nil:
		f.tellOwnerOf(f.caseOf(), f.words(f.unbelievedKind()))
	default:
		f.tellStaff(nil, *f.sender.staff, Item{Kind: KindHelp})
	}
}

// unbelieved is how the words of somebody without a proof are kept; with a proof against them they are a stranger's.
func (f *filing) unbelieved() Visibility {
	if f.a.Authentication.DMARCFail {
		return VisibleUnverified
	}
	return VisibleUnproven
}

func (f *filing) unbelievedKind() Kind {
	if f.a.Authentication.DMARCFail {
		return KindUnverified
	}
	return KindUnproven
}

// staffWords is a staff member's plain text: it goes where the mail that it answers said.
func (f *filing) staffWords() {
	if f.a.Body == "" && len(f.a.Attachments) == 0 {
		f.refuse(fault{"", answerEmpty.say(f.s.Language)})
		return
	}
	if f.sender.room != Public {
		f.keepInternal("noted", "")
		return
	}
	if !f.heard() {
		f.refuse(fault{"", answerNoReporter.say(f.s.Language)})
		return
	}
	f.passOn("replied")
}

// heard says whether there is anybody outside staff who would get a word.
func (f *filing) heard() bool {
	people, err := f.t.participants(f.ctx, f.ticket.ID)
	f.do("look for participants", func() error { return err })
	return f.reachable() || len(people) > 0
}

// passOn sends the text to the reporter and the participants, and lets the owner know what a colleague wrote.
func (f *filing) passOn(kind string) {
	f.do("make the message public", func() error { return f.placeMessage(VisiblePublic, "") })
	f.event(kind, f.mailFacts())
	item := Item{Kind: KindMessage, Message: f.message, State: f.ticket.State, Files: true}
	f.tellReporter(item)
	f.tellParticipants(item)
	f.copyOwner()
}

// copyOwner shows the owner what a colleague sent to the reporter.
func (f *filing) copyOwner() {
	if owner, ok := f.staff.byID(f.ticket.Owner); ok && owner.ID != f.sender.staff.ID {
		f.tellStaff(f.ticket, owner, f.words(KindPassedOn))
	}
}

// keepInternal keeps the text among staff: the owner and Front Desk read it.
func (f *filing) keepInternal(kind, purpose string) {
	f.do("keep the message internal", func() error { return f.placeMessage(VisibleInternal, purpose) })
	f.event(kind, f.mailFacts())
	me := f.sender.staff.Address
	if owner, ok := f.staff.byID(f.ticket.Owner); ok && owner.Address != me {
		f.tellStaff(f.ticket, owner, f.words(KindNote))
	}
	for _, s := range f.staff.with(FrontDesk) {
		if s.Address != me && s.ID != f.ticket.Owner {
			f.tellStaff(f.ticket, s, f.words(KindNote))
		}
	}
}

// fault is why a mail's commands were not carried out: the line and what is wrong with it, in the team's language.
type fault struct{ line, words string }

// refuse gives the text back; the ticket is unchanged.
func (f *filing) refuse(x fault) {
	item := Item{Kind: KindRefused, Lines: []string{x.words}, Text: x.line, Back: f.a.NewText}
	if f.ticket != nil {
		item.State = f.ticket.State
	}
	f.tellStaff(f.ticket, *f.sender.staff, item)
	f.out.Refused = x.words
	f.event("refused", map[string]any{"message": f.message, "line": x.line})
}

// staffCommands carries out all commands of a mail, or none.
func (f *filing) staffCommands() {
	proven, err := f.commandsProven()
	if err != nil {
		f.do("look at the proof", func() error { return err })
		return
	}
	if !proven {
		f.sender.proof = ProofNone // what suffices for words does not for commands
		f.staffUnproven()
		return
	}
	before := f.savepoint()
	x := f.carryOut()
	if f.err != nil {
		return
	}
	if x != nil {
		f.rollback(before)
		f.event("received", f.mailFacts())
		f.refuse(*x)
	}
}

// commandsProven says whether the proof suffices for commands: DKIM always; a reply address that nobody else has seen, as
// long as DKIM is not demanded and this person's mail never carried it.
func (f *filing) commandsProven() (bool, error) {
	p := f.sender.staff.Address
	if f.a.Authentication.DKIM != "" && f.a.Froms == 1 {
		return true, f.t.carriesDKIM(f.ctx, p, f.now)
	}
	if f.s.DKIMOnly || f.sender.row == nil || f.sender.row.SpentAt > 0 {
		return false, nil
	}
	var since int64
	err := f.t.get(f.ctx, &since, `SELECT since FROM dkim_sender WHERE address = ?`, p)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	return false, err
}

// saved is what commands may change in memory.
type saved struct {
	ticket  *ticketRow
	row     ticketRow
	events  int
	drafts  []*draft
	items   []int
	out     Outcome
	visible Visibility
	purpose string
}

// savepoint remembers everything that a refused command must not leave behind.
func (f *filing) savepoint() saved {
	f.do("set a savepoint", func() error { _, err := f.t.ExecContext(f.ctx, "SAVEPOINT commands"); return err })
	s := saved{ticket: f.ticket, events: len(f.events), drafts: f.drafts, out: f.out, visible: f.visible, purpose: f.purpose}
	if f.ticket != nil {
		s.row = *f.ticket
	}
	for _, d := range f.drafts {
		s.items = append(s.items, len(d.items))
	}
	return s
}

func (f *filing) rollback(s saved) {
	f.t.people = nil
	f.do("take commands back", func() error { _, err := f.t.ExecContext(f.ctx, "ROLLBACK TO SAVEPOINT commands"); return err })
	f.ticket, f.events, f.drafts, f.out, f.visible, f.purpose, f.textPlaced = s.ticket, f.events[:s.events], s.drafts, s.out, s.visible, s.purpose, false
	if s.ticket != nil {
		*s.ticket = s.row
	}
	for i, d := range f.drafts {
		d.items = d.items[:s.items[i]]
	}
}

// textUse is what the commands of this mail, taken together, make of its text.
func (f *filing) textUse(cs []Command) (TextUse, *fault) {
	use := TextKept
	for i, c := range cs {
		if i > 0 && c.Must && c.Text != TextReason && cs[0].Text == TextReport {
			return "", &fault{f.a.Commands[i].Line, answerNewText.say(f.s.Language, f.a.Commands[i].Name)}
		}
		next := c.Text
		if c.Name == "reject" { // a reason goes to the reporter, as outgoing text does
			next = TextOutgoing
		}
		if c.Text == TextReport || next == TextKept {
			continue
		}
		if use != TextKept && use != next {
			return "", &fault{"", answerMixed.say(f.s.Language)}
		}
		use = next
	}
	escalates := func(c Command) bool { return c.Name == "escalate" }
	keeps := func(c Command) bool { return c.Text == TextInternal && !escalates(c) }
	if f.a.Body != "" && slices.ContainsFunc(cs, escalates) && slices.ContainsFunc(cs, keeps) {
		return "", &fault{"", answerMixedReport.say(f.s.Language)} // a note must not become part of what leaves the team
	}
	return use, nil
}

// carryOut runs the commands top to bottom and answers their sender.
func (f *filing) carryOut() *fault {
	var cs []Command
	for _, line := range f.a.Commands {
		c, x := f.lookUp(line)
		if x != nil {
			return x
		}
		cs = append(cs, c)
	}
	use, x := f.textUse(cs)
	if x != nil {
		return x
	}
	o := &order{filing: f, use: use, moved: f.movedOn()}
	for i, c := range cs {
		if x := o.run(c, f.a.Commands[i]); x != nil {
			return x
		}
	}
	o.placeText()
	o.answer()
	return nil
}

// lookUp finds the command of a line.
func (f *filing) lookUp(line CommandLine) (Command, *fault) {
	c, ok := FindCommand(line.Name)
	if ok && !slices.Contains(c.Who, ByReporter) {
		return c, nil
	}
	if ok {
		return c, &fault{line.Line, answerReportersOnly.say(f.s.Language, line.Name)}
	}
	if near := NearestCommand(line.Name); near != "" {
		return c, &fault{line.Line, answerUnknownNear.say(f.s.Language, line.Name, near)}
	}
	return c, &fault{line.Line, answerUnknown.say(f.s.Language, line.Name)}
}

// quoted makes an argument readable in an answer.
func quoted(s string) string { return fmt.Sprintf("“%s”", Shorten(CleanLine(s), 100)) }

// joined is the arguments as one text.
func joined(args []string) string { return strings.TrimSpace(strings.Join(args, " ")) }
