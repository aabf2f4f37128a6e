package tickets_test

import (
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestReplyAddressSurvivesWhatMailServersDoToIt(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for about, mangle := range map[string]func(string) string{
			"upper case":     strings.ToUpper,
			"%2B":            func(s string) string { return strings.Replace(s, "+", "%2B", 1) },
			"a blank":        func(s string) string { return strings.Replace(s, "+", " ", 1) },
			"quoted":         func(s string) string { return `"` + strings.Replace(s, "@", `"@`, 1) },
			"angle brackets": func(s string) string { return "<" + s + ">" },
		} {
			p := reported(t, d)
			a := answer(d, p.last[fd], "", command("verify"))
			a.To, a.Recipients, a.InReplyTo = nil, []string{mangle(p.last[fd].ReplyTo)}, nil
			d.File(a)
			if got := p.file().State; got != v {
				t.Errorf("%s: the state is %s", about, got)
			}
		}
	})
}

func TestEveryLetterOfATokenCounts(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		whole := p.last[ani].ReplyTo
		from := strings.IndexByte(whole, '+') + 1
		for i := range 32 {
			s := []byte(whole)
			if s[from+i]++; s[from+i] == 'z'+1 || s[from+i] == '7'+1 {
				s[from+i] = 'a'
			}
			a := answer(d, p.last[ani], "Kata.")
			bare(&a)
			a.Recipients = []string{string(s)}
			a.Subject = "Re: [" + string(p.n) + "]"
			d.File(a)
		}
		for _, x := range p.file().Messages {
			if x.From == ani && x.Proof != tickets.ProofNone {
				t.Fatal("a changed token proved its sender")
			}
		}
	})
}

func TestReplyAddressEnds(t *testing.T) {
	rows := []struct {
		about string
		end   func(p *play)
	}{
		{"30 days after the ticket", func(p *play) {
			p.must(budi, "Perbarui.", command("recommend"), command("close"))
			p.Pass(31 * 24 * time.Hour)
		}},
		{"with the staff entry, also where it is made again", func(p *play) {
			if err := p.RemoveStaff(p.t.Context(), fd, p.Now()); err != nil {
				p.t.Fatal(err)
			}
			if err := p.AddStaff(p.t.Context(), tickets.Staff{Address: fd, Name: "Ketut", Roles: []tickets.Role{tickets.FrontDesk}}, p.Now()); err != nil {
				p.t.Fatal(err)
			}
		}},
		{"for commands, once others have seen it", func(p *play) {
			a := answer(p.Desk, p.last[fd], "Lihat ini.")
			a.Cc = []tickets.Address{{Address: luar}}
			p.File(a)
		}},
		{"for commands, once somebody else writes to it", func(p *play) {
			a := p.Mail(luar, "Halo", "Halo.")
			a.Recipients = []string{p.last[fd].ReplyTo}
			p.File(a)
		}},
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			p := in(t, d, r)
			if _, err := d.Tamper(`DELETE FROM dkim_sender`); err != nil { // the case was brought here by signed mails
				t.Fatal(err)
			}
			before := p.last[fd]
			row.end(p)
			if _, err := d.Tamper(`DELETE FROM dkim_sender`); err != nil {
				t.Fatal(err)
			}
			d.File(answer(d, before, "RAHASIA.", command("note")))
			if got := eventKinds(p.file()); got[len(got)-1] == "noted" {
				t.Errorf("%s: the command was carried out", row.about)
			}
		}
	})
}

func TestAddressThatOthersSawStillCountsInThatMailAndTheNextNoticeHasAFreshOne(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		before := p.last[fd]
		a := answer(d, before, "", command("verify"))
		a.Cc = []tickets.Address{{Address: wayan}}
		if out := d.File(a); out.Refused != "" {
			t.Fatal(out.Refused)
		}
		p.deliver()
		if p.last[fd].ReplyTo == before.ReplyTo {
			t.Error("the next notice carries the address that others saw")
		}
		d.File(answer(d, before, "", command("forward", budi)))
		wantState(t, d, p.n, v)
		out, _ := p.says(fd, "", command("forward", budi))
		if out.Refused != "" {
			t.Errorf("the fresh address was refused: %s", out.Refused)
		}
	})
}

func TestReplyAddressOfNoTicketProvesNobodyOnOne(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		d.File(d.Mail(fd, "Halo", "", func(a *tickets.Arrival) {
			a.Commands = []tickets.CommandLine{command("list")}
			a.Recipients = []string{p.last[fd].ReplyTo} // proves, and puts the list on the ticket
		}))
		d.Deliver()
		d.File(d.Mail(fd, "Halo", "", func(a *tickets.Arrival) { a.Authentication.DKIM = "csirt.example" }))
		help := to(t, d.Deliver(), fd)
		if _, err := d.Tamper(`DELETE FROM dkim_sender`); err != nil {
			t.Fatal(err)
		}
		a := answer(d, help, "", command("verify"))
		a.Subject, a.InReplyTo = "["+string(p.n)+"]", nil
		d.File(a)
		wantState(t, d, p.n, o)
		if out := d.File(answer(d, help, "Telepon.", command("new", "Situs"))); out.Refused != "" || !out.Opened {
			t.Errorf("outcome %+v, want what needs no ticket carried out", out)
		}
	})
}

func TestKeysRotate(t *testing.T) {
	old, err := tickets.ParseKeys(strings.Repeat("5e", 32))
	if err != nil {
		t.Fatal(err)
	}
	newest, err := tickets.ParseKeys("# newest first\n" + strings.Repeat("a1", 32) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		before := p.last[fd]
		d.Settings.Keys = tickets.Keys{newest[0], old[0]}
		if out := d.File(answer(d, before, "", command("verify"))); out.Refused != "" {
			t.Errorf("an address of the older key was refused: %s", out.Refused)
		}
		p.deliver()
		d.Settings.Keys = newest
		d.File(answer(d, before, "", command("forward", budi)))
		wantState(t, d, p.n, v)
		if out, _ := p.says(fd, "", command("forward", budi)); out.Refused != "" {
			t.Errorf("an address of the newest key was refused: %s", out.Refused)
		}
	})
}

func TestWithoutReplyAddressesOnlyInReplyToProves(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.Mailbox.Pattern = ""; uncapped(s) }, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		report := p.last[fd]
		if p.last[fd].ReplyTo != ticketstest.Address || p.last[fd].Sender != ticketstest.Address {
			t.Errorf("addresses %q and %q", p.last[fd].ReplyTo, p.last[fd].Sender)
		}
		for about, change := range map[string]func(a *tickets.Arrival){
			"References": func(a *tickets.Arrival) { a.References, a.InReplyTo = a.InReplyTo, nil },
			"subject":    func(a *tickets.Arrival) { a.InReplyTo = nil },
			"the id of a notice to somebody else": func(a *tickets.Arrival) {
				a.InReplyTo = []string{p.last[ani].MessageID}
			},
			"an id that we did not make": func(a *tickets.Arrival) {
				a.InReplyTo = []string{"abcdefghijklmnopqrstuvwxyz234567@csirt.example"}
			},
		} {
			a := answer(d, report, "", command("verify"))
			change(&a)
			d.File(a)
			if got := p.file().State; got != o {
				t.Errorf("%s proved the sender: %s", about, got)
			}
		}
		p.deliver()
		if out := d.File(answer(d, report, "", command("verify"))); out.Refused != "" {
			t.Errorf("In-Reply-To did not prove: %s", out.Refused)
		}
		wantState(t, d, p.n, v)
	})
}

func TestKeyFileThatIsNoneIsRefusedByItsLine(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", strings.Repeat("5e", 31), strings.Repeat("5e", 32) + "\nzz\n"} {
		if _, err := tickets.ParseKeys(text); err == nil {
			t.Errorf("%q was taken for keys", text)
		}
	}
}

func TestExportBlanksTokens(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reported(t, d)
		d.File(d.Mail(ani, "Re: "+string(p.n), "Kepada "+p.last[ani].ReplyTo+"\nFrom awal baris"))
		var out strings.Builder
		if err := d.ExportMbox(t.Context(), p.n, d.Evidence, &out); err != nil {
			t.Fatal(err)
		}
		token := strings.TrimSuffix(strings.TrimPrefix(p.last[ani].ReplyTo, "aduan+"), "@csirt.example")
		if strings.Contains(out.String(), token) || !strings.Contains(out.String(), "\n>From awal baris") || strings.Count(out.String(), "\nFrom ")+1 != 4 {
			t.Errorf("the export is\n%s", out.String())
		}
	})
}
