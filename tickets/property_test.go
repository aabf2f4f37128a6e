package tickets_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// correspondence is a case of which anybody writes anything: some with a proof, some without, some are robots.
type correspondence struct {
	*ticketstest.Desk
	t      *rapid.T
	cases  []tickets.Number
	got    []tickets.Notice // all that was sent so far
	seen   map[tickets.Number]int
	onCase map[string]bool // number and address: who was on a ticket before the last mail, or is after it
}

// everybody writes in these tests.
var everybody = []string{ani, made, luar, fd, budi, wayan, kepala, sector}

var orders = [][]tickets.CommandLine{
	nil, nil, nil,
	{command("verify")}, {command("verify"), command("forward", budi)}, {command("forward", wayan)}, {command("take")}, {command("forward", "front-desk")},
	{command("note")}, {command("ask")}, {command("reply")}, {command("recommend")}, {command("recommend"), command("close")}, {command("monitor")},
	{command("reject", "bukan insiden")}, {command("duplicate", "BALIPROV-CSIRT-2026-0001")}, {command("reopen")}, {command("cc", made)}, {command("uncc", made)},
	{command("cc", luar)}, {command("reporter", luar)}, {command("set", "severity=high")}, {command("status")}, {command("solved")}, {command("unsolved")},
	{command("escalate")}, {command("history")}, {command("list", "all")}, {command("help")},
}

// write draws one mail: from whom, about what, by which proof, with which commands.
func (c *correspondence) write() (a tickets.Arrival, proven bool) {
	t := c.t
	from := rapid.SampledFrom(everybody).Draw(t, "from")
	subject := "Laporan"
	if len(c.cases) > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
		subject = "Re: [" + string(rapid.SampledFrom(c.cases).Draw(t, "case")) + "]"
	}
	a = c.Mail(from, subject, rapid.SampledFrom([]string{"Kata-kata.", "ya", "tidak", "Terima kasih", ""}).Draw(t, "text"))
	a.Commands = rapid.SampledFrom(orders).Draw(t, "commands")
	a.Automatic = rapid.SampledFrom([]string{"", "", "", "", "", tickets.AutoReply, tickets.AutoNotification, tickets.AutoList, tickets.AutoReceipt}).Draw(t, "robot")
	switch rapid.SampledFrom([]string{"none", "dkim", "own", "own", "own", "anybody's", "dmarc", "two"}).Draw(t, "proof") {
	case "dkim":
		a.Authentication.DKIM = tickets.Domain(from)
		return a, true
	case "own":
		return a, c.answers(&a, func(n tickets.Notice) bool { return n.To.Address == from })
	case "anybody's":
		c.answers(&a, func(tickets.Notice) bool { return true })
		return a, slices.ContainsFunc(c.got, func(n tickets.Notice) bool { return n.ReplyTo == a.Recipients[0] && n.To.Address == from })
	case "dmarc":
		c.answers(&a, func(n tickets.Notice) bool { return n.To.Address == from })
		a.Authentication = tickets.Authentication{DKIM: tickets.Domain(from), DMARCFail: true}
	case "two":
		c.answers(&a, func(n tickets.Notice) bool { return n.To.Address == from })
		a.Froms, a.Authentication.DKIM = 2, tickets.Domain(from)
	}
	return a, false
}

// answers makes a mail the answer to one that fits, and says whether there was any.
func (c *correspondence) answers(a *tickets.Arrival, fits func(tickets.Notice) bool) bool {
	var some []tickets.Notice
	for _, n := range c.got {
		if fits(n) && n.ReplyTo != ticketstest.Address {
			some = append(some, n)
		}
	}
	if len(some) == 0 {
		return false
	}
	n := some[len(some)-1-rapid.IntRange(0, min(len(some), 6)-1).Draw(c.t, "answered")]
	a.To, a.Recipients, a.InReplyTo = []tickets.Address{{Address: n.ReplyTo}}, []string{n.ReplyTo}, []string{n.MessageID}
	return true
}

// step takes one mail in and looks at what came of it.
func (c *correspondence) step() {
	c.onCase = map[string]bool{}
	for _, n := range c.cases {
		c.lookWhoIsOn(c.Show(n))
	}
	a, proven := c.write()
	out := c.File(a)
	if out.Opened {
		c.cases = append(c.cases, out.Ticket)
	}
	for _, n := range c.cases {
		f := c.Show(n)
		c.lookWhoIsOn(f)
		events := f.Events[c.seen[n]:]
		c.seen[n] = len(f.Events)
		for _, e := range events {
			if e.Actor != "gateway" && (e.Actor != a.From.Address || !proven) {
				c.t.Errorf("a mail of %s (proven: %v) made the event %s of %s on %s", a.From.Address, proven, e.Kind, e.Actor, n)
			}
		}
	}
	sent := c.Deliver()
	for _, n := range sent {
		c.wantTheirs(n, a.From.Address)
	}
	c.got = append(c.got, sent...)
	for _, n := range c.cases { // that something was sent is an event too
		c.seen[n] = len(c.Show(n).Events)
	}
	c.Pass(time.Duration(rapid.SampledFrom([]int{1, 1, 1, 90, 26 * 60}).Draw(c.t, "minutes")) * time.Minute)
	if _, err := c.Remind(context.Background(), c.Now()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *correspondence) lookWhoIsOn(f tickets.File) {
	for _, p := range append([]string{f.Reporter.Address}, f.Participants...) {
		c.onCase[string(f.Number)+" "+p] = true
	}
}

// wantTheirs fails where a notice goes to somebody who is not on its ticket, or holds what is not theirs.
func (c *correspondence) wantTheirs(n tickets.Notice, from string) {
	staff := strings.HasSuffix(n.To.Address, "@csirt.example")
	switch {
	case n.Audience == tickets.ToNational:
		if n.Kind != tickets.KindNational || n.To.Address != sector && n.To.Address != national || from == sector {
			c.t.Errorf("a mail of %s sent %s to %s", from, n.Kind, n.To.Address)
		}
		return
	case n.Audience == tickets.ToStaff && !staff:
		c.t.Errorf("%s for staff went to %s", n.Kind, n.To.Address)
	case staff && n.Audience == tickets.ToStaff:
		return
	case n.Ticket.Number == "" && (n.Kind != tickets.KindHelp || n.To.Address != from):
		c.t.Errorf("%s without a ticket went to %s", n.Kind, n.To.Address)
	case n.Ticket.Number != "" && !c.onCase[string(n.Ticket.Number)+" "+n.To.Address]:
		c.t.Errorf("%s about %s went to %s, who is not on it", n.Kind, n.Ticket.Number, n.To.Address)
	}
	if n.Room != tickets.Public || len(n.Case)+len(n.Timeline)+len(n.Table) > 0 {
		c.t.Errorf("%s to %s is of the room %s with %d mails", n.Kind, n.To.Address, n.Room, len(n.Case))
	}
	for _, i := range n.Items {
		if m, ok := n.Texts[i.Message]; i.Message > 0 && (!ok || m.Visibility != tickets.VisiblePublic) || i.Who.Address != "" || i.Back != "" || i.Proof != "" {
			c.t.Errorf("%s to %s carries %q of a message that is %q", n.Kind, n.To.Address, i.Kind, m.Visibility)
		}
	}
	for _, m := range n.Texts {
		if m.Visibility != tickets.VisiblePublic {
			c.t.Errorf("%s to %s holds a message that is %s", n.Kind, n.To.Address, m.Visibility)
		}
	}
}

func TestWhateverIsWrittenNobodyUnprovenActsAndNothingInternalLeaves(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each check is a database of its own
		flag.Set("rapid.checks", "30")
	}
	rounds := 0
	rapid.Check(t, func(rt *rapid.T) {
		rounds++
		url := "sqlite:" + filepath.Join(t.TempDir(), fmt.Sprintf("aduan%d.db", rounds))
		c := &correspondence{Desk: ticketstest.Open(t, url, func(s *tickets.Settings) { nationally(s); timed(s) }), t: rt, seen: map[tickets.Number]int{}}
		defer c.Close()
		for range rapid.IntRange(5, 40).Draw(rt, "mails") {
			c.step()
		}
		a, err := c.Audit(context.Background(), c.Evidence)
		if err != nil {
			rt.Fatal(err)
		}
		for _, f := range a.Faults {
			rt.Errorf("audit: %s", f)
		}
	})
}
