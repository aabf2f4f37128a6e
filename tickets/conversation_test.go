package tickets_test

import (
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func thanks(a *tickets.Arrival) { a.Thanks = true }

func TestReportersAnswerGoesWhereTheStateSays(t *testing.T) {
	rows := []struct {
		about string
		state tickets.State
		heard string
		after tickets.State
	}{
		{"before there is an owner Front Desk reads it", o, "frontdesk:message", o},
		{"verified: Front Desk", v, "frontdesk:message", v},
		{"the owner reads it", r, "budi:message", r},
		{"monitoring stays monitoring", m, "budi:message", m},
		{"a closed ticket opens again", c, "budi:reopened ani:reopened", r},
		{"a rejected one does not", j, "frontdesk:message", j},
		{"a duplicate's words go to who works on the case", u, "wayan:message", u},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Log(row.about)
			p := in(t, d, row.state)
			if row.state == u {
				target := p.file().DuplicateOf
				d.File(signed(d, fd, string(target), "", command("verify"), command("forward", wayan)))
				p.deliver()
			}
			_, sent := p.says(ani, "Masih begitu.")
			wantKinds(t, sent, strings.Fields(row.heard)...)
			wantState(t, d, p.n, row.after)
			if len(p.file().Events) == 0 || p.file().Messages[0].Visibility != tickets.VisiblePublic {
				t.Error("the words are not public")
			}
		}
	})
}

func TestThanksReopenNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, c)
		for _, later := range []time.Duration{time.Hour, 20 * 24 * time.Hour} {
			d.Pass(later)
			a := answer(d, p.last[ani], "Terima kasih")
			thanks(&a)
			if out := d.File(a); out.Reopened || out.Opened || out.Ticket != p.n {
				t.Errorf("after %s: outcome %+v", later, out)
			}
			wantKinds(t, p.deliver(), "budi:message")
			wantState(t, d, p.n, c)
		}
	})
}

func TestLateAnswerOpensATicketThatNamesTheOldOne(t *testing.T) {
	rows := []struct {
		about  string
		after  time.Duration
		body   string
		lines  []tickets.CommandLine
		opened bool
	}{
		{"in time", 13 * 24 * time.Hour, "Muncul lagi.", nil, false},
		{"too late", 15 * 24 * time.Hour, "Muncul lagi.", nil, true},
		{"too late even for a proof", 40 * 24 * time.Hour, "Muncul lagi.", nil, true},
		{"too late and unsolved", 15 * 24 * time.Hour, "", []tickets.CommandLine{command("unsolved")}, true},
		{"solved is never too late", 15 * 24 * time.Hour, "", []tickets.CommandLine{command("solved")}, false},
		{"a question for the status is no report", 15 * 24 * time.Hour, "", []tickets.CommandLine{command("status")}, false},
		{"a status with words is one", 15 * 24 * time.Hour, "Muncul lagi.", []tickets.CommandLine{command("status")}, true},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			p := in(t, d, c)
			d.Pass(row.after)
			out, sent := p.says(ani, row.body, row.lines...)
			if out.Opened != row.opened {
				t.Errorf("%s: outcome %+v, want opened %v", row.about, out, row.opened)
			}
			if !row.opened {
				continue
			}
			if d.Show(out.Ticket).Continues != p.n {
				t.Errorf("%s: the new ticket does not name the old one", row.about)
			}
			if report := to(t, sent, fd); report.Items[0].Number != p.n || texts(report) == "" {
				t.Errorf("%s: Front Desk reads %q and number %q", row.about, texts(report), report.Items[0].Number)
			}
			wantState(t, d, p.n, c)
		}
	})
}

func TestAnswerThatArrivedInTimeCountsHoweverLateItIsRead(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, c)
		d.Pass(13 * 24 * time.Hour)
		a := answer(d, p.last[ani], "Muncul lagi.")
		d.Pass(3 * 24 * time.Hour) // the gateway stood still
		if out := d.File(a); !out.Reopened {
			t.Errorf("outcome %+v, want reopened", out)
		}
	})
}

func TestReportersCommands(t *testing.T) {
	rows := []struct {
		about string
		state tickets.State
		body  string
		line  string
		heard string
		after tickets.State
	}{
		{"solved is told and reopens nothing", c, "", "solved", "ani:solved budi:solved", c},
		{"solved with words", c, "Aman.", "solved", "ani:solved budi:solved", c},
		{"solved while it is watched", m, "", "solved", "ani:solved budi:solved", m},
		{"unsolved reopens", c, "", "unsolved", "ani:reopened budi:unsolved", r},
		{"unsolved with words", m, "Lihat lampiran.", "unsolved", "ani:reopened budi:unsolved", r},
		{"unsolved where nobody said it was is a question for the status", r, "", "unsolved", "ani:status", r},
		{"status", j, "", "status", "ani:status", j},
		{"status with words on a closed ticket reopens it", c, "Muncul lagi.", "status", "ani:reopened budi:reopened", r},
		{"help", r, "", "help", "ani:help", r},
		{"staff's commands are text", r, "", "close", "budi:message", r},
		{"unknown commands are text", r, "", "etc/passwd", "budi:message", r},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Log(row.about)
			p := in(t, d, row.state)
			_, sent := p.says(ani, row.body, command(row.line))
			wantKinds(t, sent, strings.Fields(row.heard)...)
			wantState(t, d, p.n, row.after)
			for _, n := range sent {
				if n.Kind == tickets.KindMessage && !strings.Contains(texts(n), row.line) {
					t.Errorf("the words read %q, want the line in them", texts(n))
				}
			}
		}
	})
}

func TestLinesWithASlashOfAReportAreItsText(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a := d.Mail(luar, "Laporan", "ada di server kami", func(a *tickets.Arrival) {
			a.Commands = []tickets.CommandLine{{Name: "var", Args: []string{"www"}, Line: "/var www"}, command("close")}
		})
		d.File(a)
		if got := texts(to(t, d.Deliver(), fd)); !strings.HasPrefix(got, "/var www\n/close") || !strings.HasSuffix(got, "ada di server kami") {
			t.Errorf("Front Desk reads %q", got)
		}
	})
}

func TestHelpAloneIsAnsweredWithoutATicket(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for i := range 7 {
			out := d.File(d.Mail(luar, "bantuan", "", func(a *tickets.Arrival) { a.Commands = []tickets.CommandLine{command("help")} }))
			if out.Opened {
				t.Fatalf("outcome %+v", out)
			}
			want := []string{"orang:help"}
			if i >= 5 { // the cap of acknowledgements
				want = nil
			}
			wantKinds(t, d.Deliver(), want...)
		}
	})
}

func TestPlainTextOfStaffGoesWhereTheAnsweredMailSaid(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		_, sent := p.says(fd, "Terima kasih, kami periksa.") // a new report's notice
		wantKinds(t, sent, "ani:message")
		p.verified()
		_, sent = p.says(fd, "Catatan saya.") // an answer to commands
		wantKinds(t, sent)
		p.forwarded()
		_, sent = p.says(budi, "Saya mulai.") // a forwarded case
		wantSilence(t, sent)
		wantKinds(t, sent, "frontdesk:note")
		_, sent = p.says(fd, "Baik.") // a note
		wantKinds(t, sent, "budi:note")
		_, _ = p.says(ani, "Ini datanya.")
		_, sent = p.says(budi, "Sudah saya terima.") // the reporter's words
		wantKinds(t, sent, "ani:message")
		_, sent = p.writes(wayan, "Tanpa jawaban.") // the answered mail is not known
		wantSilence(t, sent)
		out, _ := p.says(budi, "")
		wantRefused(t, out, "teks baru")
	})
}

func TestAnswerToWordsThatReopenedTheTicketReachesTheReporter(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, c)
		_, _ = p.says(ani, "Muncul lagi.")
		_, sent := p.says(budi, "Kami lihat.")
		wantKinds(t, sent, "ani:message")
	})
}

func TestPlainTextWithoutATicketIsAnsweredWithHelp(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(d.Mail(fd, "Halo", "Apa kabar?", func(a *tickets.Arrival) { a.Authentication.DKIM = "csirt.example" }))
		wantKinds(t, d.Deliver(), "frontdesk:help")
		if out.Opened {
			t.Errorf("outcome %+v", out)
		}
	})
}

func TestSlipIsReturnedAndNothingIsSent(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		a := answer(d, p.last[fd], "Halo,\n/tutup")
		a.Slip = "/tutup"
		out := d.File(a)
		wantRefused(t, out, "Tidak ada yang dikirim")
		sent := p.deliver()
		wantKinds(t, sent, "frontdesk:refused")
		if sent[0].Items[0].Back != "Halo,\n/tutup" {
			t.Errorf("gave back %q", sent[0].Items[0].Back)
		}
	})
}

func TestParticipantsHearTheConversationFromTheirInvitationOn(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.must(budi, "Sebelumnya.", command("reply"))
		invited := to(t, p.must(budi, "", command("cc", made)), made)
		if len(invited.Texts) > 0 || len(invited.References) > 0 || strings.Contains(invited.Subject, "diretas") {
			t.Errorf("a new participant gets earlier words: %+v", invited)
		}
		wantKinds(t, p.must(budi, "Kabar.", command("reply")), "ani:message", "made:message", "budi:done")
		_, sent := p.says(made, "Saya atasannya.")
		wantKinds(t, sent, "budi:message")
		p.must(budi, "Tutup.", command("recommend"), command("close"))
		out, sent := p.says(made, "Masih ada.")
		if out.Reopened {
			t.Error("a participant's words reopened the ticket")
		}
		wantKinds(t, sent, "budi:message")
		p.must(kepala, "", command("reopen"))
		p.must(budi, "", command("uncc", made))
		wantKinds(t, p.must(budi, "Kabar.", command("reply")), "ani:message", "budi:done")
		_, sent = p.says(made, "Halo?")
		wantKinds(t, sent, "budi:unverified")
	})
}

func TestFollowersOfDuplicatesHearOfStatesAlone(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, o)
		second := d.File(d.Mail(made, "Kedua", "Sama.")).Ticket
		third := d.File(d.Mail(luar, "Ketiga", "Sama.")).Ticket
		d.File(signed(d, fd, string(second), "", command("duplicate", string(p.n))))
		d.File(signed(d, fd, string(third), "", command("duplicate", string(second))))
		p.deliver()
		sent := p.must(fd, "Dokumentasi.", command("verify"))
		wantKinds(t, sent, "ani:verified", "made:followed", "orang:followed", "frontdesk:done")
		p.forwarded()
		sent = p.must(budi, "Rahasia pelapor.", command("ask"))
		wantKinds(t, sent, "ani:question", "budi:done")
		wantRefused(t, d.File(signed(d, fd, string(p.n), "", command("forward", wayan), command("duplicate", string(third)))), "dirinya")
	})
}
