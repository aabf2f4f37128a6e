package mailout

import (
	"fmt"
	"html/template"
	"strings"
	texttemplate "text/template"
	"time"

	"aduan/templates"
	"aduan/tickets"
)

// view is what the layouts show. Its strings are clean, and for anybody outside staff free of what is internal.
type view struct {
	Lang, Team      string
	Colour, Ink     template.CSS
	L               map[string]string // the language's labels
	Room            room
	TLP             string
	TLPInk          template.CSS
	Headline        string
	Number          string // "" for a mail about no ticket
	State, Step     string
	Next            string
	Progress        []step
	Salutation      string
	Greeting        string
	Sections        []section
	Facts           []fact // the case's, for staff and for a summary
	Recommendations []string
	Table           []row
	Figures         *figuresView // a month's
	Timeline        []moment
	Messages        []passage
	Files           []file
	FilesTitle      string
	Withheld        string
	Buttons         []button
	Commands        []usage
	Valediction     string
	Regards         string
	Foot            []string
}

// room tells staff where a plain answer goes. Line is "" for everybody else.
type room struct {
	Line   string
	Public bool
}

// step is one stage of the procedure in the progress line.
type step struct {
	Label     string
	Done, Now bool
}

// section is what one item tells.
type section struct {
	Heading    string
	Paragraphs []string
	Facts      []fact
	Lines      []string
	Bad        bool // Lines say what is wrong
	Passages   []passage
}

type fact struct{ Label, Value string }

// passage is text that a person wrote.
type passage struct{ Title, Text string }

// row is one ticket of a list.
type row struct{ Number, State, Severity, Subject, Owner, Due string }

// moment is one line of the timeline.
type moment struct{ At, What, Change, Who string }

// file is one attachment as it is named in the body.
type file struct {
	Number                   int // what /evidence takes; 0 where there is none, and for people outside
	Name, Size, SHA256, Note string
	Preview                  template.URL
	Width                    int
}

// usage is one command of the help.
type usage struct{ Usage, Says, Example string }

// composition is one notice on its way to becoming a mail.
type composition struct {
	r         *Renderer
	n         tickets.Notice
	lang      tickets.Language
	labels    templates.Labels
	words     *texttemplate.Template
	staff     bool            // the recipient is staff
	people    []tickets.Staff // the team
	me        tickets.Staff   // the recipient's staff entry; zero where there is none
	redact    redactor
	state     tickets.State // that the mail speaks of
	files     []enclosure
	documents []document // the case file
	pictures  []picture  // that the HTML shows beside the previews of files
	room      int        // bytes that passed-on texts may still take
	blanked   bool       // nothing of the recipient's own words may be said
}

func (r *Renderer) compose(n tickets.Notice, people []tickets.Staff) *composition {
	c := &composition{r: r, n: n, lang: n.Language, people: people, room: maxTexts, staff: n.Audience == tickets.ToStaff}
	if c.lang != tickets.Indonesian && c.lang != tickets.English {
		c.lang = r.settings.Language
	}
	set := r.set.Words[string(c.lang)]
	c.labels, c.words = set.Labels, set.Reporter
	if c.staff {
		c.words = set.Staff
		c.me = findStaff(people, n.To.Address)
	} else {
		c.redact = newRedactor(people, r.settings.Address, n.To.Address)
		c.blanked = !n.Proven
	}
	c.state = n.Ticket.State
	for _, it := range n.Items {
		if it.State != "" && it.Kind != tickets.KindFollowed {
			c.state = it.State
		}
	}
	c.files = enclosures(n, r.settings.MailSize)
	return c
}

func findStaff(people []tickets.Staff, address string) tickets.Staff {
	key := tickets.Key(address)
	for _, s := range people {
		for _, a := range append([]string{s.Address}, s.Aliases...) {
			if tickets.Key(a) == key {
				return s
			}
		}
	}
	return tickets.Staff{}
}

func (c *composition) label(key string) string { return c.labels.Get("label", key) }

// line is text from outside as one line that this recipient may see; block the same in many lines.
func (c *composition) line(s string) string { return c.redact.hide(oneLine(s, 1000)) }

func (c *composition) block(s string) string {
	s = c.redact.hide(cut(manyLines(s), min(maxText, max(c.room, 1000)), c.label("cut")))
	c.room -= len(s)
	return s
}

func (c *composition) fileName(name string) string {
	return c.redact.hide(fileName(name, c.label("unnamed")))
}

// person names somebody to staff.
func (c *composition) person(a tickets.Address) string {
	name, address := oneLine(a.Name, maxName), oneLine(a.Address, 320)
	switch {
	case !c.staff:
		return "" // nobody is named to people outside
	case name == "" || strings.EqualFold(name, address):
		return address
	case address == "":
		return name
	}
	return name + " <" + address + ">"
}

// name names somebody to staff by the name alone, where the address stands beside it or does not matter.
func (c *composition) name(a tickets.Address) string {
	if name := oneLine(a.Name, maxName); name != "" && c.staff {
		return name
	}
	return c.person(a)
}

func (c *composition) time(micros int64, allDay bool) string {
	if micros == 0 {
		return ""
	}
	if t := time.UnixMicro(micros); !allDay {
		return tickets.FormatTime(t, c.r.settings.Location, c.lang)
	} else {
		return tickets.FormatDate(t, c.r.settings.Location, c.lang)
	}
}

func (c *composition) at(t time.Time) string { return c.time(t.UnixMicro(), false) }

// view gathers everything that the layouts show.
func (c *composition) view() (*view, error) {
	v := &view{Lang: string(c.lang), Team: oneLine(c.r.settings.TeamName, maxName), Colour: c.r.colour, Ink: c.r.ink, L: c.labels["label"]}
	if err := c.addSections(v); err != nil {
		return nil, err
	}
	c.addTop(v)
	if c.staff {
		c.addCase(v)
	} else {
		c.addLetter(v)
	}
	c.addRecommendations(v)
	if err := c.addFigures(v); err != nil {
		return nil, err
	}
	c.addFiles(v)
	v.Buttons = c.buttons()
	if c.has(tickets.KindHelp) {
		v.Commands = c.usages()
	}
	c.addFoot(v)
	return v, nil
}

// has says whether the notice tells a kind.
func (c *composition) has(kinds ...tickets.Kind) bool {
	for _, it := range c.n.Items {
		for _, k := range kinds {
			if it.Kind == k {
				return true
			}
		}
	}
	return false
}

// addTop sets what is seen at a glance: room, label, number, state, next step, progress.
func (c *composition) addTop(v *view) {
	if c.staff {
		key := "internal"
		if c.n.Room == tickets.Public {
			key = "public"
		}
		v.Room = room{Line: c.labels.Get("room", key), Public: c.n.Room == tickets.Public}
	}
	t := c.tlp()
	v.TLP, v.TLPInk = t.Label(), tlpInk(t)
	if c.n.Ticket.Number == "" {
		return
	}
	v.Number, v.State = string(c.n.Ticket.Number), c.state.Label(c.lang)
	if c.n.Audience != tickets.ToNational {
		v.Next = c.next()
	}
	v.Progress = c.progress()
	for i, s := range v.Progress {
		if s.Now && len(v.Progress) == 5 {
			v.Step = fmt.Sprintf(c.label("step"), i+1, len(v.Progress))
		}
	}
}

// tlp is the ticket's label. A mail about no ticket has the strictest of the tickets that it lists; help for everybody is
// for everybody.
func (c *composition) tlp() tickets.TLP {
	if c.n.Ticket.Number != "" {
		if c.n.Ticket.TLP == "" {
			return tickets.TLPAmber
		}
		return c.n.Ticket.TLP
	}
	if !c.staff {
		return tickets.TLPClear
	}
	rank := map[tickets.TLP]int{}
	for i, t := range tickets.TLPs() {
		rank[t] = i
	}
	strictest := tickets.TLPAmber
	for _, t := range c.n.Table {
		if rank[t.TLP] > rank[strictest] {
			strictest = t.TLP
		}
	}
	return strictest
}

// tlpInk is the label's colour on black, as TLP 2.0 prints it.
func tlpInk(t tickets.TLP) template.CSS {
	switch t {
	case tickets.TLPRed:
		return "#ff2b2b"
	case tickets.TLPGreen:
		return "#33ff00"
	case tickets.TLPClear:
		return "#ffffff"
	}
	return "#ffc000"
}

func (c *composition) next() string {
	table := "next_reporter"
	if c.staff {
		table = "next_staff"
	}
	if c.has(tickets.KindQuestion, tickets.KindAgain) {
		return c.labels.Get(table, "question")
	}
	return c.labels.Get(table, string(c.state))
}

// progress is the way from opening to closing, or to where the ticket left that way.
func (c *composition) progress() []step {
	way := []tickets.State{tickets.Open, tickets.Verified, tickets.Responding, tickets.Monitoring, tickets.Closed}
	if c.state == tickets.Rejected || c.state == tickets.Duplicate {
		way = []tickets.State{tickets.Open, c.state}
	}
	steps := make([]step, len(way))
	done := true
	for i, s := range way {
		steps[i] = step{Label: s.Label(c.lang), Done: done, Now: s == c.state}
		done = done && s != c.state
	}
	return steps
}

// addLetter makes a letter of a mail to somebody outside.
func (c *composition) addLetter(v *view) {
	if c.n.Audience == tickets.ToNational {
		v.Greeting, v.Regards = c.labels.Get("greeting", "national"), c.label("regards")
		return
	}
	v.Salutation = oneLine(c.r.settings.Salutation, 200)
	name := oneLine(c.n.To.Name, 60)
	switch {
	case !c.blanked && name != "" && !strings.Contains(name, "@"):
		v.Greeting = fmt.Sprintf(c.labels.Get("greeting", "named"), c.redact.hide(name))
	case c.n.Audience == tickets.ToParticipant:
		v.Greeting = c.labels.Get("greeting", "participant")
	default:
		v.Greeting = c.labels.Get("greeting", "reporter")
	}
	v.Valediction, v.Regards = oneLine(c.r.settings.Valediction, 200), c.label("regards")
	if c.has(tickets.KindStatus) {
		v.Facts = c.publicFacts()
	}
}

func (c *composition) addFoot(v *view) {
	v.Foot = []string{v.Team + " <" + c.r.settings.Address + ">"}
	switch {
	case c.staff:
		v.Foot = append(v.Foot, c.label("reply_staff"))
	case v.Number != "":
		v.Foot = append(v.Foot, c.label("reply"))
	}
	if c.n.Automatic {
		v.Foot = append(v.Foot, c.label("automatic"))
	}
}
