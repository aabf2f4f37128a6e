package tickets_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// opened files a report and returns its number and the notice to Front Desk.
func opened(t *testing.T, d *ticketstest.Desk) (tickets.Number, tickets.Notice) {
	t.Helper()
	n := d.File(d.Mail(ani, "Situs diretas", "Halaman depan berubah.")).Ticket
	return n, to(t, d.Deliver(), fd)
}

// forged is a mail in a staff member's name that proves nothing: it knows the ticket's number and no more.
func forged(d *ticketstest.Desk, from string, n tickets.Number, body string, commands ...tickets.CommandLine) tickets.Arrival {
	return d.Mail(from, "Re: ["+string(n)+"] Situs diretas", body, func(a *tickets.Arrival) { a.Commands = commands })
}

// request files a forged verification in Front Desk's name and returns the request to confirm that it caused.
func request(t *testing.T, d *ticketstest.Desk, n tickets.Number) tickets.Notice {
	t.Helper()
	out := d.File(forged(d, fd, n, "", command("verify", "type=defacement")))
	if out.Refused == "" {
		t.Error("the outcome does not say that the commands wait")
	}
	sent := d.Deliver()
	wantKinds(t, sent, "frontdesk:confirm")
	return sent[0]
}

func actors(f tickets.File, kind string) []string {
	var out []string
	for _, e := range f.Events {
		if e.Kind == kind {
			out = append(out, e.Actor)
		}
	}
	return out
}

func TestUnprovenCommandsWaitForTheRegisteredAddress(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, report := opened(t, d)
		ask := request(t, d, n)
		wantState(t, d, n, tickets.Open)
		if ask.ReplyTo == report.ReplyTo || ask.ReplyTo == ticketstest.Address {
			t.Errorf("the request has no address of its own: %s", ask.ReplyTo)
		}
		if m := d.Show(n).Messages; m[len(m)-2].Visibility != tickets.VisibleUnproven {
			t.Errorf("the kept mail is %s", m[len(m)-2].Visibility)
		}

		d.File(answer(d, ask, "\n “Ya.” \n\nTerima kasih"))
		wantKinds(t, d.Deliver(), "ani:verified", "frontdesk:done")
		wantState(t, d, n, tickets.Verified)
		f := d.Show(n)
		if got := actors(f, "verified"); !slices.Equal(got, []string{fd}) {
			t.Errorf("verified by %q", got)
		}
		if !slices.ContainsFunc(f.Events, func(e tickets.Event) bool {
			return e.Kind == "verified" && strings.Contains(string(e.Data), `"confirmation"`)
		}) {
			t.Error("the event does not name the confirmation")
		}

		d.File(answer(d, ask, "ya"))
		wantKinds(t, d.Deliver())
		if got := actors(d.Show(n), "verified"); len(got) != 1 {
			t.Errorf("a second answer carried it out again: %q", got)
		}
		d.WantClean()
	})
}

func TestCommandsThatFailDMARCWaitToo(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, report := opened(t, d)
		a := answer(d, report, "", command("verify"))
		a.Authentication = tickets.Authentication{DKIM: "csirt.example", DMARCFail: true}
		d.File(a)
		wantState(t, d, n, tickets.Open)
		d.File(answer(d, to(t, d.Deliver(), fd), "Ya"))
		wantState(t, d, n, tickets.Verified)
		d.WantClean()
	})
}

func TestCommandsToAnAddressThatOthersSawWait(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, report := opened(t, d)
		copied := answer(d, report, "Saya periksa dulu.", command("note"))
		copied.Cc = []tickets.Address{{Address: luar}}
		d.File(copied)
		d.Deliver()
		d.File(answer(d, report, "", command("verify")))
		wantState(t, d, n, tickets.Open)
		d.File(answer(d, to(t, d.Deliver(), fd), "Ya"))
		wantState(t, d, n, tickets.Verified)
		d.WantClean() // the events name the kept mail as it stands on record
	})
}

func TestARequestToConfirmHoldsNoWordOfTheUnprovenMail(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		line := command("reject", "KATAMEREKA", "http://katamereka.example/")
		set := command("set", "subject=KATAMEREKA", "severity=high")
		odd := command("katamereka", "KATAMEREKA")
		cc := command("cc", "ani@dinas.example")
		d.File(forged(d, fd, n, "KATAMEREKA", line, set, odd, cc))
		sent := d.Deliver()
		wantKinds(t, sent, "frontdesk:confirm")
		item := sent[0].Items[0]
		shown, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(string(shown)), "katamereka") {
			t.Errorf("the request holds words of the mail: %s", shown)
		}
		for _, want := range []string{"/reject", "tingkat=high", "ani@dinas.example", "bukan perintah", "10 huruf", fd} {
			if !strings.Contains(string(shown), want) {
				t.Errorf("the request does not show %q: %s", want, shown)
			}
		}
		if item.Place != "csirt.example" || item.When == 0 {
			t.Errorf("the request does not say from where it came: %+v", item)
		}
	})
}

func TestOnlyAClearWordOfThePersonConfirms(t *testing.T) {
	change := func(a *tickets.Arrival, c func(*tickets.Arrival)) tickets.Arrival { c(a); return *a }
	for _, c := range []struct {
		about string
		make  func(*ticketstest.Desk, tickets.Notice) tickets.Arrival
	}{
		{"a vacation notice without a mark", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			return answer(d, n, "Saya sedang cuti sampai Senin.\nya")
		}},
		{"a vacation notice that says yes", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "ya")
			return change(&a, func(a *tickets.Arrival) { a.Automatic = tickets.AutoReply })
		}},
		{"yes with more on its line", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival { return answer(d, n, "ya tapi nanti") }},
		{"nothing", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival { return answer(d, n, "") }},
		{"a DMARC fail", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "ya")
			return change(&a, func(a *tickets.Arrival) { a.Authentication.DMARCFail = true })
		}},
		{"a no with a DMARC fail", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "tidak")
			return change(&a, func(a *tickets.Arrival) { a.Authentication.DMARCFail = true })
		}},
		{"two addresses in From", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "ya")
			return change(&a, func(a *tickets.Arrival) { a.Froms = 2 })
		}},
		{"a colleague", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "ya")
			return change(&a, func(a *tickets.Arrival) { a.From.Address = budi })
		}},
		{"somebody outside", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "ya")
			return change(&a, func(a *tickets.Arrival) { a.From.Address = "lain@jauh.example" })
		}},
		{"a changed letter in the address", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			a := answer(d, n, "ya")
			return change(&a, func(a *tickets.Arrival) {
				at := strings.IndexByte(n.ReplyTo, '@')
				last := "a"
				if n.ReplyTo[at-1] == 'a' {
					last = "b"
				}
				a.Recipients = []string{n.ReplyTo[:at-1] + last + n.ReplyTo[at:]}
				a.InReplyTo = nil
			})
		}},
		{"an answer to another mail of the ticket", func(d *ticketstest.Desk, n tickets.Notice) tickets.Arrival {
			return forged(d, fd, n.Ticket.Number, "ya")
		}},
	} {
		t.Run(c.about, func(t *testing.T) {
			d := ticketstest.Open(t, "sqlite:"+t.TempDir()+"/aduan.db", nil)
			n, _ := opened(t, d)
			ask := request(t, d, n)
			d.File(c.make(d, ask))
			wantState(t, d, n, tickets.Open)
			for _, sent := range d.Deliver() {
				if sent.Kind == tickets.KindWarning || sent.Kind == tickets.KindDone {
					t.Errorf("%s to %s", sent.Kind, sent.To.Address)
				}
			}
			yes := answer(d, ask, "YES!") // a clear word still counts after it, also to an address that was mangled on its way
			yes.Recipients = []string{strings.ToUpper(strings.Replace(ask.ReplyTo, "+", "%2B", 1))}
			d.File(yes)
			wantState(t, d, n, tickets.Verified)
			d.WantClean()
		})
	}
}

func TestNoCancelsAndWarnsTheSupervisors(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		ask := request(t, d, n)
		d.File(answer(d, ask, "Tidak!"))
		sent := d.Deliver()
		wantKinds(t, sent, "kepala:warning", "frontdesk:done")
		item := to(t, sent, kepala).Items[0]
		if !strings.Contains(item.Text, fd) || len(item.Lines) != 1 || !strings.Contains(item.Lines[0], "/verify") {
			t.Errorf("the warning does not say what was asked: %+v", item)
		}
		d.File(answer(d, ask, "ya"))
		wantKinds(t, d.Deliver())
		wantState(t, d, n, tickets.Open)
		d.WantClean()
	})
}

func TestAConfirmationIsGoodForADay(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		state tickets.State
		kinds []string
	}{
		{24 * time.Hour, tickets.Verified, []string{"ani:verified", "frontdesk:done"}},
		{24*time.Hour + time.Second, tickets.Open, []string{"frontdesk:refused"}},
	} {
		ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
			n, _ := opened(t, d)
			ask := request(t, d, n)
			d.Pass(c.after)
			d.File(answer(d, ask, "ya"))
			wantKinds(t, d.Deliver(), c.kinds...)
			wantState(t, d, n, c.state)
			d.File(answer(d, ask, "ya"))
			wantKinds(t, d.Deliver())
			d.WantClean()
		})
	}
}

func TestAConfirmationOfWhatHasMovedOnIsRefused(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, report := opened(t, d)
		ask := request(t, d, n)
		d.File(answer(d, report, "", command("reject", "bukan", "insiden")))
		d.Deliver()
		d.File(answer(d, ask, "ya"))
		sent := d.Deliver()
		wantKinds(t, sent, "frontdesk:refused")
		if words := sent[0].Items[0].Lines[0]; !strings.Contains(words, "Ditolak") || !strings.Contains(words, fd) {
			t.Errorf("it does not say who did what: %s", words)
		}
		wantState(t, d, n, tickets.Rejected)
		d.WantClean()
	})
}

func TestTenRequestsADayGoToOnePerson(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		for i := range 13 {
			d.File(forged(d, fd, n, fmt.Sprint(i), command("note")))
		}
		if sent := d.Deliver(); len(sent) != 10 {
			t.Errorf("%d mails: %s", len(sent), kinds(sent))
		}
		d.File(forged(d, budi, n, "", command("take")))
		wantKinds(t, d.Deliver(), "budi:confirm")
		d.Pass(24*time.Hour + time.Second)
		d.File(forged(d, fd, n, "", command("verify")))
		wantKinds(t, d.Deliver(), "frontdesk:confirm")
		if m := d.Show(n).Messages; len(m) < 16 {
			t.Errorf("%d messages are on record", len(m))
		}
		d.WantClean()
	})
}

func TestWhereDKIMIsRequiredTheConfirmationCarriesIt(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.DKIMOnly = true }, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		ask := request(t, d, n)
		d.File(answer(d, ask, "ya"))
		wantKinds(t, d.Deliver())
		wantState(t, d, n, tickets.Open)
		signed := answer(d, ask, "ya")
		signed.Authentication.DKIM = "csirt.example"
		d.File(signed)
		wantState(t, d, n, tickets.Verified)
		d.WantClean()
	})
}

func TestWithoutPlusAddressesInReplyToConfirms(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.Mailbox.Pattern = "" }, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		ask := request(t, d, n)
		if ask.ReplyTo != ticketstest.Address {
			t.Errorf("answers go to %s", ask.ReplyTo)
		}
		named := answer(d, ask, "ya")
		named.InReplyTo, named.References = nil, []string{ask.MessageID}
		d.File(named)
		wantState(t, d, n, tickets.Open)
		d.File(answer(d, ask, "", command("reject", "bukan")))
		wantState(t, d, n, tickets.Open)
		d.Deliver()
		d.File(answer(d, ask, "ya"))
		wantState(t, d, n, tickets.Verified)
		d.WantClean()
	})
}

func TestTheAddressOfARequestProvesNothingElse(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		ask := request(t, d, n)
		d.File(answer(d, ask, "", command("reject", "bukan", "insiden")))
		d.File(answer(d, ask, "Mohon tutup saja.", command("note")))
		wantKinds(t, d.Deliver())
		wantState(t, d, n, tickets.Open)
		d.WantClean()
	})
}

func TestMembersOfASharedMailboxConfirmUnderTheirOwnNames(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		const desk, komang = "meja@csirt.example", "komang@csirt.example"
		err := d.AddStaff(context.Background(), tickets.Staff{Address: desk, Name: "Meja Depan", Roles: []tickets.Role{tickets.FrontDesk}, Shared: true, Members: []string{komang}}, d.Now())
		if err != nil {
			t.Fatal(err)
		}
		n, _ := opened(t, d)
		d.File(forged(d, desk, n, "", command("verify")))
		ask := to(t, d.Deliver(), desk)
		yes := answer(d, ask, "ya")
		yes.From.Address = komang
		d.File(yes)
		wantState(t, d, n, tickets.Verified)
		if got := actors(d.Show(n), "verified"); !slices.Equal(got, []string{komang}) {
			t.Errorf("verified by %q", got)
		}
		d.File(forged(d, komang, n, "", command("note")))
		d.Deliver()
		d.WantClean()
	})
}

func TestAnAliasAsksTheRegisteredAddressAndMayAnswer(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		const putu, phone = "putu@csirt.example", "putu@telepon.example"
		err := d.AddStaff(context.Background(), tickets.Staff{Address: putu, Name: "Putu", Roles: []tickets.Role{tickets.Supervisor}, Aliases: []string{phone}}, d.Now())
		if err != nil {
			t.Fatal(err)
		}
		n, _ := opened(t, d)
		d.File(forged(d, phone, n, "", command("verify")))
		ask := to(t, d.Deliver(), putu)
		yes := answer(d, ask, "Ya")
		yes.From.Address = phone
		d.File(yes)
		if got := actors(d.Show(n), "verified"); !slices.Equal(got, []string{putu}) {
			t.Errorf("verified by %q", got)
		}
	})
}

func TestAKeptMailIsCarriedOutWhole(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		a := d.Mail(fd, "Telepon", "Ibu Ani menelepon: situs berubah.", func(a *tickets.Arrival) {
			a.Commands = []tickets.CommandLine{command("new", "Situs", "berubah", "for=ani@dinkes.baliprov.example")}
			a.Attachments = []tickets.Attachment{{Filename: "catatan.txt", ContentType: "text/plain", Size: 3, SHA256: strings.Repeat("a", 64), Place: "2"}}
		})
		d.File(a)
		ask := to(t, d.Deliver(), fd)
		if ask.Ticket.Number != "" {
			t.Errorf("the request is about %s", ask.Ticket.Number)
		}
		out := d.File(answer(d, ask, "ya"))
		if out.Ticket != "BALIPROV-CSIRT-2026-0001" || !out.Opened {
			t.Fatalf("outcome %+v", out)
		}
		wantKinds(t, d.Deliver(), "ani:acknowledged", "frontdesk:done")
		f := d.Show(out.Ticket)
		if len(f.Messages[0].Attachments) != 1 || f.Messages[0].NewText != a.NewText || f.Reporter.Address != ani {
			t.Errorf("the ticket lacks the report: %+v", f)
		}
		d.WantClean()
	})
}

func TestTimesOfAKeptMailAreThoseOfItsDay(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, report := opened(t, d)
		d.File(answer(d, report, "", command("verify"), command("forward", budi)))
		d.Deliver()
		d.File(forged(d, budi, n, "", command("onsite", "besok", "15.00", "Kantor")))
		ask := to(t, d.Deliver(), budi)
		if !strings.Contains(strings.Join(ask.Items[0].Lines, " "), "2026-11-24 15:00") {
			t.Errorf("the request does not show the time: %q", ask.Items[0].Lines)
		}
		d.Pass(23 * time.Hour)
		d.File(answer(d, ask, "ya"))
		visit := to(t, d.Deliver(), ani).Items[0]
		if got := time.UnixMicro(visit.When).UTC().Format("2006-01-02 15:04"); got != "2026-11-24 07:00" || visit.Place != "Kantor" {
			t.Errorf("the visit is at %s, %q", got, visit.Place)
		}
	})
}

func TestAWrongCommandIsRefusedWhenItIsConfirmed(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n, _ := opened(t, d)
		d.File(forged(d, fd, n, "Tolong.", command("verify"), command("close")))
		ask := to(t, d.Deliver(), fd)
		d.File(answer(d, ask, "ya"))
		sent := d.Deliver()
		wantKinds(t, sent, "frontdesk:refused")
		if sent[0].Items[0].Back != "Tolong." {
			t.Errorf("the text is not given back: %+v", sent[0].Items[0])
		}
		wantState(t, d, n, tickets.Open)
		d.WantClean()
	})
}
