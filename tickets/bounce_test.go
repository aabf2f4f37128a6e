package tickets_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// bounce is a delivery report about a notice.
func bounce(d *ticketstest.Desk, action, status string, change func(a *tickets.Arrival)) tickets.Arrival {
	return d.Mail("mailer-daemon@mx.example", "Undelivered Mail", "Tidak sampai.", func(a *tickets.Arrival) {
		a.Automatic = tickets.AutoBounce
		a.Bounces = []tickets.BouncedRecipient{{Recipient: ani, Action: action, Status: status, Diagnostic: "550 no such user"}}
		change(a)
	})
}

func TestBounceChangesADeliveryOnlyByWhatOnlyItsNoticeKnows(t *testing.T) {
	rows := []struct {
		about  string
		change func(p *play, a *tickets.Arrival)
		state  tickets.DeliveryState
	}{
		{"to its own envelope address", func(p *play, a *tickets.Arrival) { a.Recipients = []string{p.last[ani].Sender} }, tickets.Bounced},
		{"to that address in upper case", func(p *play, a *tickets.Arrival) { a.Recipients = []string{strings.ToUpper(p.last[ani].Sender)} }, tickets.Bounced},
		{"with the returned Message-ID", func(p *play, a *tickets.Arrival) { a.ReturnedMessageID = p.last[ani].MessageID }, tickets.Bounced},
		{"with nothing but the number", func(p *play, a *tickets.Arrival) { a.Subject = "Undelivered: " + string(p.n) }, tickets.Sent},
		{"with In-Reply-To alone", func(p *play, a *tickets.Arrival) { a.InReplyTo = []string{p.last[ani].MessageID} }, tickets.Sent},
		{"to a reply address", func(p *play, a *tickets.Arrival) { a.Recipients = []string{p.last[ani].ReplyTo} }, tickets.Sent},
		{"with a forged Message-ID", func(p *play, a *tickets.Arrival) {
			a.ReturnedMessageID = "ijaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@csirt.example"
		}, tickets.Sent},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			p := reported(t, d)
			notice := p.last[ani]
			out := d.File(bounce(d, "failed", "5.7.1", func(a *tickets.Arrival) { row.change(p, a) }))
			if got := delivery(t, d, notice); got.State != row.state {
				t.Errorf("%s: the delivery is %s, want %s", row.about, got.State, row.state)
			}
			sent := p.deliver()
			wantSilence(t, sent)
			if row.state == tickets.Bounced {
				wantKinds(t, sent, "frontdesk:bounced")
				if out.Opened || out.Ticket != p.n {
					t.Errorf("%s: outcome %+v", row.about, out)
				}
				for _, x := range p.file().Messages {
					if x.Automatic == tickets.AutoBounce && x.Visibility != tickets.VisibleInternal {
						t.Errorf("%s: the bounce is %s", row.about, x.Visibility)
					}
				}
			}
			wantState(t, d, p.n, o)
		}
		d.WantClean()
	})
}

func TestDelayedBounceEndsNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		d.File(bounce(d, "delayed", "4.4.1", func(a *tickets.Arrival) { a.Recipients = []string{p.last[ani].Sender} }))
		if got := delivery(t, d, p.last[ani]).State; got != tickets.Sent {
			t.Errorf("the delivery is %s", got)
		}
		wantKinds(t, p.deliver())
	})
}

func TestAddressThatRefusedForGoodIsHeldUntilSomebodyRetries(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		d.File(signed(d, budi, string(p.n), "Waktu itu menunggu.", command("reply")))
		d.File(bounce(d, "failed", "5.1.1", func(a *tickets.Arrival) { a.Recipients = []string{p.last[ani].Sender} }))
		wantKinds(t, p.deliver(), "budi:done", "frontdesk:bounced")
		wantKinds(t, p.must(budi, "Kabar.", command("reply")), "budi:done")
		held := 0
		for _, x := range p.file().Deliveries {
			if x.State == tickets.Held {
				held++
			}
		}
		if held != 2 {
			t.Errorf("%d notices are held, want the waiting and the new one", held)
		}
		if n, err := d.RetryOutbox(t.Context(), 0); err != nil || n != 3 {
			t.Errorf("retried %d, %v; want the bounced one and the two held", n, err)
		}
		d.Pass(time.Second)
		wantKinds(t, p.deliver(), "ani:responding", "ani:message", "ani:message")
	})
}

func TestRefusalOfOneMailHoldsNoOther(t *testing.T) {
	for status, held := range map[string]bool{"5.1.1": true, "5.1.2": true, "5.2.1": true, "5.0.0": true, "5.4.4": true, "5.2.2": false, "5.3.4": false, "5.6.1": false, "5.7.1": false, "4.4.7": false} {
		t.Run(status, func(t *testing.T) {
			d := ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), nil)
			p := in(t, d, r)
			d.File(bounce(d, "failed", status, func(a *tickets.Arrival) { a.Recipients = []string{p.last[ani].Sender} }))
			if got := delivery(t, d, p.last[ani]).State; got != tickets.Bounced {
				t.Errorf("the refused mail is %s", got)
			}
			p.deliver()
			heard := false
			for _, n := range p.must(budi, "Kabar.", command("reply")) {
				heard = heard || n.To.Address == ani
			}
			if heard == held {
				t.Errorf("the next mail is held: %v, want %v", !heard, held)
			}
		})
	}
}

func TestBounceOfWhatTellsOfBouncesTellsNobody(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		d.File(bounce(d, "failed", "5.1.1", func(a *tickets.Arrival) { a.Recipients = []string{p.last[ani].Sender} }))
		p.deliver()
		for range 10 {
			d.File(bounce(d, "failed", "5.2.2", func(a *tickets.Arrival) { a.Recipients = []string{p.last[fd].Sender} }))
		}
		wantKinds(t, p.deliver())
	})
}

func TestBouncesWithoutATicketDoNotFloodFrontDesk(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for range 20 {
			if out := d.File(bounce(d, "failed", "5.1.1", func(*tickets.Arrival) {})); !out.Opened {
				t.Fatalf("outcome %+v", out)
			}
		}
		if sent := d.Deliver(); len(sent) > 6 {
			t.Errorf("Front Desk got %d mails", len(sent))
		}
	})
}
