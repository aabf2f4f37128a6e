package tickets_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const (
	wayan  = "wayan@csirt.example"
	kepala = "kepala@csirt.example"
	made   = "made@dinkes.baliprov.example"
	luar   = "orang@luar.example"
)

// uncapped are settings under which any number of reports in one name is acknowledged.
func uncapped(s *tickets.Settings) { s.AcksPerHour, s.AcksPerDay, s.AcksDomain = 0, 0, 0 }

// play is a case while a test plays it: it remembers the last mail that everybody got about it.
type play struct {
	*ticketstest.Desk
	t    *testing.T
	n    tickets.Number
	last map[string]tickets.Notice
	lazy bool // nothing is delivered: for tests that look at the ticket alone
}

// reported opens a case by a report of ani's, and delivers what follows.
func reported(t *testing.T, d *ticketstest.Desk) *play {
	t.Helper()
	return reports(&play{Desk: d, t: t, last: map[string]tickets.Notice{}})
}

func reports(p *play) *play {
	t, d := p.t, p.Desk
	t.Helper()
	out := d.File(d.Mail(ani, "Situs diretas", "Halaman depan berubah."))
	if !out.Opened {
		t.Fatalf("outcome %+v, want a ticket", out)
	}
	p.n = out.Ticket
	p.deliver()
	return p
}

// in brings a new case into a state; the owner is budi wherever there is one.
func in(t *testing.T, d *ticketstest.Desk, s tickets.State) *play {
	t.Helper()
	p := brought(reported(t, d), s)
	wantState(t, d, p.n, s)
	return p
}

// lazily brings a new case into a state and delivers nothing.
func lazily(t *testing.T, d *ticketstest.Desk, s tickets.State) *play {
	t.Helper()
	return brought(reports(&play{Desk: d, t: t, last: map[string]tickets.Notice{}, lazy: true}), s)
}

func brought(p *play, s tickets.State) *play {
	p.t.Helper()
	d := p.Desk
	for _, step := range map[tickets.State][]func(){
		tickets.Verified:   {p.verified},
		tickets.Responding: {p.verified, p.forwarded},
		tickets.Monitoring: {p.verified, p.forwarded, func() { p.must(budi, "", command("monitor")) }},
		tickets.Closed:     {p.verified, p.forwarded, func() { p.must(budi, "Perbarui CMS.", command("recommend"), command("close")) }},
		tickets.Rejected:   {func() { p.must(fd, "", command("reject", "bukan insiden")) }},
		tickets.Duplicate: {func() {
			other := d.File(d.Mail(made, "Kasus induk", "Induk.")).Ticket
			p.must(fd, "", command("duplicate", string(other)))
		}},
	}[s] {
		step()
	}
	return p
}

func (p *play) verified()  { p.must(fd, "", command("verify")) }
func (p *play) forwarded() { p.must(fd, "", command("forward", budi)) }

// deliver sends what waits and remembers what was said about this case.
func (p *play) deliver() []tickets.Notice {
	p.t.Helper()
	if p.lazy {
		return nil
	}
	sent := p.Deliver()
	for _, n := range sent {
		wantOutsideTheirs(p.t, n)
		if n.Ticket.Number == p.n {
			p.last[n.To.Address] = n
		}
	}
	return sent
}

// wantOutsideTheirs fails where a mail to somebody outside staff holds what is staff's.
func wantOutsideTheirs(t *testing.T, n tickets.Notice) {
	t.Helper()
	if n.Audience == tickets.ToStaff {
		return
	}
	if n.Room != tickets.Public || len(n.Case)+len(n.Timeline)+len(n.Table) > 0 {
		t.Errorf("%s to %s is of the room %s, with %d mails of the case", n.Kind, n.To.Address, n.Room, len(n.Case))
	}
	for _, m := range n.Texts {
		if m.Visibility != tickets.VisiblePublic {
			t.Errorf("%s to %s carries a message that is %s", n.Kind, n.To.Address, m.Visibility)
		}
	}
	for _, i := range n.Items {
		if i.Who.Address != "" || i.Back != "" || i.Proof != "" {
			t.Errorf("%s to %s names %+v", n.Kind, n.To.Address, i)
		}
	}
}

// says files an answer to the last mail that somebody got about this case, and delivers what follows.
func (p *play) says(who, body string, commands ...tickets.CommandLine) (tickets.Outcome, []tickets.Notice) {
	p.t.Helper()
	n, ok := p.last[who]
	if !ok {
		p.t.Fatalf("%s got no mail about %s", who, p.n)
	}
	out := p.File(answer(p.Desk, n, body, commands...))
	return out, p.deliver()
}

// writes files a mail of staff that DKIM proves, about this case by its subject, and delivers what follows.
func (p *play) writes(who, body string, commands ...tickets.CommandLine) (tickets.Outcome, []tickets.Notice) {
	p.t.Helper()
	out := p.File(signed(p.Desk, who, string(p.n), body, commands...))
	return out, p.deliver()
}

// must gives commands that have to be carried out.
func (p *play) must(who, body string, commands ...tickets.CommandLine) []tickets.Notice {
	p.t.Helper()
	out, sent := p.writes(who, body, commands...)
	if out.Refused != "" {
		p.t.Fatalf("%s: %v refused: %s", who, commands, out.Refused)
	}
	return sent
}

func (p *play) file() tickets.File { p.t.Helper(); return p.Show(p.n) }

// signed is a mail with an aligned DKIM signature.
func signed(d *ticketstest.Desk, who, about, body string, commands ...tickets.CommandLine) tickets.Arrival {
	return d.Mail(who, "Re: ["+about+"]", body, func(a *tickets.Arrival) {
		a.Authentication = tickets.Authentication{DKIM: tickets.Domain(who), Detail: "DKIM of " + tickets.Domain(who)}
		a.Commands = commands
	})
}

// texts are the bodies of the messages that a notice carries.
func texts(n tickets.Notice) string {
	var out []string
	for _, i := range n.Items {
		if m, ok := n.Texts[i.Message]; ok && i.Message > 0 {
			out = append(out, m.Body)
		}
	}
	return strings.Join(out, "|")
}

func eventKinds(f tickets.File) (kinds []string) {
	for _, e := range f.Events {
		if e.Kind != "sent" {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// wantSilence fails where somebody outside staff heard anything.
func wantSilence(t *testing.T, sent []tickets.Notice) {
	t.Helper()
	for _, n := range sent {
		if n.Audience != tickets.ToStaff {
			t.Errorf("%s heard %s", n.To.Address, n.Kind)
		}
	}
}

func wantRefused(t *testing.T, out tickets.Outcome, words string) {
	t.Helper()
	if out.Refused == "" || !strings.Contains(out.Refused, words) {
		t.Errorf("refused with %q, want %q in it", out.Refused, words)
	}
}

func tamper(t *testing.T, d *ticketstest.Desk, query string, args ...any) {
	t.Helper()
	if n, err := d.Tamper(query, args...); err != nil || n == 0 {
		t.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

func faults(t *testing.T, d *ticketstest.Desk) []string {
	t.Helper()
	a, err := d.Audit(context.Background(), d.Evidence)
	if err != nil {
		t.Fatal(err)
	}
	return a.Faults
}

func oneOf(s tickets.State, list []tickets.State) bool { return slices.Contains(list, s) }
