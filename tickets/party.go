package tickets

import (
	"slices"
	"strings"
	"time"
)

// quiet says whether a mail is a robot's answer, which is kept and told to nobody.
func (f *filing) quiet() bool {
	return f.a.Automatic == AutoReply || f.a.Automatic == AutoReceipt
}

// robot says whether a machine wrote the mail; a mailing list only carries a person's words.
func (f *filing) robot() bool { return f.a.Automatic != "" && f.a.Automatic != AutoList }

// strangersMail keeps the words of somebody who is not on the ticket, and shows them to whoever works on it.
func (f *filing) strangersMail() {
	f.event("received", f.mailFacts())
	if !f.quiet() && f.mayCause() {
		f.tellOwnerOf(f.caseOf(), f.words(KindUnverified))
	}
}

// unprovenMail keeps words in the name of a person on the ticket: they change nothing and go to whoever works on it only.
func (f *filing) unprovenMail() {
	f.event("received", f.mailFacts())
	if !f.quiet() && f.mayCause() {
		f.tellOwnerOf(f.caseOf(), f.words(KindUnproven))
	}
}

// caseOf is the ticket that carries this one's case on: itself, or at the end of its duplicates.
func (f *filing) caseOf() *ticketRow {
	t := f.ticket
	for range 20 { // a chain is finite; a ring must not hang the mailbox
		if t.State != Duplicate || t.DuplicateOf == 0 {
			return t
		}
		var next ticketRow
		if err := f.t.get(f.ctx, &next, `SELECT `+ticketColumns+` FROM ticket WHERE id = ?`, t.DuplicateOf); err != nil {
			f.do("follow a duplicate", func() error { return err })
			return t
		}
		t = &next
	}
	return t
}

// partysMail is a proven mail of the reporter or a participant.
func (f *filing) partysMail() {
	f.event("received", f.mailFacts())
	f.markProven()
	if f.quiet() {
		return
	}
	if f.robot() {
		if f.mayCause() {
			f.tellOwnerOf(f.caseOf(), f.words(KindMessage))
		}
		return
	}
	if f.a.Body != "" || len(f.a.Attachments) > 0 || len(f.given) == 0 {
		f.partysWords()
	}
	for _, c := range f.given {
		f.partysCommand(c)
	}
}

// markProven remembers that this person answered with a proof: from now on mails may repeat their own words to them.
func (f *filing) markProven() {
	if f.sender.role == isReporter {
		f.ticket.ReporterProven = true
		return
	}
	f.do("mark the participant proven", func() error {
		f.t.wrote("participant", f.ticket.ID, f.sender.key())
		_, err := f.t.exec(f.ctx, `UPDATE participant SET proven = 1 WHERE ticket = ? AND address = ?`, f.ticket.ID, f.sender.key())
		return err
	})
}

// takePartyCommands parts the commands that somebody outside staff may give from text: the first other line begins the text.
func (f *filing) takePartyCommands() {
	if f.sender.isStaff() && !f.ownCase() {
		return
	}
	for i, line := range f.a.Commands {
		c, ok := FindCommand(line.Name)
		if ok && f.mayAsk(c) {
			f.given = append(f.given, c)
			continue
		}
		var text []string
		for _, rest := range f.a.Commands[i:] {
			text = append(text, rest.Line)
		}
		f.a.Body = strings.TrimSpace(strings.Join(append(text, f.a.Body), "\n"))
		return
	}
}

// mayAsk says whether somebody outside staff may give a command here: people of a ticket with proof, and anybody for help.
func (f *filing) mayAsk(c Command) bool {
	switch {
	case f.a.Automatic != "": // automatic mail never runs a command
		return false
	case f.ticket == nil:
		return c.Alone && slices.Contains(c.Who, ByAnyone)
	case f.sender.role == noRole || f.sender.role == isCounterpart || f.sender.proof == ProofNone || f.a.Authentication.DMARCFail:
		return false
	}
	return slices.Contains(c.Who, ByAnyone) || slices.Contains(c.Who, ByReporter) && f.sender.role == isReporter
}

// ownCase says whether a staff member writes as a person of the ticket: somebody who reported before they became staff answers
// their own case. A staff command, or an answer to what only staff hear, is a staff member's.
func (f *filing) ownCase() bool {
	if !f.sender.isStaff() || f.sender.role == noRole || f.sender.room == Internal || f.sender.confirms != nil || f.sender.proof == ProofNone || f.a.Authentication.DMARCFail {
		return false
	}
	return !slices.ContainsFunc(f.a.Commands, func(line CommandLine) bool {
		c, ok := FindCommand(line.Name)
		return !ok || !slices.Contains(c.Who, ByReporter)
	})
}

// asksForHelp says whether a mail that belongs to no ticket asks for help and holds nothing else.
func (f *filing) asksForHelp() bool {
	return f.ticket == nil && f.continues == nil && len(f.given) > 0 && f.a.Body == "" && len(f.a.Attachments) == 0
}

// helpStranger tells somebody how to report, within the caps of acknowledgements.
func (f *filing) helpStranger() {
	f.do("send help", func() error {
		within, err := f.withinCaps(f.sender.key())
		if err != nil || !within {
			return err
		}
		f.tell(nil, f.author(), ToReporter, f.sender.proof != ProofNone, Item{Kind: KindHelp})
		return f.countAcknowledgement(f.sender.key())
	})
}

func (f *filing) partysCommand(c Command) {
	t := f.ticket
	if len(c.From) > 0 && !slices.Contains(c.From, t.State) {
		f.tell(t, f.author(), f.audience(), true, Item{Kind: KindStatus, State: t.State})
		return
	}
	switch c.Name {
	case "status":
		f.tell(t, f.author(), f.audience(), true, Item{Kind: KindStatus, State: t.State})
	case "help":
		f.tell(t, f.author(), f.audience(), true, Item{Kind: KindHelp, State: t.State})
	case "solved":
		f.event("solved", nil)
		f.tellOwner(Item{Kind: KindSolved, Who: f.author(), State: t.State})
		f.tellReporter(Item{Kind: KindSolved, State: t.State})
	case "unsolved":
		f.reopen("unsolved")
	}
}

func (f *filing) audience() Audience {
	if f.sender.role == isReporter {
		return ToReporter
	}
	return ToParticipant
}

// partysWords passes a reporter's or participant's words on, and reopens a closed ticket where they are more than thanks.
func (f *filing) partysWords() {
	t := f.ticket
	if f.sender.role == isReporter && !f.a.Thanks {
		t.AskedAt, t.AskedAgain = 0, false // the question has its answer
	}
	switch {
	case t.State == Rejected:
		f.tellFrontDesk(f.words(KindMessage), "")
	case t.State == Duplicate:
		f.tellOwnerOf(f.caseOf(), f.words(KindMessage))
	case t.State == Closed && f.mayReopen():
		f.tellOwner(f.words(KindMessage))
		f.reopen("reopened")
	default:
		f.tellOwner(f.words(KindMessage))
	}
}

// mayReopen says whether words on a closed ticket reopen it (those that came too late have left it for a new one): the reporter's, and neither a bare thank-you nor a
// text below a command that says itself whether to reopen.
func (f *filing) mayReopen() bool {
	return f.sender.role == isReporter && !f.a.Thanks && !f.saysHowItStands()
}

// saysHowItStands says whether the reporter gave /solved or /unsolved.
func (f *filing) saysHowItStands() bool {
	return slices.ContainsFunc(f.given, func(c Command) bool { return slices.Contains(c.Who, ByReporter) })
}

// late says whether a mail came after the days in which an answer reopens a closed ticket.
func (f *filing) late(t *ticketRow) bool {
	return f.at > t.EndedAt+int64(f.s.ReopenDays)*(24*time.Hour).Microseconds()
}

// reopen brings a resting ticket back to its owner, or to Front Desk where it has none.
func (f *filing) reopen(kind string) {
	to := Open
	if _, ok := f.staff.byID(f.ticket.Owner); ok {
		to = Responding
	}
	f.ticket.DuplicateOf = 0
	f.moveTo(to, kind, map[string]any{"message": f.message})
	f.out.Reopened = true
	f.tellReporter(Item{Kind: KindReopened, State: to})
	staffKind := KindReopened
	if kind == "unsolved" {
		staffKind = KindUnsolved
	}
	item := Item{Kind: staffKind, State: to, Who: f.author()}
	if owner, ok := f.staff.byID(f.ticket.Owner); !ok {
		f.tellFrontDesk(item, f.author().Address)
	} else if owner.Address != f.author().Address || !f.sender.isStaff() {
		f.tellStaff(f.ticket, owner, item)
	}
}
