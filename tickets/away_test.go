package tickets_test

import (
	"slices"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestCasesOfSomebodyAwayArePassedOnFromOneMail(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		first, second := in(t, d, r), in(t, d, m)
		in(t, d, c) // is over
		d.File(signed(d, budi, string(first.n), "", command("away", "2026-12-01")))
		sent := d.Deliver()
		wantKinds(t, sent, "frontdesk:away", "budi:done")
		notice := to(t, sent, fd)
		if got := notice.Items[0].Lines; !slices.Equal(got, []string{string(first.n), string(second.n)}) || len(notice.Offers) != 2 {
			t.Fatalf("Front Desk is told of %q, with %d offers", got, len(notice.Offers))
		}
		tamper(t, d, `DELETE FROM dkim_sender`) // Front Desk's reply addresses alone prove commands
		for i, p := range []*play{first, second} {
			out := d.File(d.Mail(fd, "Re: ["+string(notice.Offers[i].Number)+"]", "", func(a *tickets.Arrival) {
				a.Recipients, a.Commands = []string{notice.Offers[i].ReplyTo}, []tickets.CommandLine{command("forward", "web")}
			}))
			if f := p.file(); out.Refused != "" || f.Owner != wayan {
				t.Errorf("%s is %s's: %+v", p.n, f.Owner, out)
			}
		}
		d.Deliver()
		third := in(t, d, v)
		third.must(fd, "", command("forward", "web"))
		if f := third.file(); f.Owner != wayan {
			t.Errorf("a team's case went to %s, who is away", f.Owner)
		}
		third = in(t, d, v)
		third.must(wayan, "", command("away", "2026-11-24"))
		wantUnchanged(t, third, "nobody is there", fd, "", command("forward", "web"))
		d.Pass(makassar(25, 1).Sub(d.Now())) // wayan is back
		third.must(fd, "", command("forward", "web"))
	})
}
