package tickets_test

import (
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestStaffCommandWithoutProofIsNotCarriedOut(t *testing.T) {
	rows := []struct {
		about  string
		change func(p *play, a *tickets.Arrival)
	}{
		{"a new mail that names the number", func(p *play, a *tickets.Arrival) { bare(a) }},
		{"References and subject prove nothing", func(p *play, a *tickets.Arrival) {
			bare(a)
			a.InReplyTo, a.References = []string{p.last[fd].MessageID}, []string{p.last[fd].MessageID}
		}},
		{"the reply address of somebody else", func(p *play, a *tickets.Arrival) { a.Recipients = []string{p.last[ani].ReplyTo} }},
		{"two addresses in From", func(p *play, a *tickets.Arrival) { a.Froms = 2 }},
		{"two addresses in From with DKIM", func(p *play, a *tickets.Arrival) { a.Froms, a.Authentication.DKIM = 2, "csirt.example" }},
		{"DMARC failed", func(p *play, a *tickets.Arrival) { a.Authentication.DMARCFail = true }},
		{"DMARC failed beside DKIM", func(p *play, a *tickets.Arrival) {
			a.Authentication = tickets.Authentication{DKIM: "csirt.example", DMARCFail: true}
		}},
		{"an address for another ticket's person", func(p *play, a *tickets.Arrival) { a.From.Address = wayan }},
		{"a token with a letter changed", func(p *play, a *tickets.Arrival) {
			s := []byte(p.last[fd].ReplyTo)
			s[20] ^= 1
			a.Recipients = []string{string(s)}
		}},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			p := reported(t, d)
			a := answer(d, p.last[fd], "", command("verify"))
			row.change(p, &a)
			d.File(a)
			wantSilence(t, p.deliver())
			if got := p.file().State; got != o {
				t.Errorf("%s: the state is %s", row.about, got)
			}
			for _, e := range p.file().Events {
				if e.Actor == fd || e.Actor == wayan {
					t.Errorf("%s: event %s has the actor %s", row.about, e.Kind, e.Actor)
				}
			}
		}
		d.WantClean()
	})
}

// bare takes the proofs of an answer away; its subject still names the ticket.
func bare(a *tickets.Arrival) {
	a.To, a.Recipients, a.InReplyTo, a.References = []tickets.Address{{Address: ticketstest.Address}}, []string{ticketstest.Address}, nil, nil
}

func TestWordsGoAsFarAsTheirSenderIsProven(t *testing.T) {
	rows := []struct {
		about   string
		from    string
		change  func(a *tickets.Arrival)
		visible tickets.Visibility
		proof   string
		heard   string
	}{
		{"the reporter by the reply address", ani, func(*tickets.Arrival) {}, tickets.VisiblePublic, tickets.ProofReplyAddress, "budi:message"},
		{"the reporter by DKIM", ani, func(a *tickets.Arrival) { bare(a); a.Authentication.DKIM = "baliprov.example" }, tickets.VisiblePublic, tickets.ProofDKIM, "budi:message"},
		{"the reporter without proof", ani, bare, tickets.VisibleUnproven, tickets.ProofNone, "budi:unproven"},
		{"the reporter with DMARC against", ani, func(a *tickets.Arrival) { a.Authentication.DMARCFail = true }, tickets.VisibleUnverified, tickets.ProofNone, "budi:unverified"},
		{"a stranger by the number", luar, bare, tickets.VisibleUnverified, tickets.ProofNone, "budi:unverified"},
		{"a stranger with the reporter's reply address", luar, func(*tickets.Arrival) {}, tickets.VisibleUnverified, tickets.ProofNone, "budi:unverified"},
		{"a stranger with DKIM", luar, func(a *tickets.Arrival) { bare(a); a.Authentication.DKIM = "luar.example" }, tickets.VisibleUnverified, tickets.ProofDKIM, "budi:unverified"},
		{"staff without proof", fd, bare, tickets.VisibleUnproven, tickets.ProofNone, "budi:unproven"},
		{"staff with DMARC against", fd, func(a *tickets.Arrival) { a.Authentication.DMARCFail = true }, tickets.VisibleUnverified, tickets.ProofNone, "budi:unverified"},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Log(row.about)
			p := in(t, d, r)
			a := answer(d, p.last[ani], "Kata-kata.")
			a.From.Address = row.from
			row.change(&a)
			out := d.File(a)
			sent := p.deliver()
			wantKinds(t, sent, row.heard)
			msgs := p.file().Messages
			got := msgs[len(msgs)-2]
			if out.Ticket != p.n || got.Visibility != row.visible || got.Proof != row.proof || out.Reopened {
				t.Errorf("on %s it is %s by %s", out.Ticket, got.Visibility, got.Proof)
			}
			if row.visible != tickets.VisiblePublic && sent[0].Room != tickets.Internal {
				t.Error("an answer to unbelieved words would leave staff")
			}
			d.Pass(2 * time.Hour) // unproven mail is capped by the hour
		}
		d.WantClean()
	})
}

func TestUnprovenWordsMoveNoStateAndNoClock(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, c)
		a := answer(d, p.last[ani], "Muncul lagi.")
		bare(&a)
		if out := d.File(a); out.Reopened || out.Ticket != p.n {
			t.Errorf("outcome %+v", out)
		}
		wantState(t, d, p.n, c)

		p = in(t, d, r)
		p.must(budi, "Sejak kapan?", command("ask"))
		for range 8 {
			a := answer(d, p.last[ani], "Kemarin.")
			bare(&a)
			d.File(a)
		}
		heard := 0
		for _, n := range p.deliver() {
			if n.To.Address == budi {
				heard++
			}
		}
		if heard > 5 {
			t.Errorf("one address caused %d mails in an hour", heard)
		}
		d.Pass(5 * 24 * time.Hour)
		if n, err := d.Remind(t.Context(), d.Now()); err != nil || n != 1 {
			t.Errorf("%d reminders, %v: the question counts as answered", n, err)
		}
	})
}

func TestReleasedWordsOfAStrangerBecomePublic(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		a := answer(d, p.last[ani], "Saya admin situsnya.")
		bare(&a)
		a.From = tickets.Address{Name: "Orang", Address: luar}
		d.File(a)
		p.deliver()
		invited := to(t, p.must(budi, "", command("cc", luar)), luar)
		if invited.To.Name != "Orang" || len(invited.Texts) > 0 {
			t.Errorf("invited %+v", invited)
		}
		for _, x := range p.file().Messages {
			if x.From == luar && x.Visibility != tickets.VisiblePublic {
				t.Errorf("the words are %s", x.Visibility)
			}
		}
		d.WantClean()
	})
}

func TestOwnMailOpensNothingAndIsAnsweredByNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		for _, a := range []tickets.Arrival{
			d.Mail(ticketstest.Address, "Kami", "Halo."),
			d.Mail(p.last[ani].ReplyTo, "Kami", "Halo."),
			d.Mail(luar, "Kembali", "Surel Anda.", func(a *tickets.Arrival) { a.MessageID = p.last[ani].MessageID }),
			d.Mail(fd, "Kembali", "", func(a *tickets.Arrival) {
				a.MessageID, a.Commands = p.last[fd].MessageID, []tickets.CommandLine{command("verify")}
				a.Recipients = []string{p.last[fd].ReplyTo}
			}),
		} {
			if out := d.File(a); out.Opened || out.Wakes {
				t.Errorf("from %s: outcome %+v", a.From.Address, out)
			}
		}
		wantKinds(t, d.Deliver())
		wantState(t, d, p.n, o)
		d.WantClean()
	})
}

func TestAutomaticMailDoesNothingThatAPersonsMailDoes(t *testing.T) {
	rows := []struct {
		kind, from string
		state      tickets.State
		heard      string
	}{
		{tickets.AutoReply, ani, r, ""},
		{tickets.AutoReply, ani, c, ""},
		{tickets.AutoReceipt, ani, r, ""},
		{tickets.AutoNotification, ani, c, "budi:message"},
		{tickets.AutoFeedback, ani, r, "budi:message"},
		{tickets.AutoReply, luar, r, ""},
		{tickets.AutoReply, budi, r, "frontdesk:away"},
		{tickets.AutoReceipt, budi, r, ""},
		{tickets.AutoReply, wayan, r, ""},
		{tickets.AutoNotification, fd, r, ""},
		{tickets.AutoList, ani, r, "budi:message"},
		{tickets.AutoList, ani, c, "budi:reopened ani:reopened"}, // a person's words count
		{tickets.AutoList, fd, r, "budi:note"},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Log(row.kind, row.from, row.state)
			p := in(t, d, row.state)
			notice, ok := p.last[row.from]
			if !ok {
				notice = p.last[ani]
			}
			a := answer(d, notice, "", command("status"), command("reopen"), command("unsolved"))
			a.From.Address, a.Automatic, a.NewText = row.from, row.kind, "/status"
			if row.from == luar || row.from == wayan {
				bare(&a)
			}
			d.File(a)
			wantKinds(t, p.deliver(), strings.Fields(row.heard)...)
			if got := p.file().State; got != row.state && row.kind != tickets.AutoList {
				t.Errorf("the state went from %s to %s", row.state, got)
			}
			d.Pass(2 * time.Hour)
		}
	})
}

func TestAutomaticMailWithoutATicketIsAReportWithoutAnAcknowledgement(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for _, kind := range []string{tickets.AutoNotification, tickets.AutoFeedback, tickets.AutoList, tickets.AutoReply, tickets.AutoBounce} {
			out := d.File(d.Mail("robot@"+kind+".example", "Peringatan", "Terdeteksi.", func(a *tickets.Arrival) { a.Automatic = kind }))
			if !out.Opened {
				t.Errorf("%s: outcome %+v", kind, out)
			}
			wantKinds(t, d.Deliver(), "frontdesk:new-report")
		}
	})
}

func TestEnvelopeAddressLeadsARobotsAnswerToItsTicketAndProvesNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		out := d.File(d.Mail(ani, "Di luar kantor", "Saya cuti.", func(a *tickets.Arrival) {
			a.Automatic, a.Recipients = tickets.AutoReply, []string{p.last[ani].Sender}
		}))
		if out.Ticket != p.n || out.Opened {
			t.Errorf("outcome %+v", out)
		}
		d.File(d.Mail(ani, "Jawaban", "Halo.", func(a *tickets.Arrival) { a.Recipients = []string{p.last[ani].Sender} }))
		wantKinds(t, p.deliver(), "budi:unproven")
	})
}

func TestAcknowledgementsAreCappedAndTicketsOpenAllTheSame(t *testing.T) {
	rows := []struct {
		about       string
		change      func(*tickets.Settings)
		from        func(i int) string
		every       time.Duration
		mails, acks int
	}{
		{"five an hour to one address", nil, func(int) string { return ani }, time.Minute, 8, 5},
		{"twenty a day to one address", nil, func(int) string { return ani }, 20 * time.Minute, 30, 20},
		{"a hundred an hour to one domain outside", func(s *tickets.Settings) { s.AcksDomain = 3 }, func(i int) string { return string(rune('a'+i)) + "@luar.example" }, time.Minute, 6, 3},
		{"no cap for a domain of the constituency", func(s *tickets.Settings) { s.AcksDomain = 3 }, func(i int) string { return string(rune('a'+i)) + "@baliprov.example" }, time.Minute, 6, 6},
	}
	for _, row := range rows {
		ticketstest.EachStore(t, row.change, func(t *testing.T, d *ticketstest.Desk) {
			opened, acks := 0, 0
			for i := range row.mails {
				if d.File(d.Mail(row.from(i), "Laporan", "Isi.")).Opened {
					opened++
				}
				d.Pass(row.every)
			}
			for _, n := range d.Deliver() {
				if n.Kind == tickets.KindAcknowledged {
					acks++
				}
			}
			if opened != row.mails || acks != row.acks {
				t.Errorf("%s: %d tickets and %d acknowledgements, want %d and %d", row.about, opened, acks, row.mails, row.acks)
			}
		})
	}
}

func TestAcknowledgementHoldsNoWordOfAnUnprovenSender(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a := d.Mail(luar, "BELI OBAT", "BELI OBAT", func(a *tickets.Arrival) {
			a.From.Name, a.MessageID = "BELI OBAT", "beli obat <x>@luar.example"
		})
		d.File(a)
		ack := to(t, d.Deliver(), luar)
		if strings.Contains(ack.Subject, "OBAT") || ack.InReplyTo != "" || len(ack.Texts) > 0 || ack.Proven {
			t.Errorf("the acknowledgement is %+v", ack)
		}
	})
}

func TestDKIMOnceSeenIsNeededForCommandsFromThenOn(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		report := p.last[fd]
		p.writes(fd, "Catatan saja.") // no command, but DKIM
		_, sent := p.says(fd, "", command("verify"))
		wantSilence(t, sent)
		wantState(t, d, p.n, o)
		d.File(answer(d, report, "Kami periksa.")) // words still are proven
		wantKinds(t, p.deliver(), "ani:message")
	})
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.DKIMOnly = true }, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		p.says(fd, "", command("verify"))
		wantState(t, d, p.n, o)
		p.must(fd, "", command("verify"))
	})
}

func TestStaffWhoReportedAnswerTheirOwnCaseAsItsReporter(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		if err := d.AddStaff(t.Context(), tickets.Staff{Address: ani, Name: "Ani", Roles: []tickets.Role{tickets.Agent}}, d.Now()); err != nil {
			t.Fatal(err)
		}
		_, sent := p.says(ani, "Masih rusak.")
		wantKinds(t, sent, "budi:message")
		p.must(budi, "Perbarui.", command("recommend"), command("close"))
		out, sent := p.says(ani, "", command("unsolved"))
		if !out.Reopened {
			t.Errorf("outcome %+v", out)
		}
		wantKinds(t, sent, "ani:reopened", "budi:unsolved")
		_, sent = p.writes(ani, "Catatan.", command("note")) // what only staff may give they give as staff
		wantKinds(t, sent, "ani:done", "budi:note", "frontdesk:note")
		d.WantClean()
	})
}

func TestUnprovenMailOfStaffWithoutATicketIsKeptAsWhatItIs(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		if out := d.File(d.Mail(fd, "Halo", "Teks.")); out.Opened {
			t.Errorf("outcome %+v", out)
		}
		wantKinds(t, d.Deliver(), "frontdesk:help")
		if n, err := d.Count(`SELECT COUNT(*) FROM message WHERE ticket = 0 AND direction = 'in' AND visibility = 'unproven'`); n != 1 || err != nil {
			t.Errorf("%d messages, %v", n, err)
		}
	})
}
