package mailout

import (
	"html/template"
	"slices"
	"strings"

	"aduan/tickets"
)

// button is a command that the recipient may give next: a link that opens an answer with the command filled in, and the same
// to be written by hand.
type button struct {
	Label   string
	Do      string // what to do by hand; "" where the button before it says so already
	Command string // as people are to write it, with … where something is to be filled in
	Link    template.HTMLAttr
	Main    bool
}

// buttons are the commands that fit what the notice tells and where the ticket stands.
func (c *composition) buttons() []button {
	b := buttons{c: c}
	switch {
	case c.has(tickets.KindConfirm):
		b.forConfirmation("confirm", "cancel")
	case c.has(tickets.KindNationalDraft):
		b.forConfirmation("send", "drop")
	case c.n.Ticket.Number == "":
		b.forOffers()
	case !c.staff:
		b.forOutside()
	case c.has(tickets.KindUnproven, tickets.KindUnverified):
		b.forStranger()
	case c.has(tickets.KindRefused, tickets.KindHandedOn, tickets.KindBadMail, tickets.KindBacklog, tickets.KindHelp, tickets.KindBounced, tickets.KindUndelivered, tickets.KindWarning,
		tickets.KindEvidence, tickets.KindPassword):
	default:
		b.forState()
	}
	if len(b.list) > 0 {
		b.list[0].Main = true
	}
	return b.list
}

// buttons collects them.
type buttons struct {
	c    *composition
	list []button
}

// add offers a command of the table. what is the label and the hint (labels [button] and [do]); shown is what to write by hand,
// sent what the link fills in: it can be sent as it is wherever the command needs nothing more.
func (b *buttons) add(what, shown, sent string) {
	c := b.c
	b.list = append(b.list, button{
		Label: c.labels.Get("button", what), Do: c.labels.Get("do", what), Command: shown,
		Link: mailto(c.replyTo(), c.answerSubject(), sent),
	})
}

// command is a command's word in the recipient's language, with its slash; "" for one that is not in the table.
func (c *composition) command(name string) string {
	cmd, ok := tickets.FindCommand(name)
	if !ok {
		return ""
	}
	return "/" + tickets.Words{ID: cmd.Alias, EN: cmd.Name}.In(c.lang)
}

// plain offers a command whose arguments are none, or are to be typed.
func (b *buttons) plain(what, name, hint string) {
	if word := b.c.command(name); word != "" {
		b.add(what, strings.TrimSpace(word+" "+hint), word)
	}
}

// forConfirmation offers the two answers, where the reply address proves them: a link opens no answer to a mail.
func (b *buttons) forConfirmation(yes, no string) {
	if tickets.Key(b.c.replyTo()) == tickets.Key(b.c.r.settings.Address) {
		return
	}
	for _, answer := range []struct {
		what string
		word tickets.Words
	}{{yes, tickets.Words{ID: "ya", EN: "yes"}}, {no, tickets.Words{ID: "tidak", EN: "no"}}} {
		b.add(answer.what, answer.word.In(b.c.lang), answer.word.In(b.c.lang))
	}
}

func (b *buttons) forOutside() {
	if b.c.n.Audience == tickets.ToReporter && (b.c.state == tickets.Closed || b.c.state == tickets.Monitoring) && !b.c.has(tickets.KindSolved) {
		b.plain("solved", "solved", "")
		b.plain("unsolved", "unsolved", "")
	}
}

// forStranger offers to take the sender of a mail into the ticket.
func (b *buttons) forStranger() {
	for _, it := range b.c.n.Items {
		a := tickets.Key(it.Who.Address)
		if !plainAddress(a) || it.Kind != tickets.KindUnverified && it.Kind != tickets.KindUnproven {
			continue
		}
		for _, name := range []string{"cc", "reporter"} {
			if word := b.c.command(name); word != "" {
				b.add(name, word+" "+a, word+" "+a)
			}
		}
	}
}

// plainAddress says whether an address from outside may stand as a command's argument: one word, nothing that could end the
// line or be read as something else.
func plainAddress(a string) bool {
	local, domain, ok := strings.Cut(a, "@")
	if !ok || local == "" || domain == "" || len(a) > 254 {
		return false
	}
	for _, r := range a {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+-/=?^_`{|}~@", r) {
			return false
		}
	}
	return !strings.Contains(domain, "@")
}

// forState offers staff what the procedure has next. Owners and Front Desk are offered what is theirs; supervisors both.
func (b *buttons) forState() {
	c := b.c
	supervisor := c.me.Has(tickets.Supervisor)
	desk := c.me.Has(tickets.FrontDesk) || supervisor || c.me.Address == ""
	owner := c.owns() || supervisor
	if c.has(tickets.KindNote) {
		b.plain("reply", "reply", "")
	}
	if c.has(tickets.KindStatutory) && owner && (c.state == tickets.Responding || c.state == tickets.Monitoring) {
		b.plain("escalate", "escalate", "")
	}
	defer func() {
		if c.has(tickets.KindMessage) {
			b.plain("note", "note", "") // last: a plain answer to these words is what comes first
		}
	}()
	switch c.state {
	case tickets.Open:
		if desk {
			b.verify()
			b.forward(true)
			b.plain("ask", "ask", "")
			b.plain("reject", "reject", "…")
		}
	case tickets.Verified:
		if desk {
			b.forward(false)
		}
		if c.me.Has(tickets.Agent) {
			b.plain("take", "take", "")
		}
		if desk {
			b.plain("ask", "ask", "")
			b.plain("reject", "reject", "…")
		}
	case tickets.Responding:
		if desk && c.has(tickets.KindAway) {
			b.forward(false)
		}
		if owner {
			b.plain("ask", "ask", "")
			b.plain("onsite", "onsite", "…")
			b.plain("recommend", "recommend", "")
			b.plain("monitor", "monitor", "[…]")
			b.plain("close", "close", "")
			b.handBack()
		}
	case tickets.Monitoring:
		if desk && c.has(tickets.KindAway) {
			b.forward(false)
		}
		if owner {
			b.plain("close", "close", "")
			b.plain("recommend", "recommend", "")
			b.plain("reopen", "reopen", "")
			b.handBack()
		}
	default:
		b.plain("reopen", "reopen", "")
	}
}

// owns says whether the recipient is the ticket's owner, under any of their addresses.
func (c *composition) owns() bool {
	owner := tickets.Key(c.n.Ticket.Owner)
	if owner == "" {
		return false
	}
	return owner == tickets.Key(c.n.To.Address) || c.me.Address != "" && tickets.Key(findStaff(c.people, owner).Address) == tickets.Key(c.me.Address)
}

func (b *buttons) handBack() {
	if word := b.c.command("forward"); word != "" {
		b.add("handback", word+" front-desk", word+" front-desk")
	}
}

// verifyLine is a verification that can be sent as it is: with what is known, "other" where the type is not.
func (c *composition) verifyLine() string {
	kind := tickets.Words{ID: "lain-lain", EN: "other"}.In(c.lang)
	if c.n.Ticket.Type != "" {
		kind = string(c.n.Ticket.Type)
	}
	line := c.command("verify") + " " + c.key("type") + "=" + kind
	severity := c.n.Ticket.Severity
	if severity == "" {
		severity = c.n.Ticket.Reported
	}
	if severity != "" {
		line += " " + c.key("severity") + "=" + strings.ReplaceAll(strings.ToLower(severity.Label(c.lang)), " ", "-")
	}
	return line
}

// key is a field's name in the recipient's language.
func (c *composition) key(name string) string {
	for _, k := range tickets.FieldKeys {
		if k.Name == name {
			return tickets.Words{ID: k.Alias, EN: k.Name}.In(c.lang)
		}
	}
	return name
}

func (b *buttons) verify() {
	c := b.c
	b.add("verify", c.command("verify")+" "+c.key("type")+"=… "+c.key("severity")+"=…", c.verifyLine())
}

// target is somebody, or a team, to whom a case can be passed.
type target struct{ name, to string }

// targets are every agent that is there, then the teams.
func (b *buttons) targets() []target {
	c := b.c
	now := c.date().UnixMicro()
	var all []target
	var teams []string
	for _, s := range c.people {
		if !s.Has(tickets.Agent) || s.AwayUntil > now || tickets.Key(s.Address) == tickets.Key(c.n.Ticket.Owner) {
			continue
		}
		name := oneLine(s.Name, 40)
		if name == "" {
			name = s.Address
		}
		all = append(all, target{name, tickets.Key(s.Address)})
		if team := oneLine(s.Team, 60); team != "" && !slices.Contains(teams, team) && !strings.Contains(team, " ") {
			teams = append(teams, team)
		}
	}
	slices.SortStableFunc(all, func(a, b target) int { return strings.Compare(a.name, b.name) })
	slices.Sort(teams)
	for _, team := range teams {
		all = append(all, target{team, team})
	}
	return all
}

// offersAtMost bounds the cases of somebody away that get buttons; the others are named.
const offersAtMost = 12

// forOffers offers to pass on each case of somebody who is away. An answer about one goes to that case's own address.
func (b *buttons) forOffers() {
	c := b.c
	for _, offer := range c.n.Offers[:min(len(c.n.Offers), offersAtMost)] {
		to, number := oneLine(offer.ReplyTo, 320), string(offer.Number)
		if to == "" {
			to = c.r.settings.Address
		}
		words := strings.NewReplacer("%n", number, "%a", to)
		do := words.Replace(c.labels.Get("do", "offer"))
		for _, t := range b.targets() {
			line := c.command("forward") + " " + t.to
			b.list = append(b.list, button{Label: strings.NewReplacer("%n", number, "%s", t.name).Replace(c.labels.Get("button", "offer")), Do: do, Command: line,
				Link: mailto(to, "Re: ["+number+"]", line)})
			do = ""
		}
	}
}

// forward offers everybody to whom the case can be passed. An open ticket is verified by the same answer, because it cannot be
// forwarded before.
func (b *buttons) forward(open bool) {
	c := b.c
	first := true
	offer := func(name, to string) {
		line := c.command("forward") + " " + to
		sent := line
		if open {
			sent = c.verifyLine() + "\n" + line
		}
		b.add("forward", line, sent)
		last := &b.list[len(b.list)-1]
		last.Label = strings.Replace(last.Label, "%s", name, 1)
		if open {
			last.Do = c.labels.Get("do", "forward_open")
		}
		if !first {
			last.Do = ""
		}
		first = false
	}
	for _, t := range b.targets() {
		offer(t.name, t.to)
	}
}

// answerSubject is what a mail program would put over an answer.
func (c *composition) answerSubject() string {
	s := c.subject("")
	if !strings.HasPrefix(s, "Re: ") {
		s = "Re: " + s
	}
	return s
}

// mailto is a link that opens an answer (RFC 6068). It is written out here because everything in it is percent-encoded but
// the address's own characters, and template engines would encode the plus of a reply address once more.
func mailto(to, subject, command string) template.HTMLAttr {
	body := strings.ReplaceAll(command, "\n", "\r\n") + "\r\n"
	return template.HTMLAttr(`href="mailto:` + percent(to, "@+") + "?subject=" + percent(subject, "") + "&amp;body=" + percent(body, "") + `"`)
}

// percent encodes every byte that is not unreserved (RFC 3986 section 2.3) and not in also.
func percent(s, also string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 || strings.IndexByte(also, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
