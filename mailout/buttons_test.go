package mailout

import (
	"slices"
	"strings"
	"testing"

	"aduan/tickets"
)

func TestButtonsOpenAnAnswerWithTheCommandFilledIn(t *testing.T) {
	verify := "/verifikasi jenis=lain-lain tingkat=sangat-berbahaya\r\n"
	for _, c := range []struct {
		about    string
		language tickets.Language
		audience tickets.Audience
		kind     tickets.Kind
		want     []string
	}{
		{"Front Desk gets what a new report needs", tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport, []string{verify,
			verify + "/teruskan budi@csirt.example\r\n", verify + "/teruskan ayu@csirt.example\r\n", verify + "/teruskan network\r\n",
			verify + "/teruskan web\r\n", "/tanya\r\n", "/tolak\r\n"}},
		{"the agent gets what handling needs", tickets.Indonesian, tickets.ToStaff, tickets.KindForwarded,
			[]string{"/tanya\r\n", "/lapangan\r\n", "/rekomendasi\r\n", "/pantau\r\n", "/tutup\r\n", "/teruskan front-desk\r\n"}},
		{"a drafted report is sent or dropped", tickets.Indonesian, tickets.ToStaff, tickets.KindNationalDraft, []string{"ya\r\n", "tidak\r\n"}},
		{"what the law asks for comes first", tickets.English, tickets.ToStaff, tickets.KindStatutory,
			[]string{"/escalate\r\n", "/ask\r\n", "/onsite\r\n", "/recommend\r\n", "/monitor\r\n", "/close\r\n", "/forward front-desk\r\n"}},
		{"a response team is offered nothing", tickets.English, tickets.ToNational, tickets.KindNational, nil},
		{"a stranger's mail can be let in", tickets.English, tickets.ToStaff, tickets.KindUnverified,
			[]string{"/cc ani@dinas.example\r\n", "/reporter ani@dinas.example\r\n"}},
		{"the reporter of a closed ticket says whether it is solved", tickets.Indonesian, tickets.ToReporter, tickets.KindClosed,
			[]string{"/selesai\r\n", "/belum\r\n"}},
		{"in English too", tickets.English, tickets.ToReporter, tickets.KindMonitoring, []string{"/solved\r\n", "/unsolved\r\n"}},
		{"a participant does not", tickets.Indonesian, tickets.ToParticipant, tickets.KindClosed, nil},
		{"an acknowledgement needs none", tickets.Indonesian, tickets.ToReporter, tickets.KindAcknowledged, nil},
	} {
		n := sample(samplePrefix, c.language, c.audience, c.kind)
		m := render(t, n)
		to, subjects, bodies := links(t, m)
		if !slices.Equal(bodies, c.want) {
			t.Errorf("%s: got %q, want %q", c.about, bodies, c.want)
		}
		for i := range to {
			if to[i] != n.ReplyTo || subjects[i] != "Re: "+n.Subject {
				t.Errorf("%s: link %d to %q about %q", c.about, i, to[i], subjects[i])
			}
		}
	}
}

func TestEveryButtonIsWrittenOutInTheText(t *testing.T) {
	m := render(t, sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport))
	for _, want := range []string{
		"Untuk memverifikasi, jawab dengan baris pertama:\n  /verifikasi jenis=… tingkat=…", "  /teruskan budi@csirt.example",
		"  /teruskan web", "  /tanya", "  /tolak …",
	} {
		wantContains(t, "the text", m.text(), want)
	}
}

func TestButtonsGoToTheTeamWhereThereAreNoReplyAddresses(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToReporter, tickets.KindClosed)
	n.ReplyTo = "aduan@csirt.example"
	if to, _, _ := links(t, render(t, n)); len(to) != 2 || to[0] != "aduan@csirt.example" {
		t.Errorf("got %q", to)
	}
}

func TestAnAddressFromOutsideNeverAddsACommand(t *testing.T) {
	for _, evil := range []string{"a@b.example\n/tutup", "a@b.example /tutup", "a\u2028@b.example", `"/x"@b.example`, "no address", "a@b@c"} {
		n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindUnverified)
		n.Items[0].Who.Address = evil
		if _, _, bodies := links(t, render(t, n)); len(bodies) != 0 {
			t.Errorf("%q became %q", evil, bodies)
		}
	}
}

func TestAnAgentWhoIsAwayIsNotOffered(t *testing.T) {
	s := witaSettings()
	r := newTestRenderer(t, s)
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindNewReport)
	people := sampleStaff()
	people[1].AwayUntil = n.CreatedAt.UnixMicro() + 1
	for _, b := range r.compose(n, people).buttons() {
		if strings.Contains(b.Command, "budi@") {
			t.Errorf("offers %q", b.Command)
		}
	}
}

func TestCasesOfSomebodyAwayAreOfferedToEachAgentAtTheirOwnAddress(t *testing.T) {
	n := sample(samplePrefix, tickets.Indonesian, tickets.ToStaff, tickets.KindAway)
	n.Ticket = tickets.Ticket{}
	n.Offers = []tickets.Offer{{Number: "BALIPROV-CSIRT-2026-0007", ReplyTo: "aduan+seven@csirt.example"}, {Number: "BALIPROV-CSIRT-2026-0009"}}
	m := render(t, n)
	to, subjects, bodies := links(t, m)
	if len(to) != 8 { // two agents and two teams, for each case
		t.Fatalf("%d links: %q", len(to), bodies)
	}
	for i := range to {
		number, address := "[BALIPROV-CSIRT-2026-0007]", "aduan+seven@csirt.example"
		if i >= 4 {
			number, address = "[BALIPROV-CSIRT-2026-0009]", "aduan@csirt.example"
		}
		if to[i] != address || subjects[i] != "Re: "+number || !strings.HasPrefix(bodies[i], "/teruskan ") {
			t.Errorf("link %d to %q about %q: %q", i, to[i], subjects[i], bodies[i])
		}
	}
	wantContains(t, "the text", m.text(), "Untuk meneruskan BALIPROV-CSIRT-2026-0007, kirim surel ke\naduan+seven@csirt.example dengan baris pertama:\n  /teruskan budi@csirt.example")
}

func TestHelpListsWhatTheRecipientMayDo(t *testing.T) {
	for _, c := range []struct {
		about    string
		audience tickets.Audience
		address  string
		has, not []string
	}{
		{"a reporter", tickets.ToReporter, "ani@dinas.example", []string{"/selesai", "/belum", "/status", "/bantuan"}, []string{"/verifikasi", "/tutup", "/catatan", "/daftar"}},
		{"a participant", tickets.ToParticipant, "kepala@dinas.example", []string{"/status"}, []string{"/selesai", "/cc"}},
		{"Front Desk", tickets.ToStaff, "frontdesk@csirt.example", []string{"/verifikasi", "/teruskan", "/catatan"}, []string{"/ambil", "/selesai"}},
		{"an agent under another address", tickets.ToStaff, "budi.hp@mail.example", []string{"/ambil", "/tutup", "/catatan"}, []string{"/verifikasi", "/selesai"}},
	} {
		n := sample(samplePrefix, tickets.Indonesian, c.audience, tickets.KindHelp)
		n.To.Address = c.address
		text := render(t, n).text()
		for _, w := range c.has {
			wantContains(t, c.about, text, "\n"+w)
		}
		for _, w := range c.not {
			wantNotContains(t, c.about, text, "\n"+w)
		}
	}
}

func TestTheVerificationOfAButtonCanBeSentAsItIs(t *testing.T) {
	for _, l := range []tickets.Language{tickets.Indonesian, tickets.English} {
		for _, severity := range append(tickets.Severities(), "") {
			n := sample(samplePrefix, l, tickets.ToStaff, tickets.KindNewReport)
			n.Ticket.Reported = severity
			words := strings.Fields(newTestRenderer(t, witaSettings()).compose(n, nil).verifyLine())
			if _, ok := tickets.FindCommand(strings.TrimPrefix(words[0], "/")); !ok {
				t.Errorf("%q is no command", words[0])
			}
			for _, w := range words[1:] {
				key, value, _ := strings.Cut(w, "=")
				switch key {
				case "type", "jenis":
					if got, ok := tickets.ParseType(value); !ok || got != "other" {
						t.Errorf("%q is read as type %q", w, got)
					}
				case "severity", "tingkat":
					if got, ok := tickets.ParseSeverity(value); !ok || got != severity {
						t.Errorf("%q is read as severity %q", w, got)
					}
				default:
					t.Errorf("an unknown field %q", key)
				}
			}
		}
	}
}
