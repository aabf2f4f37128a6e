package tickets

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// order is the commands of one mail while they are carried out.
type order struct {
	*filing
	use   TextUse
	done  []string // what was done, for the answer
	said  bool     // the answer is a notice of its own: a list, a status, help
	given []string // names of the commands so far
	moved string   // why commands that mean the ticket as it was are refused; "" where nobody moved it on
}

// carriers holds what each command of the table does once it is allowed.
var carriers = map[string]func(*order, Command, CommandLine) *fault{
	"verify": (*order).verify, "forward": (*order).forward, "take": (*order).take, "ask": (*order).ask, "reply": (*order).reply, "note": (*order).note,
	"onsite": (*order).onsite, "recommend": (*order).recommend, "monitor": (*order).monitor, "close": (*order).close, "reject": (*order).reject,
	"duplicate": (*order).duplicate, "reopen": (*order).reopenIt, "reporter": (*order).moveReporter, "new": (*order).openNew, "away": (*order).away,
	"evidence": (*order).evidence, "set": (*order).set, "cc": (*order).cc, "uncc": (*order).uncc, "status": (*order).status, "history": (*order).history, "report": (*order).report, "list": (*order).list, "help": (*order).help,
	"escalate": (*order).escalate,
}

// run carries out one command, or says what is wrong with its line.
func (o *order) run(c Command, line CommandLine) *fault {
	if line.Set == nil {
		line.Set = map[string]string{}
	}
	if words := o.forbids(c, line); words != "" {
		return &fault{line.Line, words}
	}
	for _, key := range slices.Sorted(maps.Keys(line.Set)) {
		if !slices.Contains(c.Keys, key) {
			return &fault{line.Line, answerTooMuch.say(o.s.Language, line.Name, quoted(o.keyName(key)+"="+line.Set[key]))}
		}
	}
	x := carriers[c.Name](o, c, line)
	if x != nil && x.line == "" {
		x.line = line.Line
	}
	o.given = append(o.given, c.Name)
	return x
}

// forbids says why the sender may not give this command now; "" where they may.
func (o *order) forbids(c Command, line CommandLine) string {
	l := o.s.Language
	if o.ticket == nil {
		if c.Alone {
			return ""
		}
		return answerNoTicket.say(l, line.Name)
	}
	if !o.mayGive(c) {
		return answerNotYours.say(l, line.Name, o.givers(c))
	}
	if o.moved != "" && slices.Contains(staleCommands, c.Name) {
		return o.moved
	}
	if len(c.From) > 0 && !slices.Contains(c.From, o.ticket.State) {
		return answerWrongState.say(l, line.Name, o.ticket.State.Label(l), labels(c.From, l))
	}
	if c.Must && o.a.Body == "" && !(c.Text == TextReason && len(line.Args) > 0) && !(c.Text != TextReason && len(o.a.Attachments) > 0) {
		if c.Text == TextReason {
			return answerNeedsReason.say(l, line.Name)
		}
		return answerNeedsText.say(l, line.Name)
	}
	return ""
}

func (o *order) mayGive(c Command) bool {
	p := o.sender.staff
	if p.Has(Supervisor) {
		return true
	}
	for _, g := range c.Who {
		switch {
		case g == ByStaff, g == ByAnyone,
			g == ByFrontDesk && p.Has(FrontDesk),
			g == ByAgent && p.Has(Agent),
			g == ByOwner && o.ticket.Owner != 0 && o.ticket.Owner == p.ID:
			return true
		}
	}
	return false
}

func (o *order) givers(c Command) string {
	var words []string
	for _, g := range c.Who {
		words = append(words, giverWords[g].In(o.s.Language))
	}
	return strings.Join(words, ", ")
}

func labels(states []State, l Language) string {
	var words []string
	for _, s := range states {
		words = append(words, s.Label(l))
	}
	return strings.Join(words, ", ")
}

// staleCommands are refused in answer to a mail from before the ticket's last change of state or owner.
var staleCommands = []string{"forward", "reject", "duplicate"}

// movedOn says who moved the ticket on since the mail that this one answers; "" where nobody did. It is asked before the first
// command: what this mail itself changes makes nothing stale, and hides nothing either.
func (f *filing) movedOn() string {
	t := f.ticket
	if t == nil || f.sender.version < 0 || uint16(f.sender.version) == uint16(t.Version) {
		return ""
	}
	return answerStale.say(f.s.Language, t.State.Label(f.s.Language), t.ChangedBy, FormatTime(fromMicros(t.ChangedAt), f.s.Location, f.s.Language))
}

// did adds a line to the answer.
func (o *order) did(c Command, a answer, args ...any) {
	name := c.Alias
	if o.s.Language == English {
		name = c.Name
	}
	o.done = append(o.done, answerDone.say(o.s.Language, name, a.say(o.s.Language, args...)))
}

// textItem puts the mail's text into the first item that can carry it.
func (o *order) textItem(item Item) Item {
	if !o.textPlaced && (o.a.Body != "" || len(o.a.Attachments) > 0) {
		item.Message, item.Files = o.message, true
		o.textPlaced = true
	}
	return item
}

// placeText takes what the commands left of the text where a mail without a command would take it, and records whose it is.
func (o *order) placeText() {
	if o.err != nil {
		return
	}
	text := o.a.Body != "" || len(o.a.Attachments) > 0
	switch {
	case slices.Contains(o.given, "new"): // the text is the new ticket's report
	case o.use == TextOutgoing:
		o.do("make the message public", func() error { return o.placeMessage(VisiblePublic, "") })
		if text {
			o.copyOwner()
		}
	case o.use == TextInternal:
		o.do("keep the message internal", func() error { return o.placeMessage(VisibleInternal, "") })
	case o.ticket != nil && text:
		if o.sender.room == Public {
			o.passOn("replied")
			o.done = append(o.done, answerSentToo.say(o.s.Language))
		} else {
			o.keepInternal("noted", "")
			o.done = append(o.done, answerNoteToo.say(o.s.Language))
		}
		return
	}
	if o.ticket != nil && !slices.Contains(o.given, "new") {
		o.event("received", o.mailFacts())
	}
}

// answer tells the sender what was done.
func (o *order) answer() {
	if len(o.done) == 0 && o.said {
		return
	}
	item := Item{Kind: KindDone, Lines: o.done}
	if o.ticket != nil {
		item.State = o.ticket.State
	}
	o.tellStaff(o.ticket, *o.sender.staff, item)
}

// oneArgument reads the only argument of a command.
func (o *order) oneArgument(c Command, line CommandLine, what Words) (string, *fault) {
	l := o.s.Language
	if len(line.Args) == 0 {
		return "", &fault{line.Line, answerNeedsArgument.say(l, line.Name, what.In(l), c.Shows.In(l))}
	}
	if len(line.Args) > 1 {
		return "", &fault{line.Line, answerTooMuch.say(l, line.Name, quoted(joined(line.Args[1:])))}
	}
	return line.Args[0], nil
}

// anAddress reads the only argument of a command as the address of somebody outside staff.
func (o *order) anAddress(c Command, line CommandLine) (string, *fault) {
	l := o.s.Language
	if len(line.Args) > 1 {
		return "", &fault{line.Line, answerOneAddress.say(l, line.Name, quoted(joined(line.Args)))}
	}
	arg, x := o.oneArgument(c, line, Words{"sebuah alamat surel", "a mail address"})
	if x != nil {
		return "", x
	}
	return o.outsideAddress(arg)
}

func (o *order) outsideAddress(arg string) (string, *fault) {
	address := Key(arg)
	l := o.s.Language
	switch {
	case strings.ContainsAny(address, ",;"):
		return "", &fault{"", answerOneAddress.say(l, "…", quoted(arg))}
	case !ValidAddress(address):
		return "", &fault{"", answerNoAddress.say(l, quoted(arg))}
	case o.s.Mailbox.Own(address):
		return "", &fault{"", answerOwnAddress.say(l, address)}
	}
	if _, staff := o.staff.find(address); staff {
		return "", &fault{"", answerStaffAddress.say(l, address)}
	}
	return address, nil
}

// whenArgument reads a time at the beginning of the arguments and returns the rest.
func (o *order) whenArgument(c Command, line CommandLine) (at time.Time, allDay bool, rest string, x *fault) {
	l := o.s.Language
	if len(line.Args) == 0 {
		return at, false, "", &fault{line.Line, answerNeedsArgument.say(l, line.Name, Words{"waktu", "a time"}.In(l), c.Shows.In(l))}
	}
	at, allDay, used, err := ParseWhen(line.Args, fromMicros(o.now), o.s.Location)
	if err != nil {
		return at, false, "", &fault{line.Line, o.whenWords(err)}
	}
	if !endOf(at, allDay).After(fromMicros(o.now)) {
		return at, false, "", &fault{line.Line, answerPast.say(l, FormatTime(at, o.s.Location, l))}
	}
	return at, allDay, joined(line.Args[used:]), nil
}
