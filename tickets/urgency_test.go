package tickets_test

import (
	"fmt"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// What staff do is told before the acknowledgements that wait already, and so is what was queued for the same person and
// ticket before it: the order of those stays.
func TestWhatStaffDoIsToldBeforeAFlood(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for i := range 30 {
			d.File(d.Mail(fmt.Sprintf("p%d@dinkes.baliprov.example", i), "Laporan", "Situs kami diretas."))
		}
		out := d.File(d.Mail(ani, "Situs dinkes", "Situs dinkes diretas."))
		d.Pass(time.Minute)
		d.File(signed(d, fd, string(out.Ticket), "Sejak kapan?", command("ask")))
		var got []string
		for range 6 {
			claimed, err := d.Claim(t.Context(), 1)
			if err != nil || len(claimed) != 1 {
				t.Fatalf("claimed %d notices: %v", len(claimed), err)
			}
			n := claimed[0]
			got = append(got, string(n.Ticket.Number)+" "+n.To.Address+" "+string(n.Kind))
			if err := d.Rendered(t.Context(), n, fmt.Sprintf("%064d", n.ID), 1, "x"); err != nil {
				t.Fatal(err)
			}
			if err := d.Sent(t.Context(), n, "250 taken"); err != nil {
				t.Fatal(err)
			}
		}
		of := func(who string, kind tickets.Kind) string {
			return fmt.Sprintf("%s %s %s", out.Ticket, who, kind)
		}
		place := func(line string) int {
			for i, l := range got {
				if l == line {
					return i
				}
			}
			t.Fatalf("%q is not among the first: %q", line, got)
			return 0
		}
		if place(of(ani, tickets.KindAcknowledged)) > place(of(ani, tickets.KindQuestion)) {
			t.Errorf("the order of one person's notices changed: %q", got)
		}
		place(of(fd, tickets.KindNewReport))
		place(of(fd, tickets.KindDone))
	})
}

// The header of a mail tells whether it may go before others: a reply address of the sender's does, their name alone only a
// little, anything of somebody else's not at all.
func TestTheHeaderTellsWhatIsUrgent(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		toFrontDesk, toAni := p.last[fd].ReplyTo, p.last[ani].ReplyTo
		rows := []struct {
			about string
			from  string
			to    string
			want  tickets.Urgency
		}{
			{"staff at their own reply address", fd, toFrontDesk, tickets.Proven},
			{"staff at the report address", fd, ticketstest.Address, tickets.Claimed},
			{"staff at another's reply address", budi, toFrontDesk, tickets.Claimed},
			{"staff at an address that was made up", fd, "aduan+abcdefghijklmnopqrstuvwxyz@csirt.example", tickets.Claimed},
			{"a reporter at their own reply address", ani, toAni, tickets.Usual},
			{"a stranger at Front Desk's", "orang@luar.example", toFrontDesk, tickets.Usual},
			{"nobody", "", toFrontDesk, tickets.Usual},
		}
		var waiting []tickets.Envelope
		for _, row := range rows {
			waiting = append(waiting, tickets.Envelope{From: row.from, Recipients: []string{row.to}})
		}
		got, err := d.Urgencies(t.Context(), waiting)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			if got[i] != row.want {
				t.Errorf("%s: urgency %d, want %d", row.about, got[i], row.want)
			}
		}
	})
}

// Where the server knows no plus addresses, the answered mail's id takes the reply address's place.
func TestWithoutReplyAddressesTheAnsweredMailTellsWhatIsUrgent(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.Mailbox.Pattern = "" }, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		answers := func(who string) tickets.Envelope {
			return tickets.Envelope{From: who, Recipients: []string{ticketstest.Address}, InReplyTo: []string{p.last[fd].MessageID}}
		}
		got, err := d.Urgencies(t.Context(), []tickets.Envelope{answers(fd), answers(budi)})
		if err != nil || got[0] != tickets.Proven || got[1] != tickets.Claimed {
			t.Errorf("got %v (%v), want proven and claimed", got, err)
		}
	})
}
