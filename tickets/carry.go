package tickets

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

func (o *order) verify(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	fields, x := o.setFields(line.Set)
	if x != nil {
		return x
	}
	o.moveTo(Verified, "verified", o.facts(map[string]any{"fields": line.Set}))
	if o.a.Body != "" && !o.textPlaced {
		o.purpose = "documentation"
	}
	o.tellReporter(Item{Kind: KindVerified, State: Verified})
	o.did(c, answerVerified)
	o.done = append(o.done, fields...)
	return nil
}

// facts names the mail that a command came in.
func (o *order) facts(more map[string]any) map[string]any {
	facts := map[string]any{"message": o.message}
	maps.Copy(facts, more)
	return facts
}

func (o *order) forward(c Command, line CommandLine) *fault {
	target, x := o.oneArgument(c, line, Words{"alamat agen atau nama tim", "an agent's address or a team's name"})
	if x != nil {
		return x
	}
	switch plainWord(target) {
	case "front-desk", "frontdesk", "meja-depan":
		return o.toFrontDesk(c, line)
	}
	agent, x := o.agentFor(target)
	if x != nil {
		return x
	}
	return o.give(c, agent, answerForwarded, agent.Name+" <"+agent.Address+">")
}

// toFrontDesk hands the case back.
func (o *order) toFrontDesk(c Command, line CommandLine) *fault {
	if o.ticket.State == Verified {
		return &fault{"", answerWrongState.say(o.s.Language, line.Name, Verified.Label(o.s.Language), labels([]State{Responding, Monitoring}, o.s.Language))}
	}
	o.ownerToo(Item{Kind: KindHandedBack, State: Verified})
	o.handBack(o.sender.staff.Address)
	o.tellFrontDesk(o.textItem(Item{Kind: KindHandedBack, State: Verified, Who: o.author()}), o.sender.staff.Address)
	o.did(c, answerHandedBack)
	return nil
}

// ownerToo tells the owner of a state to which somebody else brought the case.
func (o *order) ownerToo(item Item) {
	if owner, ok := o.staff.byID(o.ticket.Owner); ok && owner.ID != o.sender.staff.ID {
		item.Who = o.author()
		o.tellStaff(o.ticket, owner, item)
	}
}

// handBack returns the case to Front Desk.
func (f *filing) handBack(from string) {
	f.moveTo(Verified, "handed-back", map[string]any{"message": f.message, "from": from})
	f.ticket.Owner = 0
	f.tellReporter(Item{Kind: KindHandedBack, State: Verified})
}

func (o *order) take(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	return o.give(c, *o.sender.staff, answerTaken)
}

// give makes an agent the owner, who receives the whole case.
func (o *order) give(c Command, agent Staff, a answer, args ...any) *fault {
	t := o.ticket
	if t.Owner == agent.ID && t.State == Responding {
		return &fault{"", answerHasIt.say(o.s.Language, agent.Name)}
	}
	former, had := o.staff.byID(t.Owner)
	moved := t.State != Responding
	if !moved {
		o.changed()
	}
	o.moveTo(Responding, "forwarded", o.facts(map[string]any{"to": agent.Address}))
	t.Owner = agent.ID
	if moved {
		o.tellReporter(Item{Kind: KindResponding, State: Responding})
	}
	o.tellStaff(t, agent, o.textItem(Item{Kind: KindForwarded, State: Responding, Who: o.author()}))
	if had && former.ID != agent.ID && former.ID != o.sender.staff.ID {
		o.tellStaff(t, former, Item{Kind: KindHandedOn, State: Responding, Who: o.author(), Text: agent.Name})
	}
	o.did(c, a, args...)
	return nil
}

// agentFor finds who is meant: an address, a name before the @, or a team, of which the member with the fewest open tickets
// who is not away.
func (o *order) agentFor(target string) (Staff, *fault) {
	l := o.s.Language
	if strings.ContainsAny(target, ",;") {
		return Staff{}, &fault{"", answerOneAddress.say(l, "forward", quoted(target))}
	}
	if p, ok := o.staff.find(target); ok {
		if p.Has(Agent) || p.Has(Supervisor) {
			return p, nil
		}
		return Staff{}, o.noAgent(target)
	}
	team := plainWord(target)
	if slices.Contains(o.staff.teams(), team) {
		return o.freest(team)
	}
	var fits []Staff
	for _, p := range o.staff.with(Agent) {
		if local, _, _ := strings.Cut(p.Address, "@"); local == Key(target) || Key(p.Name) == Key(target) {
			fits = append(fits, p)
		}
	}
	switch len(fits) {
	case 0:
		return Staff{}, o.noAgent(target)
	case 1:
		return fits[0], nil
	}
	return Staff{}, &fault{"", answerManyAgents.say(l, quoted(target), addressList(fits))}
}

func (o *order) noAgent(target string) *fault {
	teams := strings.Join(o.staff.teams(), ", ")
	if teams == "" {
		teams = "–"
	}
	return &fault{"", answerNoAgent.say(o.s.Language, quoted(target), addressList(o.staff.with(Agent)), teams)}
}

func addressList(people []Staff) string {
	var out []string
	for _, p := range people {
		out = append(out, p.Address)
	}
	return strings.Join(out, ", ")
}

// freest is the team's member with the fewest open tickets.
func (o *order) freest(team string) (Staff, *fault) {
	var best Staff
	least := -1
	for _, p := range o.staff.with(Agent) {
		if p.Team != team || p.AwayUntil > o.now {
			continue
		}
		var open int
		o.do("count open tickets", func() error {
			return o.t.get(o.ctx, &open, `SELECT COUNT(*) FROM ticket WHERE owner = ? AND owner > 0 AND state IN ('responding', 'monitoring')`, p.ID)
		})
		if least < 0 || open < least {
			best, least = p, open
		}
	}
	if least < 0 {
		return best, &fault{"", answerAllAway.say(o.s.Language, team)}
	}
	return best, nil
}

// reachable says whether there is a reporter to whom mail can be sent.
func (f *filing) reachable() bool {
	return ValidAddress(f.ticket.Reporter) && !f.s.Mailbox.Own(f.ticket.Reporter)
}

// needsReporter refuses what would tell nobody.
func (o *order) needsReporter() *fault {
	if !o.reachable() {
		return &fault{"", answerNoReporter.say(o.s.Language)}
	}
	return nil
}

func (o *order) ask(c Command, line CommandLine) *fault {
	if x := o.needsReporter(); x != nil {
		return x
	}
	if x := o.noArguments(line); x != nil {
		return x
	}
	o.ticket.AskedAt, o.ticket.AskedMessage, o.ticket.AskedAgain = o.now, o.message, false
	o.purpose = "question"
	o.event("asked", o.facts(nil))
	o.tellReporter(o.textItem(Item{Kind: KindQuestion, State: o.ticket.State}))
	o.did(c, answerAsked)
	return nil
}

func (o *order) reply(c Command, line CommandLine) *fault {
	if x := o.needsReporter(); x != nil {
		return x
	}
	if x := o.noArguments(line); x != nil {
		return x
	}
	item := o.textItem(Item{Kind: KindMessage, State: o.ticket.State})
	item.Message, item.Files = o.message, true
	o.event("replied", o.facts(nil))
	o.tellReporter(item)
	o.tellParticipants(item)
	o.did(c, answerReplied)
	return nil
}

func (o *order) note(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	o.textPlaced = true
	o.keepInternal("noted", o.purpose)
	o.did(c, answerNoted)
	return nil
}

func (o *order) onsite(c Command, line CommandLine) *fault {
	at, allDay, place, x := o.whenArgument(c, line)
	if x != nil {
		return x
	}
	place = Shorten(CleanLine(place), 200)
	shown := FormatTime(at, o.s.Location, o.s.Language)
	if allDay {
		shown = FormatDate(at, o.s.Location, o.s.Language)
	}
	o.event("onsite", o.facts(map[string]any{"when": at.In(o.s.Location), "all_day": allDay, "place": place}))
	visit := Item{Kind: KindOnsite, State: o.ticket.State, When: micros(at), AllDay: allDay, Place: place}
	o.tellReporter(o.textItem(visit))
	if place != "" {
		shown += ", " + place
	}
	o.did(c, answerOnsite, shown)
	return nil
}

func (o *order) recommend(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	o.purpose = "recommendation"
	o.event("recommended", o.facts(nil))
	o.tellReporter(o.textItem(Item{Kind: KindRecommended, State: o.ticket.State}))
	o.did(c, answerRecommend)
	return nil
}

func (o *order) monitor(c Command, line CommandLine) *fault {
	until := Item{Kind: KindMonitoring, State: Monitoring}
	shown := ""
	if len(line.Args) > 0 {
		at, allDay, rest, x := o.whenArgument(c, line)
		if x != nil {
			return x
		}
		if rest != "" {
			return &fault{"", answerTooMuch.say(o.s.Language, line.Name, quoted(rest))}
		}
		if shown = FormatTime(at, o.s.Location, o.s.Language); allDay {
			shown, at = FormatDate(at, o.s.Location, o.s.Language), at.Add(workdayStarts)
		}
		until.When, until.AllDay = micros(at), allDay
	}
	o.moveTo(Monitoring, "monitoring", o.facts(map[string]any{"until": shown}))
	o.ticket.MonitorUntil = until.When
	o.ownerToo(until)
	o.tellReporter(o.textItem(until))
	if shown == "" {
		o.did(c, answerMonitor)
	} else {
		o.did(c, answerMonitorTo, shown)
	}
	return nil
}

func (o *order) close(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	if o.purpose != "recommendation" {
		var earlier int
		o.do("look for a recommendation", func() error {
			return o.t.get(o.ctx, &earlier, `SELECT COUNT(*) FROM message WHERE ticket = ? AND purpose = 'recommendation'`, o.ticket.ID)
		})
		if earlier == 0 {
			return &fault{"", answerNoRecommend.say(o.s.Language, line.Name)}
		}
		if o.a.Body != "" && o.purpose == "" {
			o.purpose = "summary"
		}
	}
	clocks := o.ticket.clocks()
	o.moveTo(Closed, "closed", o.facts(nil))
	o.ownerToo(Item{Kind: KindClosed, State: Closed})
	o.tellReporter(o.textItem(Item{Kind: KindClosed, State: Closed}))
	o.did(c, answerClosed)
	for _, clock := range clocks {
		if clock.statutory() {
			o.done = append(o.done, answerUnreported.say(o.s.Language, FormatTime(fromMicros(clock.Due), o.s.Location, o.s.Language)))
		}
	}
	return nil
}

func (o *order) reject(c Command, line CommandLine) *fault {
	item := Item{Kind: KindRejected, State: Rejected, Text: joined(line.Args)}
	if o.a.Body != "" {
		item = o.textItem(item)
	}
	o.moveTo(Rejected, "rejected", o.facts(map[string]any{"reason": item.Text}))
	o.ownerToo(Item{Kind: KindRejected, State: Rejected, Text: item.Text})
	o.tellReporter(item)
	o.did(c, answerRejected)
	return nil
}

func (o *order) duplicate(c Command, line CommandLine) *fault {
	arg, x := o.oneArgument(c, line, Words{"nomor tiket", "a ticket's number"})
	if x != nil {
		return x
	}
	n := o.s.numbers.Find(arg)
	if n == "" {
		return &fault{"", answerNoSuchTicket.say(o.s.Language, quoted(arg))}
	}
	target, err := o.t.ticketByNumber(o.ctx, n)
	if err != nil && !errors.Is(err, ErrNotFound) {
		o.do("look for the other ticket", func() error { return err })
		return nil
	}
	if err != nil {
		return &fault{"", answerNoSuchTicket.say(o.s.Language, quoted(arg))}
	}
	t := o.ticket
	t.DuplicateOf = target.ID
	if target.ID == t.ID || o.endsAt(target) == t.ID {
		return &fault{"", answerSameTicket.say(o.s.Language)}
	}
	o.moveTo(Duplicate, "duplicate", o.facts(map[string]any{"of": string(n)}))
	o.ownerToo(Item{Kind: KindDuplicate, State: Duplicate, Number: n})
	o.tellReporter(Item{Kind: KindDuplicate, State: Duplicate, Number: n})
	if owner, ok := o.staff.byID(target.Owner); ok && owner.ID != o.sender.staff.ID {
		o.tellStaff(target, owner, Item{Kind: KindDuplicate, State: target.State, Number: Number(t.Number), Who: o.author()})
	}
	o.did(c, answerDuplicate, n)
	return nil
}

// endsAt is the ticket at the end of a chain of duplicates.
func (o *order) endsAt(t *ticketRow) int64 {
	here := o.ticket
	defer func() { o.ticket = here }()
	o.ticket = t
	return o.caseOf().ID
}

func (o *order) reopenIt(c Command, line CommandLine) *fault {
	if x := o.noArguments(line); x != nil {
		return x
	}
	o.reopen("reopened")
	o.did(c, answerReopened)
	return nil
}
