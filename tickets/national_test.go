package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const (
	sector   = "ttis@sektor.example"
	national = "ttis@nasional.example"
)

func nationally(s *tickets.Settings) {
	uncapped(s)
	s.National = tickets.National{Sector: []string{sector}, Copy: []string{national}}
}

// drafted is a case of which budi holds the draft of a report.
func drafted(t *testing.T, d *ticketstest.Desk) *play {
	t.Helper()
	p := in(t, d, r)
	sent := p.must(budi, "Dampak: layanan terhenti tiga jam.", command("escalate"))
	wantKinds(t, sent, "budi:national-draft")
	return p
}

// word answers the draft with a line.
func word(p *play, line string, change ...func(*tickets.Arrival)) (tickets.Outcome, []tickets.Notice) {
	p.t.Helper()
	a := answer(p.Desk, p.last[budi], line)
	for _, c := range change {
		c(&a)
	}
	out := p.File(a)
	return out, p.deliver()
}

// escalated is a case that was reported to the response teams.
func escalated(t *testing.T, d *ticketstest.Desk) *play {
	t.Helper()
	p := drafted(t, d)
	_, sent := word(p, "Ya")
	wantKinds(t, sent, "budi:done", "frontdesk:national-report", "ttis:national-report", "ttis:national-report")
	return p
}

func TestReportIsDraftedThenSentAfterYesToEachTeam(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		notice := p.last[budi]
		draft := notice.Items[0].Text
		for _, want := range []string{string(p.n), ani, sector, national, "DESKRIPSI\nHalaman depan berubah.", "KRONOLOGI\n- 23 November 2026, 10.00 WITA: laporan diterima\n- 23 November 2026, 10.00 WITA: insiden terverifikasi",
			"DAMPAK\nlayanan terhenti tiga jam."} {
			if !strings.Contains(draft, want) {
				t.Errorf("the draft lacks %q:\n%s", want, draft)
			}
		}
		for _, internal := range []string{budi, fd, "Budi", "Ketut"} {
			if strings.Contains(draft, internal) {
				t.Errorf("the draft names %s", internal)
			}
		}
		_, sent := word(p, "Ya.")
		wantKinds(t, sent, "budi:done", "frontdesk:national-report", "ttis:national-report", "ttis:national-report")
		addresses := map[string]bool{}
		for _, address := range []string{sector, national} {
			n := to(t, sent, address)
			if n.Items[0].Text != draft || n.Audience != tickets.ToNational || addresses[n.ReplyTo] {
				t.Errorf("%s got %+v, want the draft, to an address of their own", address, n)
			}
			addresses[n.ReplyTo] = true
		}
		f := p.file()
		if !slices.Contains(eventKinds(f), "escalated") {
			t.Errorf("events %q", eventKinds(f))
		}
		for _, m := range f.Messages {
			if slices.Contains(m.To, sector) && (m.Direction != "out" || m.Visibility != tickets.VisibleInternal) {
				t.Errorf("the report is on record as %+v", m)
			}
		}
		p.last[budi] = notice
		if out, sent := word(p, "ya"); out.Refused == "" {
			t.Errorf("sent twice: %s", kinds(sent))
		}
		d.WantClean()
	})
}

func TestOnlyAClearYesInTimeSendsTheDraft(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		before := p.last[budi]
		for about, change := range map[string]func(*tickets.Arrival){
			"words":                  func(a *tickets.Arrival) { a.NewText, a.Body = "Ya nanti saya lihat", "Ya nanti saya lihat" },
			"a vacation notice":      func(a *tickets.Arrival) { a.Automatic = tickets.AutoReply },
			"against DMARC":          func(a *tickets.Arrival) { a.Authentication.DMARCFail = true },
			"somebody else":          func(a *tickets.Arrival) { a.From.Address = wayan },
			"the ordinary address":   func(a *tickets.Arrival) { a.Recipients, a.InReplyTo = []string{ticketstest.Address}, nil },
			"a quotation of the yes": func(a *tickets.Arrival) { a.NewText = "> ya" },
		} {
			p.last[budi] = before
			_, sent := word(p, "ya", change)
			for _, n := range sent {
				if n.Audience == tickets.ToNational {
					t.Errorf("%s sends the report", about)
				}
			}
		}
		p = drafted(t, d)
		before = p.last[budi]
		_, sent := word(p, "Tidak")
		wantKinds(t, sent, "budi:done")
		p.last[budi] = before
		out, sent := word(p, "ya")
		wantKinds(t, sent, "budi:refused")
		wantRefused(t, out, "sudah selesai")

		for about, spoil := range map[string]func(p *play){
			"lebih dari 24 jam": func(p *play) { d.Pass(24*time.Hour + time.Second) },
			"sudah berubah": func(p *play) {
				draft := p.last[budi]
				p.must(fd, "", command("forward", wayan))
				p.last[budi] = draft
			},
			"diganti draf yang lebih baru": func(p *play) {
				draft := p.last[budi]
				p.must(budi, "Dampak: lebih besar.", command("escalate"))
				p.last[budi] = draft
			},
		} {
			p := drafted(t, d)
			spoil(p)
			out, sent := word(p, "ya")
			wantRefused(t, out, about)
			wantKinds(t, sent, "budi:refused")
		}
		d.WantClean()
	})
}

func TestYesToOneDraftSendsNoOtherCase(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p, other := drafted(t, d), in(t, d, r)
		_, sent := word(p, "ya", func(a *tickets.Arrival) {
			a.Recipients = append(a.Recipients, other.last[budi].ReplyTo)
			a.InReplyTo = []string{other.last[budi].MessageID}
		})
		if n := to(t, sent, sector); n.Ticket.Number != p.n {
			t.Errorf("the report of %s went out for %s", p.n, n.Ticket.Number)
		}
		if slices.Contains(eventKinds(other.file()), "escalated") || !slices.Contains(eventKinds(p.file()), "escalated") {
			t.Error("the wrong case counts as reported")
		}
	})
}

func TestDraftIsAnsweredWithCommandsLikeAnyMail(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		tamper(t, d, `DELETE FROM dkim_sender`) // budi's reply addresses alone prove commands
		out, sent := p.says(budi, "Dampak: 2.000 orang terdampak.\nUraian: situs diganti.", command("escalate"))
		if out.Refused != "" {
			t.Fatal(out.Refused)
		}
		draft := to(t, sent, budi).Items[0].Text
		if !strings.Contains(draft, "2.000 orang") || !strings.Contains(draft, "DESKRIPSI\nsitus diganti.") {
			t.Errorf("the new draft is %s", draft)
		}
		_, sent = p.says(budi, "Sudah saya telepon.")
		wantKinds(t, sent, "frontdesk:note")
	})
}

func TestDraftIsAnsweredWithoutPlusAddressesToo(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { nationally(s); s.Mailbox.Pattern = "" }, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		_, sent := word(p, "ya")
		wantKinds(t, sent, "budi:done", "frontdesk:national-report", "ttis:national-report", "ttis:national-report")
	})
}

func TestReportAsksForWhatIsMissing(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		wantUnchanged(t, p, "no impact", budi, "", command("escalate"))
		wantUnchanged(t, p, "no impact either", budi, "Kronologi:\npagi hari", command("escalate"))
		wantUnchanged(t, p, "not the owner's", fd, "Dampak: besar", command("escalate"))
		call := d.File(signed(d, fd, "x", "Situs diganti, kata penelepon.", command("new", "Lewat", "telepon"))).Ticket // nobody's address is known
		d.File(signed(d, kepala, string(call), "", command("verify"), command("forward", budi)))
		wantRefused(t, d.File(signed(d, budi, string(call), "Dampak: besar.", command("escalate"))), "Kontak:")
		if out := d.File(signed(d, budi, string(call), "Dampak: besar.\nKontak: Ani, 0361-123", command("escalate"))); out.Refused != "" {
			t.Errorf("refused with a contact: %s", out.Refused)
		}
		d.Deliver()
		p.must(kepala, "Tiga jam tanpa layanan.", command("escalate"))
		if draft := p.last[kepala].Items[0].Text; !strings.Contains(draft, "DAMPAK\nTiga jam tanpa layanan.") {
			t.Errorf("loose words are no impact:\n%s", draft)
		}
	})
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		out, _ := p.writes(budi, "Dampak: besar", command("escalate"))
		wantRefused(t, out, "[national] sector")
	})
}

func TestSectionsAreReadAsPeopleWriteThem(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "Situs diganti sejak pagi.\n\n*Dampak:* layanan terhenti\nselama tiga jam\n\n2. KRONOLOGI\n05.30 mulai\n06.00 dilaporkan: lewat telepon\n\nNarahubung: Ani, 0361-123", command("escalate"))
		draft := p.last[budi].Items[0].Text
		for _, want := range []string{"DESKRIPSI\nSitus diganti sejak pagi.", "DAMPAK\nlayanan terhenti\nselama tiga jam", "KRONOLOGI\n05.30 mulai\n06.00 dilaporkan: lewat telepon\n\n- 23 November", "Kontak: Ani, 0361-123"} {
			if !strings.Contains(draft, want) {
				t.Errorf("the draft lacks %q:\n%s", want, draft)
			}
		}
	})
}

func TestEscalationEndsTheStatutoryClocks(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "", command("set", "iiv=yes", "type=personal-data-breach"))
		wantDue(t, p, moment(24, 10, 0))
		p.must(budi, "Dampak: besar.", command("escalate"))
		wantDue(t, p, moment(24, 10, 0)) // a draft is no report
		word(p, "ya")
		wantDue(t, p, time.Time{})
		if n := remind(t, d, moment(27, 10, 0)); n != 0 {
			t.Errorf("%d reminders", n)
		}
		p = in(t, d, r)
		p.must(budi, "", command("set", "iiv=yes"))
		sent := p.must(budi, "Perbarui.", command("recommend"), command("close"))
		if lines := to(t, sent, budi).Items; !strings.Contains(strings.Join(lines[0].Lines, "|"), "laporan nasional belum dikirim") {
			t.Errorf("closing without the report is answered %+v", lines)
		}
	})
}

func TestResponseTeamIsHeardByTheTeamAloneAndHearsNothingElse(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := escalated(t, d)
		_, sent := p.says(sector, "Mohon kirim log.\n/status")
		wantKinds(t, sent, "budi:national-answer", "frontdesk:national-answer")
		wantSilence(t, sent)
		if n := to(t, sent, budi); n.Room != tickets.Internal || texts(n) != "Mohon kirim log.\n/status" {
			t.Errorf("budi reads %q in the room %s", texts(n), n.Room)
		}
		_, sent = p.says(sector, "", command("status"))
		wantKinds(t, sent, "budi:national-answer", "frontdesk:national-answer")
		for _, line := range []tickets.CommandLine{command("reply"), command("recommend")} {
			for _, n := range p.must(budi, "Perbarui.", line) {
				if n.To.Address == sector || n.To.Address == national {
					t.Errorf("a response team hears %s", n.Kind)
				}
			}
		}
		p.must(budi, "", command("close"))
		_, sent = p.says(national, "Terima kasih, kami catat.")
		wantKinds(t, sent, "budi:national-answer", "frontdesk:national-answer")
		wantState(t, d, p.n, c)
		d.WantClean()
	})
}

// tracker is a mail of a response team's own system: it strips our references, and names its own number.
func tracker(d *ticketstest.Desk, from, subject string, signed bool) tickets.Arrival {
	return d.Mail(from, subject, "Sedang kami tangani.", func(a *tickets.Arrival) {
		if signed {
			a.Authentication = tickets.Authentication{DKIM: tickets.Domain(from), Detail: "DKIM of " + tickets.Domain(from)}
		}
	})
}

func TestMailUnderATeamsOwnNumberJoinsTheTicketItIsKeptFor(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := escalated(t, d)
		other := escalated(t, d)
		ack := answer(d, p.last[sector], "Diterima.")
		ack.Subject, ack.Automatic = "[BSSN-2026-00123] "+ack.Subject, tickets.AutoReply // robots name their number first
		d.File(ack)
		if sent := d.Deliver(); len(sent) > 0 {
			t.Errorf("a robot's receipt tells %s", kinds(sent))
		}
		if got := to(t, p.must(budi, "", command("status")), budi).Ticket; !slices.Equal(got.Foreign, []string{"BSSN-2026-00123"}) || got.EscalatedAt == nil {
			t.Errorf("staff are shown %q, reported at %v", got.Foreign, got.EscalatedAt)
		}
		forged := answer(d, other.last[sector], "Diterima.")
		forged.Subject, forged.Recipients = "[BSSN-2026-00666]", []string{ticketstest.Address}
		forged.InReplyTo = []string{other.last[sector].MessageID}
		d.File(forged) // without a proof it teaches nothing
		d.Deliver()

		for _, row := range []struct {
			about string
			mail  tickets.Arrival
			joins bool
			kind  string
		}{
			{"proven, from the team", tracker(d, sector, "Re: bssn-2026-00123 – pembaruan [BSSN-2026-00123]", true), true, "national-answer"},
			{"unproven, from the team", tracker(d, sector, "[BSSN-2026-00123] pembaruan", false), true, "unproven"},
			{"of another team", tracker(d, national, "[BSSN-2026-00123] pembaruan", true), false, ""},
			{"of a stranger in the same domain", tracker(d, "x@sektor.example", "[BSSN-2026-00123] pembaruan", true), false, ""},
			{"of the reporter", tracker(d, ani, "[BSSN-2026-00123] pembaruan", true), false, ""},
			{"under a number that was never learned", tracker(d, sector, "[BSSN-2026-00666] pembaruan", true), false, ""},
		} {
			out := d.File(row.mail)
			if joined := out.Ticket == p.n; joined != row.joins || !joined && !out.Opened {
				t.Errorf("%s: outcome %+v", row.about, out)
			}
			for _, n := range d.Deliver() {
				if row.joins && string(n.Kind) != row.kind {
					t.Errorf("%s: told as %s, want %s", row.about, n.Kind, row.kind)
				}
			}
		}
		d.WantClean()
	})
}

func TestNumbersOfOtherTeamsAreFoundInSubjects(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		for subject, want := range map[string]string{
			"[BSSN-2026-00123] Laporan":              "BSSN-2026-00123",
			"Laporan #12345":                         "12345",
			"Re: INC0012345 situs":                   "INC0012345",
			"Tiket: 2026/0042/TTIS diterima":         "2026/0042",
			"[EXT] Laporan":                          "",
			"Penanganan insiden 2026 [2026] #2026":   "",
			"Laporan 23 November 2026":               "",
			"[BALIPROV-CSIRT-2026-0001] Re: Laporan": "",
		} {
			if _, err := d.Tamper(`DELETE FROM foreign_number`); err != nil {
				t.Fatal(err)
			}
			p := escalated(t, d)
			a := answer(d, p.last[sector], "Diterima.")
			a.Subject = subject
			d.File(a)
			n, err := d.Count(`SELECT COUNT(*) FROM foreign_number WHERE number = ?`, want)
			all, errAll := d.Count(`SELECT COUNT(*) FROM foreign_number`)
			if err != nil || errAll != nil || want == "" && all != 0 || want != "" && (n != 1 || all != 1) {
				t.Errorf("%q: %d of %d numbers, want %q", subject, n, all, want)
			}
		}
	})
}
