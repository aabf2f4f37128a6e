package mailout

import (
	"encoding/json"
	"strings"
	"time"

	"aduan/tickets"
)

// wholeCase are the kinds that show staff the facts of the ticket, not what happened alone.
var wholeCase = []tickets.Kind{
	tickets.KindNewReport, tickets.KindForwarded, tickets.KindStatus, tickets.KindHandedBack, tickets.KindReopened, tickets.KindReminder, tickets.KindHistory, tickets.KindDeadline, tickets.KindStatutory,
}

// addCase adds what staff see of a ticket: its facts, at forwarding its whole history, and lists of tickets.
func (c *composition) addCase(v *view) {
	if c.n.Ticket.Number != "" && c.has(wholeCase...) {
		v.Facts = c.caseFacts()
	}
	for _, t := range c.n.Table {
		v.Table = append(v.Table, c.row(t))
	}
	for _, e := range c.n.Timeline {
		if e.Kind != string(tickets.Sent) { // that the gateway's own mails went out is no news to people
			v.Timeline = append(v.Timeline, c.moment(e))
		}
	}
	for _, m := range c.n.Case {
		v.Messages = append(v.Messages, c.caseMessage(m))
	}
}

func (c *composition) caseFacts() []fact {
	t := c.n.Ticket
	var f facts
	f.add(c.label("subject"), c.line(t.Subject))
	reporter := c.person(t.Reporter)
	if t.Outside {
		reporter += " (" + c.label("outside") + ")"
	}
	f.add(c.label("reporter"), reporter)
	f.add(c.label("owner"), c.owner(t))
	if i := t.Type.Incident(); i.Type != "" {
		f.add(c.label("type"), i.Label+" ("+i.Class+" / "+i.RSIT+")")
	}
	f.add(c.label("severity"), t.Severity.Label(c.lang))
	if t.Reported != t.Severity {
		f.add(c.label("severity_reported"), t.Reported.Label(c.lang))
	}
	if t.IIV {
		f.add(c.label("iiv"), c.label("yes"))
	}
	f.add(c.label("found"), c.moments(t.FoundAt))
	f.add(c.label("opened"), c.opened())
	f.add(c.label("due"), c.moments(t.DueAt))
	f.add(c.label("until"), c.moments(t.MonitorUntil))
	f.add(c.label("escalated"), c.moments(t.EscalatedAt))
	f.add(c.label("foreign"), c.line(strings.Join(t.Foreign, ", ")))
	f.add(c.label("participants"), c.line(strings.Join(t.Participants, ", ")))
	if t.Continues != "" {
		f.add(c.label("number"), string(t.Continues))
	} else {
		f.add(c.label("number"), string(t.DuplicateOf))
	}
	return f
}

// publicFacts are a ticket's facts as its reporter and participants may see them.
func (c *composition) publicFacts() []fact {
	t := c.n.Ticket
	var f facts
	f.add(c.label("opened"), c.opened())
	f.add(c.label("type"), t.Type.Incident().Label)
	f.add(c.label("severity"), t.Severity.Label(c.lang))
	if t.Owner != "" {
		f.add(c.label("owner"), c.label("team"))
	}
	f.add(c.label("until"), c.moments(t.MonitorUntil))
	f.add(c.label("number"), string(t.DuplicateOf))
	return f
}

func (c *composition) opened() string {
	if c.n.Ticket.OpenedAt.IsZero() {
		return ""
	}
	return c.at(c.n.Ticket.OpenedAt)
}

func (c *composition) moments(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return c.at(*t)
}

func (c *composition) owner(t tickets.Ticket) string {
	if t.Owner == "" {
		return c.label("nobody")
	}
	return c.person(tickets.Address{Name: t.OwnerName, Address: t.Owner})
}

func (c *composition) row(t tickets.Ticket) row {
	return row{
		Number: string(t.Number), State: t.State.Label(c.lang), Severity: t.Severity.Label(c.lang), Subject: c.line(t.Subject),
		Owner: c.owner(t), Due: c.moments(t.DueAt),
	}
}

func (c *composition) moment(e tickets.Event) moment {
	m := moment{At: c.at(e.At), What: c.labels.Get("event", e.Kind), Who: c.line(e.Actor)}
	if m.What == "" {
		m.What = c.line(e.Kind)
	}
	if d := c.detail(e.Data); d != "" {
		m.What += ": " + d
	}
	if e.Actor == "gateway" {
		m.Who = c.label("gateway")
	}
	if e.From != e.To && e.From != "" && e.To != "" {
		m.Change = e.From.Label(c.lang) + " → " + e.To.Label(c.lang)
	}
	return m
}

// detail picks from an event's data what people want to read beside it: to whom, until when, why.
func (c *composition) detail(data json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return ""
	}
	var told []string
	for _, key := range []string{"to", "of", "until", "place", "reason", "words"} {
		if s, ok := fields[key].(string); ok && s != "" {
			told = append(told, c.line(s))
		}
	}
	return strings.Join(told, ", ")
}

// caseMessage is a message of the whole case. The words of the gateway's own mails are left out: the timeline tells them.
func (c *composition) caseMessage(m tickets.Message) passage {
	title := c.at(m.At) + ", " + c.person(tickets.Address{Name: m.FromName, Address: m.From})
	if mark := c.labels.Get("visibility", string(m.Visibility)); mark != "" {
		title += " [" + mark + "]"
	}
	text := m.Text
	if text == "" {
		text = m.NewText
	}
	return passage{title, c.block(text)}
}

// addRecommendations repeats the recommendations where the case ends or is summed up.
func (c *composition) addRecommendations(v *view) {
	if !c.has(tickets.KindClosed, tickets.KindStatus, tickets.KindForwarded, tickets.KindHistory) {
		return
	}
	for _, text := range c.n.Ticket.Recommendations {
		text = c.block(text)
		if text != "" && !c.shown(v, text) {
			v.Recommendations = append(v.Recommendations, text)
		}
	}
}

// shown says whether a passage of the same mail says the text already ("/recommend" and "/close" in one mail).
func (c *composition) shown(v *view, text string) bool {
	for _, s := range v.Sections {
		for _, p := range s.Passages {
			if p.Text == text {
				return true
			}
		}
	}
	return false
}

// addFiles names the attachments: those that go along, those that do not and why, and to a proven reporter those received.
func (c *composition) addFiles(v *view) {
	v.FilesTitle = c.label("evidence")
	for i := range c.files {
		e := &c.files[i]
		f := file{Name: c.fileName(e.Filename), Size: size(e.Size, c.lang), SHA256: shownHash(e.SHA256), Note: c.label("attached")}
		if c.staff && c.n.Ticket.Number != "" {
			f.Number = e.Number
		}
		if e.password != "" {
			f.Note = c.labels.Get("why", "sealed")
		}
		if e.withheld != "" {
			f.Note = c.labels.Get("why", e.withheld)
			v.Withheld = c.labels.Get("why", "get_reporter")
			if c.staff {
				v.Withheld = c.labels.Get("why", "get_staff")
			}
		}
		if e.preview != nil {
			f.Preview, f.Width = previewURL(e.previewID), e.width
		}
		v.Files = append(v.Files, f)
	}
	if len(v.Files) > 0 || c.blanked || c.staff || !c.has(tickets.KindAcknowledged) {
		return
	}
	v.FilesTitle = c.label("received")
	for _, it := range c.n.Items {
		for _, a := range c.n.Texts[it.Message].Attachments {
			v.Files = append(v.Files, file{Name: c.fileName(a.Filename), Size: size(a.Size, c.lang), SHA256: shownHash(a.SHA256)})
		}
	}
}
