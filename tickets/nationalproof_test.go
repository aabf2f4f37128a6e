package tickets_test

import (
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// nationals are the mails to response teams among those sent.
func nationals(sent []tickets.Notice) (n int) {
	for _, s := range sent {
		if s.Audience == tickets.ToNational {
			n++
		}
	}
	return n
}

func TestDraftThatOthersSawSendsNothingAndProvesNoCommandEverAfter(t *testing.T) {
	seen := map[string]func(p *play, draft tickets.Notice){
		"its author put somebody in copy": func(p *play, draft tickets.Notice) {
			word(p, "Tolong periksa dulu.", func(a *tickets.Arrival) { a.Cc = []tickets.Address{{Address: "orang@lain.example"}} })
		},
		"somebody else wrote to it": func(p *play, draft tickets.Notice) {
			p.File(p.Mail("orang@lain.example", "Re: "+draft.Subject, "Halo.", func(a *tickets.Arrival) { a.Recipients = []string{draft.ReplyTo} }))
		},
	}
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		for about, happens := range seen {
			p := drafted(t, d)
			draft := p.last[budi]
			happens(p, draft)
			p.deliver()
			p.must(fd, "Sudah dibaca.", command("note")) // a fresh reply address goes to budi
			tamper(t, d, `DELETE FROM dkim_sender`)
			p.last[budi] = draft
			if _, sent := word(p, "ya"); nationals(sent) > 0 {
				t.Errorf("%s: the report goes out", about)
			}
			d.File(answer(d, draft, "", command("monitor")))
			wantState(t, d, p.n, r)
		}
	})
}

func TestTeamThatIsBothSectoralAndNationalGetsOneReport(t *testing.T) {
	both := func(s *tickets.Settings) { nationally(s); s.National.Copy = []string{sector, national} }
	ticketstest.EachStore(t, both, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		_, sent := word(p, "ya")
		for _, address := range []string{sector, national} {
			if n := to(t, sent, address); len(n.Items) != 1 {
				t.Errorf("%s gets %d reports in one mail, which is never sent", address, len(n.Items))
			}
		}
	})
}

func TestYesThatGoesToOthersTooStillSendsTheReport(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		_, sent := word(p, "ya", func(a *tickets.Arrival) { a.Cc = []tickets.Address{{Address: wayan}} })
		if nationals(sent) != 2 {
			t.Errorf("sent %s", kinds(sent))
		}
	})
}

func TestDraftIsAboutItsOwnTicketWhateverElseTheAnswerNames(t *testing.T) {
	for about, pattern := range map[string]bool{"plus addresses": true, "no plus addresses": false} {
		t.Run(about, func(t *testing.T) {
			with := func(s *tickets.Settings) {
				nationally(s)
				if !pattern {
					s.Mailbox.Pattern = ""
				}
			}
			ticketstest.EachStore(t, with, func(t *testing.T, d *ticketstest.Desk) {
				other, p := in(t, d, r), drafted(t, d)
				word(p, "ya", func(a *tickets.Arrival) {
					a.Subject = "Re: [" + string(other.n) + "]"
					a.InReplyTo = append([]string{other.last[budi].MessageID}, a.InReplyTo...)
					a.Recipients = append([]string{other.last[budi].ReplyTo}, a.Recipients...)
				})
				for _, e := range other.file().Events {
					if e.Kind == "escalated" {
						t.Error("the other ticket is reported")
					}
				}
				if got := eventKinds(p.file()); got[len(got)-1] != "sent" && got[len(got)-1] != "escalated" {
					t.Errorf("the draft's ticket ends with %q", got)
				}
				d.WantClean()
			})
		})
	}
}

func TestAnswerToADraftThatIsNoClearWordIsNotTakenForANote(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := drafted(t, d)
		draft := p.last[budi]
		for _, words := range []string{"Ya, kirim saja.", "OK kirim", "Kirim!"} {
			p.last[budi] = draft
			out, sent := word(p, words)
			wantKinds(t, sent, "budi:refused")
			wantRefused(t, out, "BELUM dikirim")
		}
		p.last[budi] = draft
		out, sent := word(p, "ya", func(a *tickets.Arrival) { a.Slip = "/tutup" })
		wantKinds(t, sent, "budi:refused")
		wantRefused(t, out, "tampak seperti perintah")
		p.last[budi] = draft
		out, sent = word(p, "ya", func(a *tickets.Arrival) { a.Automatic = tickets.AutoList })
		if nationals(sent) > 0 {
			t.Errorf("a yes over a mailing list sends the report: %+v", out)
		}
		p.last[budi] = draft
		if _, sent = word(p, "ya"); nationals(sent) != 2 {
			t.Errorf("the clear yes sends %s", kinds(sent))
		}
	})
}

func TestNoteBesideEscalateDoesNotBecomePartOfTheReport(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		for _, lines := range [][]tickets.CommandLine{{command("note"), command("escalate")}, {command("escalate"), command("note")}} {
			out, sent := p.writes(budi, "Jangan sampai pelapor tahu.", lines...)
			wantRefused(t, out, "laporan nasional")
			wantKinds(t, sent, "budi:refused")
		}
	})
}

func TestEscalateThatHadToBeConfirmedIsSentAfterASecondYes(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		p.File(forged(d, budi, p.n, "Dampak: besar.", command("escalate")))
		sent := p.deliver()
		wantKinds(t, sent, "budi:confirm")
		p.last[budi] = to(t, sent, budi)
		_, sent = word(p, "ya")
		if nationals(sent) > 0 {
			t.Error("the confirmation of the command sends the report")
		}
		p.last[budi] = to(t, sent, budi)
		_, sent = word(p, "ya")
		if nationals(sent) != 2 {
			t.Errorf("after the second yes: %s", kinds(sent))
		}
		d.WantClean()
	})
}

func TestReplyAddressesQuotedInATextLeaveToNobodyOutside(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		token := strings.TrimSuffix(strings.TrimPrefix(p.last[budi].ReplyTo, "aduan+"), "@csirt.example")
		if len(token) != 32 {
			t.Fatalf("reply address %s", p.last[budi].ReplyTo)
		}
		quoted := "Dampak: besar.\nKepada: " + p.last[budi].ReplyTo
		p.must(fd, "", command("cc", "peserta@dinas.example"))
		notices := p.must(budi, quoted, command("reply"))
		notices = append(notices, p.must(budi, quoted, command("recommend"))...)
		p.must(budi, quoted, command("escalate"))
		_, sent := word(p, "ya")
		notices = append(notices, sent...)
		_, sent = p.says(ani, quoted)
		notices = append(notices, append(sent, p.must(budi, quoted, command("close"))...)...)
		outside := 0
		for _, n := range notices {
			if n.Audience == tickets.ToStaff {
				continue
			}
			outside++
			all := texts(n) + strings.Join(n.Ticket.Recommendations, "")
			for _, i := range n.Items {
				all += i.Text
			}
			if strings.Contains(all, token) {
				t.Errorf("%s to %s holds a token of budi's: %q", n.Kind, n.To.Address, all)
			}
		}
		if outside < 6 {
			t.Errorf("%d mails to people outside: %s", outside, kinds(notices))
		}
	})
}

func TestDraftEndsWithTheStaffEntry(t *testing.T) {
	for about, pattern := range map[string]bool{"plus addresses": true, "no plus addresses": false} {
		t.Run(about, func(t *testing.T) {
			with := func(s *tickets.Settings) {
				nationally(s)
				if !pattern {
					s.Mailbox.Pattern = ""
				}
			}
			ticketstest.EachStore(t, with, func(t *testing.T, d *ticketstest.Desk) {
				const putu = "putu@csirt.example"
				supervisor := tickets.Staff{Address: putu, Name: "Putu", Roles: []tickets.Role{tickets.Supervisor}}
				if err := d.AddStaff(t.Context(), supervisor, d.Now()); err != nil {
					t.Fatal(err)
				}
				p := in(t, d, r)
				draft := to(t, p.must(putu, "Dampak: besar.", command("escalate")), putu)
				if err := d.RemoveStaff(t.Context(), putu, d.Now()); err != nil {
					t.Fatal(err)
				}
				if err := d.AddStaff(t.Context(), supervisor, d.Now()); err != nil {
					t.Fatal(err)
				}
				d.File(answer(d, draft, "ya"))
				if sent := d.Deliver(); nationals(sent) > 0 {
					t.Errorf("a draft of a removed entry sends the report: %s", kinds(sent))
				}
			})
		})
	}
}
