package mailout

import (
	"bytes"
	"fmt"
	"strings"

	"aduan/tickets"
)

// said is what the words of one item may speak of. For people outside Who and Owner are empty: a template of the user's own
// cannot name anybody either.
type said struct {
	Number, Team, Address      string
	State, Type, Severity      string // labels
	Who, Name, Owner           string // Who with the address, Name without where there is a name
	When, Place, Other, Detail string // Detail, for staff, is the item's own words
	Count                      int    // tickets of a list
	Participant, Back          bool
	Here                       bool // the state that the kind tells of is this ticket's own
	Recommendations            bool
	Clock                      string // of a reminder: what is due at When
	Share                      int    // and how much of its time is gone, in percent
	Documents                  int    // how many forms of the case file go along
	Sealed                     bool   // a piece of evidence goes in a zip with a password
}

// addSections words all items. The headline is that of the notice's own kind, whose section comes first; the others follow in
// their order, each under its own.
func (c *composition) addSections(v *view) error {
	first := 0
	for i, it := range c.n.Items {
		if it.Kind == c.n.Kind {
			first = i
			break
		}
	}
	for i, it := range c.n.Items {
		s, err := c.section(it)
		if err != nil {
			return err
		}
		if i == first {
			v.Headline, s.Heading = s.Heading, ""
			v.Sections = append([]section{s}, v.Sections...)
			continue
		}
		v.Sections = append(v.Sections, s)
	}
	if v.Headline == "" {
		return fmt.Errorf("a notice of kind %q without items", c.n.Kind)
	}
	return nil
}

func (c *composition) section(it tickets.Item) (section, error) {
	heading, paragraphs, err := c.say(it)
	if err != nil {
		return section{}, err
	}
	s := section{Heading: heading, Paragraphs: paragraphs, Facts: c.itemFacts(it), Bad: it.Kind == tickets.KindRefused}
	if it.Kind != tickets.KindList && it.Kind != tickets.KindBadMail && !c.blanked {
		for _, l := range it.Lines {
			s.Lines = append(s.Lines, c.line(l))
		}
	}
	if p, ok := c.messagePassage(it); ok {
		s.Passages = append(s.Passages, p)
	}
	if p, ok := c.textPassage(it); ok {
		s.Passages = append(s.Passages, p)
	}
	if back := c.block(it.Back); back != "" && !c.blanked {
		s.Passages = append(s.Passages, passage{c.label("back"), back})
	}
	return s, nil
}

// say carries out the words of a kind. The first paragraph is the headline.
func (c *composition) say(it tickets.Item) (headline string, paragraphs []string, err error) {
	t := c.words.Lookup(string(it.Kind))
	if t == nil {
		return "", nil, fmt.Errorf("no words for kind %q to %s in language %s", it.Kind, c.n.Audience, c.lang)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c.facts(it)); err != nil {
		return "", nil, err
	}
	for _, p := range strings.Split(b.String(), "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	if len(paragraphs) == 0 {
		return "", nil, fmt.Errorf("empty words for kind %q in language %s", it.Kind, c.lang)
	}
	return paragraphs[0], paragraphs[1:], nil
}

// reached is the state that a kind tells where the item does not say.
var reached = map[tickets.Kind]tickets.State{
	tickets.KindAcknowledged: tickets.Open, tickets.KindContinued: tickets.Open, tickets.KindNewReport: tickets.Open,
	tickets.KindVerified: tickets.Verified, tickets.KindHandedBack: tickets.Verified,
	tickets.KindResponding: tickets.Responding, tickets.KindForwarded: tickets.Responding,
	tickets.KindMonitoring: tickets.Monitoring, tickets.KindClosed: tickets.Closed,
	tickets.KindRejected: tickets.Rejected, tickets.KindDuplicate: tickets.Duplicate,
}

func (c *composition) facts(it tickets.Item) said {
	t := c.n.Ticket
	state := it.State
	if state == "" {
		state = reached[it.Kind]
	}
	if state == "" {
		state = t.State
	}
	s := said{
		Number: string(t.Number), Team: oneLine(c.r.settings.TeamName, maxName), Address: c.r.settings.Address,
		State: state.Label(c.lang), Severity: t.Severity.Label(c.lang), Type: t.Type.Incident().Label,
		When: c.time(it.When, it.AllDay), Place: c.line(it.Place), Other: string(it.Number), Count: len(c.n.Table),
		Participant: c.n.Audience == tickets.ToParticipant, Back: it.Back != "" && !c.blanked, Recommendations: len(t.Recommendations) > 0,
		Here: it.State == "" || it.State == reached[it.Kind], Sealed: it.Password != "", Documents: len(c.documents),
	}
	if c.staff {
		s.Clock, s.Share = c.labels.Get("clock", it.Clock), it.Share
		s.Who, s.Name, s.Detail = c.person(it.Who), c.name(it.Who), c.line(it.Text)
		s.Owner = c.name(tickets.Address{Name: t.OwnerName, Address: t.Owner})
		if c.n.Figures != nil && it.Kind == tickets.KindFigures {
			s.Detail = c.n.Figures.Month.Label(c.lang)
		}
	}
	return s
}

// silent are the kinds that do not repeat the message that caused them: to the reporter because it is theirs.
var silent = map[tickets.Kind]bool{
	tickets.KindAcknowledged: true, tickets.KindContinued: true, tickets.KindVerified: true, tickets.KindResponding: true,
	tickets.KindDone: true, tickets.KindRefused: true, tickets.KindStatus: true, tickets.KindHelp: true, tickets.KindFollowed: true,
	tickets.KindSolved: true, tickets.KindUnsolved: true, tickets.KindInvited: true,
}

// messagePassage is the text of the message that an item passes on.
func (c *composition) messagePassage(it tickets.Item) (passage, bool) {
	m, ok := c.n.Texts[it.Message]
	if !ok || !c.staff && silent[it.Kind] || it.Evidence > 0 {
		return passage{}, false
	}
	text := c.block(c.passedOn(it.Kind, m))
	if text == "" {
		return passage{}, false
	}
	return passage{c.passageTitle(it), text}, true
}

// passedOn chooses how much of a message is shown. People outside get what was written for them and nothing below it: what a
// staff member's mail quotes is internal. Staff read a report whole, because nothing came before it, and of later mails what
// is new.
func (c *composition) passedOn(k tickets.Kind, m tickets.Message) string {
	if !c.staff {
		return m.Body
	}
	if k == tickets.KindNewReport && m.Text != "" {
		return m.Text
	}
	for _, text := range []string{m.Body, m.NewText} {
		if strings.TrimSpace(text) != "" {
			return text
		}
	}
	if m.Direction == "out" || findStaff(c.people, m.From).Address != "" {
		return "" // commands alone
	}
	return m.Text
}

func (c *composition) passageTitle(it tickets.Item) string {
	title := c.labels.Get("quote", string(it.Kind))
	if !c.staff {
		if title == "" || it.Kind == tickets.KindMessage {
			title = c.labels.Get("quote", "message_team")
		}
		return title
	}
	if title == "" {
		title = c.labels.Get("quote", "message")
	}
	if who := c.person(it.Who); who != "" {
		title += " - " + who
	}
	if m := c.n.Texts[it.Message]; !m.At.IsZero() {
		title += ", " + c.at(m.At)
	}
	return title
}

// textPassage is words that are no message's: a reason, a server's answer.
func (c *composition) textPassage(it tickets.Item) (passage, bool) {
	text := c.block(it.Text)
	switch it.Kind {
	case tickets.KindNational, tickets.KindNationalDraft:
		return passage{c.labels.Get("quote", "national"), text}, text != ""
	case tickets.KindRefused, tickets.KindBacklog, tickets.KindList, tickets.KindHandedOn, tickets.KindDigest, tickets.KindFigures:
		return passage{}, false // told elsewhere
	}
	if text == "" {
		return passage{}, false
	}
	title := c.labels.Get("quote", string(it.Kind))
	if title == "" {
		title = c.labels.Get("quote", "monitoring")
	}
	return passage{title, text}, true
}

// itemFacts are the facts of one item, below its words.
func (c *composition) itemFacts(it tickets.Item) []fact {
	var f facts
	switch it.Kind {
	case tickets.KindOnsite:
		f.add(c.label("when"), c.time(it.When, it.AllDay))
		f.add(c.label("place"), c.line(it.Place))
	case tickets.KindMonitoring:
		f.add(c.label("until"), c.time(it.When, it.AllDay))
	case tickets.KindVerified:
		f.add(c.label("type"), c.n.Ticket.Type.Incident().Label)
		f.add(c.label("severity"), c.n.Ticket.Severity.Label(c.lang))
	case tickets.KindRefused:
		f.add(c.label("line"), c.line(it.Text))
	case tickets.KindBadMail:
		for i, key := range []string{"mailbox", "hash"} {
			if i < len(it.Lines) {
				f.add(c.label(key), c.line(it.Lines[i]))
			}
		}
	case tickets.KindBounced, tickets.KindUndelivered:
		f.add(c.label("recipient"), c.person(it.Who))
	case tickets.KindConfirm:
		f.add(c.label("from"), c.person(it.Who))
		f.add(c.label("host"), c.line(it.Place))
		f.add(c.label("came"), c.time(it.When, false))
		f.add(c.label("proof"), c.proof(it, tickets.Message{Proof: "none"}))
	case tickets.KindPassword:
		a, _ := asked(it, c.n.Texts[it.Message])
		f.add(c.label("file"), c.zipName(it.Evidence)+" ("+c.fileName(a.Filename)+")")
		f.add(c.label("password"), string(it.Password))
	}
	if !c.staff {
		return f
	}
	switch it.Kind {
	case tickets.KindNewReport, tickets.KindMessage, tickets.KindUnproven, tickets.KindUnverified, tickets.KindSolved, tickets.KindUnsolved, tickets.KindAway,
		tickets.KindNationalAnswer:
		c.addSender(&f, it)
	}
	if it.Number != "" && it.Kind == tickets.KindNewReport {
		f.add(c.label("number"), string(it.Number))
	}
	return f
}

// addSender tells staff who wrote and how far that is proven.
func (c *composition) addSender(f *facts, it tickets.Item) {
	m := c.n.Texts[it.Message]
	who := c.person(it.Who)
	if it.Kind == tickets.KindNewReport && c.n.Ticket.Outside && who != "" {
		who += " (" + c.label("outside") + ")"
	}
	f.add(c.label("from"), who)
	if who != "" {
		f.add(c.label("proof"), c.proof(it, m))
	}
	problems := make([]string, 0, len(m.Problems))
	for _, p := range m.Problems {
		problems = append(problems, c.line(p))
	}
	f.add(c.label("problems"), strings.Join(problems, "; "))
}

// proof tells how far the sender is proven: the kind of proof in the recipient's language, and how it is known.
func (c *composition) proof(it tickets.Item, m tickets.Message) string {
	said := c.labels.Get("proof", m.Proof)
	detail := c.line(it.Proof)
	if detail == "" {
		detail = c.line(m.ProofDetail)
	}
	if known := c.labels.Get("proof", detail); known != "" {
		said, detail = known, ""
	}
	switch {
	case said == "":
		return detail
	case detail == "" || m.Proof == "reply-address":
		return said
	}
	return said + " (" + detail + ")"
}

// facts is a list of facts that takes no empty ones.
type facts []fact

func (f *facts) add(label, value string) {
	if value != "" {
		*f = append(*f, fact{label, value})
	}
}
