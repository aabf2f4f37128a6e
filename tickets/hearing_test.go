package tickets_test

import (
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestEverybodyHearsWhatACommandMeansForThem(t *testing.T) {
	type row struct {
		about string
		state tickets.State
		who   string
		text  string
		lines []tickets.CommandLine
		heard string
	}
	rows := []row{
		{"verification is told to the reporter", o, fd, "Log dilihat.", []tickets.CommandLine{command("verify")}, "ani:verified frontdesk:done"},
		{"two states in one mail are one notice", o, fd, "Tolong.", []tickets.CommandLine{command("verify"), command("forward", budi)}, "ani:responding budi:forwarded frontdesk:done"},
		{"taking tells the reporter and gives the case", v, wayan, "", []tickets.CommandLine{command("take")}, "ani:responding wayan:forwarded"},
		{"handing on tells the former owner, not the reporter", r, fd, "", []tickets.CommandLine{command("forward", wayan)}, "wayan:forwarded budi:handed-on frontdesk:done"},
		{"the owner who hands on needs not be told", r, budi, "", []tickets.CommandLine{command("forward", wayan)}, "wayan:forwarded budi:done"},
		{"a team is its member", v, fd, "", []tickets.CommandLine{command("forward", "web")}, "ani:responding budi:forwarded frontdesk:done"},
		{"handing back tells Front Desk", r, budi, "Bukan bidang saya.", []tickets.CommandLine{command("forward", "front-desk")}, "ani:handed-back frontdesk:handed-back budi:done"},
		{"a question of Front Desk's is shown to the owner", r, fd, "Sejak kapan?", []tickets.CommandLine{command("ask")}, "ani:question budi:passed-on frontdesk:done"},
		{"an answer to the reporter", r, budi, "Baik.", []tickets.CommandLine{command("reply")}, "ani:message budi:done"},
		{"a note goes to the owner and Front Desk", r, wayan, "Saya tahu ini.", []tickets.CommandLine{command("note")}, "budi:note frontdesk:note wayan:done"},
		{"a visit", r, budi, "Siapkan akses.", []tickets.CommandLine{command("onsite", "besok", "10.00")}, "ani:onsite budi:done"},
		{"monitoring", r, budi, "", []tickets.CommandLine{command("monitor", "2026-11-30")}, "ani:monitoring budi:done"},
		{"a rejection", o, fd, "", []tickets.CommandLine{command("reject", "bukan insiden")}, "ani:rejected frontdesk:done"},
		{"the owner hears that Front Desk rejected the case", r, fd, "", []tickets.CommandLine{command("reject", "bukan insiden")}, "ani:rejected budi:rejected frontdesk:done"},
		{"the owner hears that a supervisor watches it", r, kepala, "", []tickets.CommandLine{command("monitor")}, "ani:monitoring budi:monitoring kepala:done"},
		{"the owner hears that the case was taken back", r, fd, "", []tickets.CommandLine{command("forward", "front-desk")}, "ani:handed-back budi:handed-back frontdesk:done"},
		{"a supervisor's reopening is told to the owner", c, kepala, "", []tickets.CommandLine{command("reopen")}, "ani:reopened budi:reopened kepala:done"},
		{"the owner's own reopening is not told to the owner", c, budi, "", []tickets.CommandLine{command("reopen")}, "ani:reopened budi:done"},
		{"reopening without an owner is told to Front Desk", j, kepala, "", []tickets.CommandLine{command("reopen")}, "ani:reopened frontdesk:reopened kepala:done"},
		{"a participant is invited", r, budi, "", []tickets.CommandLine{command("cc", made)}, "made:invited budi:done"},
		{"a new reporter is invited and the former one is not told", r, budi, "", []tickets.CommandLine{command("reporter", luar)}, "orang:invited budi:done"},
		{"an absence is told to Front Desk", r, budi, "", []tickets.CommandLine{command("away", "2026-12-01")}, "frontdesk:away budi:done"},
		{"a status is the answer", r, budi, "", []tickets.CommandLine{command("status")}, "budi:status"},
		{"a list is the answer", r, budi, "", []tickets.CommandLine{command("list")}, "budi:list"},
		{"help is the answer", r, budi, "", []tickets.CommandLine{command("help")}, "budi:help"},
		{"a field is set quietly", r, budi, "", []tickets.CommandLine{command("set", "severity=high")}, "budi:done"},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Log(row.about)
			p := in(t, d, row.state)
			wantKinds(t, p.must(row.who, row.text, row.lines...), strings.Fields(row.heard)...)
			tamper(t, d, `UPDATE staff SET away_until = 0`)
			tamper(t, d, `UPDATE ticket SET owner = 0`) // so that teams' members are equally free
		}
	})
}

func TestDoneLinesSpeakTheTeamsLanguage(t *testing.T) {
	for language, want := range map[tickets.Language]string{
		tickets.Indonesian: "jenis kini Web Defacement|tingkat kini Berbahaya|iiv kini ya|tenggat kini|bahasa kini bahasa Inggris",
		tickets.English:    "type is Web Defacement now|severity is|iiv is yes now|due is|lang is English now",
	} {
		ticketstest.EachStore(t, func(s *tickets.Settings) { s.Language = language }, func(t *testing.T, d *ticketstest.Desk) {
			p := in(t, d, o)
			sent := p.must(fd, "", command("set", "type=defacement", "severity=high", "iiv=ya", "due=2026-11-23", "lang=en"))
			got := strings.Join(to(t, sent, fd).Items[0].Lines, "|")
			for _, words := range strings.Split(want, "|") {
				if !strings.Contains(got, words) {
					t.Errorf("answered %q, want %q in it", got, words)
				}
			}
			if f := p.file(); !f.IIV || f.Language != tickets.English || f.DueAt == nil || f.DueAt.Format("2006-01-02 15:04") != "2026-11-23 16:00" {
				t.Errorf("the fields are %+v, want the day's end in the team's time zone", f.Ticket)
			}
		})
	}
}

func TestWhenAnIncidentWasFoundIsReadAsPast(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, o) // a Monday
		p.must(fd, "", command("verify", "found=jumat"))
		if got := p.file().FoundAt; got == nil || got.Format("2006-01-02") != "2026-11-19" { // Friday's midnight in Makassar, in UTC
			t.Errorf("found at %v, want the last Friday", got)
		}
	})
}

func TestVerifyAndForwardKeepTheirTextInternal(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, lines := range [][]tickets.CommandLine{{command("verify")}, {command("verify"), command("forward", budi)}, {command("note")}} {
			p := in(t, d, o)
			for _, n := range p.must(fd, "RAHASIA", lines...) {
				if n.Audience != tickets.ToStaff && (texts(n) != "" || strings.Contains(n.Subject, "RAHASIA")) {
					t.Errorf("%v: %s reads %q", lines, n.To.Address, texts(n))
				}
			}
			for _, m := range p.file().Messages {
				if strings.Contains(m.Body, "RAHASIA") && m.Visibility != tickets.VisibleInternal {
					t.Errorf("%v: the text is %s", lines, m.Visibility)
				}
			}
		}
	})
}

func TestForwardedCaseHoldsTheWholeCase(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, v)
		n := to(t, p.must(fd, "Mohon ditangani.", command("forward", budi)), budi)
		if len(n.Case) != 3 || len(n.Timeline) == 0 || texts(n) != "Mohon ditangani." || n.Room != tickets.Internal {
			t.Errorf("%d mails, %d events, text %q, room %s", len(n.Case), len(n.Timeline), texts(n), n.Room)
		}
	})
}

func TestNewTicketOfATelephoneCall(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(signed(d, fd, "telepon", "Penelepon melihat halaman judi.", command("new", "for="+made, "Situs", "dinas", "diretas"), command("verify", "type=gambling-injection"), command("forward", budi)))
		if out.Refused != "" || !out.Opened {
			t.Fatalf("outcome %+v", out)
		}
		sent := d.Deliver()
		wantKinds(t, sent, "made:acknowledged", "budi:forwarded", "frontdesk:done")
		f := d.Show(out.Ticket)
		if f.State != r || f.Reporter.Address != made || f.Subject != "Situs dinas diretas" {
			t.Errorf("the ticket is %+v", f.Ticket)
		}
		if m := f.Messages[0]; m.Visibility != tickets.VisiblePublic || m.Purpose != "report" {
			t.Errorf("the report is %s, for %q", m.Visibility, m.Purpose)
		}
		out = d.File(answer(d, to(t, sent, budi), "Ada penelepon lain.", command("new", "Laporan", "kedua")))
		if out.Refused != "" || !out.Opened || d.Show(out.Ticket).Reporter.Address != "" {
			t.Errorf("outcome %+v, want a second ticket without a reporter", out)
		}
		d.Deliver()
		wantRefused(t, d.File(signed(d, fd, string(out.Ticket), "Halo?", command("reply"))), "/pelapor")
		d.WantClean()
	})
}

func TestMovedReporterHearsNothingMoreAndProvesNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		old := p.last[ani]
		p.File(signed(d, budi, string(p.n), "Pertanyaan.", command("ask"))) // waits in the outbox
		wantKinds(t, p.must(budi, "", command("reporter", made)), "made:invited", "budi:done", "budi:done")
		wantKinds(t, p.must(budi, "Kabar.", command("reply")), "made:message", "budi:done")
		for _, x := range p.file().Deliveries {
			if x.To == ani && x.State == tickets.Queued {
				t.Error("a notice still waits for the former reporter")
			}
		}
		if _, err := d.RetryOutbox(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		wantKinds(t, d.Deliver())
		out := d.File(answer(d, old, "Ini saya lagi."))
		wantKinds(t, d.Deliver(), "budi:unverified")
		if msgs := d.Show(out.Ticket).Messages; out.Ticket != p.n || msgs[len(msgs)-2].Proof != tickets.ProofNone {
			t.Errorf("outcome %+v, want it on the ticket and unproven", out)
		}
	})
}

func TestTeamPassesOverWhoIsAwayAndPrefersWhoIsFree(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		in(t, d, r) // budi has one
		p := in(t, d, v)
		p.must(fd, "", command("forward", "web"))
		if got := p.file().Owner; got != wayan {
			t.Errorf("the case went to %s, want the freer wayan", got)
		}
		p.must(wayan, "", command("away", "2026-11-30"))
		for range 2 {
			p = in(t, d, v)
			p.must(fd, "", command("forward", "web"))
			if got := p.file().Owner; got != budi {
				t.Errorf("the case went to %s, who is away", got)
			}
		}
		p = in(t, d, v)
		p.must(budi, "", command("away", "2026-11-30"))
		wantUnchanged(t, p, "everybody is away", fd, "", command("forward", "web"))
	})
}
