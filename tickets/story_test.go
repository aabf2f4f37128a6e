package tickets_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// answer makes a mail that answers a notice: to its reply address, from the person that it went to.
func answer(d *ticketstest.Desk, n tickets.Notice, body string, commands ...tickets.CommandLine) tickets.Arrival {
	return d.Mail(n.To.Address, "Re: "+n.Subject, body, func(a *tickets.Arrival) {
		a.To = []tickets.Address{{Address: n.ReplyTo}}
		a.Recipients = []string{n.ReplyTo}
		a.InReplyTo = []string{n.MessageID}
		a.Commands = commands
	})
}

func command(name string, args ...string) tickets.CommandLine {
	line := tickets.CommandLine{Name: name, Set: map[string]string{}, Line: "/" + name + " " + strings.Join(args, " ")}
	for _, a := range args {
		if k, v, ok := strings.Cut(a, "="); ok {
			line.Set[k] = v
		} else {
			line.Args = append(line.Args, a)
		}
	}
	return line
}

// to picks the only notice to an address.
func to(t *testing.T, sent []tickets.Notice, address string) tickets.Notice {
	t.Helper()
	var found []tickets.Notice
	for _, n := range sent {
		if n.To.Address == address {
			found = append(found, n)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d notices to %s, want one; all: %s", len(found), address, kinds(sent))
	}
	return found[0]
}

func kinds(sent []tickets.Notice) string {
	var out []string
	for _, n := range sent {
		out = append(out, string(n.Kind)+">"+n.To.Address)
	}
	return strings.Join(out, " ")
}

func wantKinds(t *testing.T, sent []tickets.Notice, want ...string) {
	t.Helper()
	var got []string
	for _, n := range sent {
		local, _, _ := strings.Cut(n.To.Address, "@")
		got = append(got, local+":"+string(n.Kind))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("notices %q, want %q", got, want)
	}
}

func wantState(t *testing.T, d *ticketstest.Desk, n tickets.Number, want tickets.State) {
	t.Helper()
	if got := d.Show(n).State; got != want {
		t.Fatalf("state %s, want %s", got, want)
	}
}

const (
	ani  = "ani@dinkes.baliprov.example"
	fd   = "frontdesk@csirt.example"
	budi = "budi@csirt.example"
)

func TestCaseGoesTheWholeWay(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(d.Mail(ani, "Situs diretas", "Halaman depan berubah."))
		if out.Ticket != "BALIPROV-CSIRT-2026-0001" || !out.Opened {
			t.Fatalf("outcome %+v", out)
		}
		n := out.Ticket
		sent := d.Deliver()
		wantKinds(t, sent, "ani:acknowledged", "frontdesk:new-report")
		ack, report := to(t, sent, ani), to(t, sent, fd)
		if strings.Contains(ack.Subject, "diretas") || !strings.Contains(report.Subject, "Situs diretas") {
			t.Errorf("subjects %q and %q", ack.Subject, report.Subject)
		}

		out = d.File(answer(d, report, "Log sudah dilihat.", command("verify", "type=defacement", "severity=high"), command("forward", budi)))
		if out.Refused != "" {
			t.Fatal(out.Refused)
		}
		sent = d.Deliver()
		wantKinds(t, sent, "ani:responding", "frontdesk:done", "budi:forwarded")
		theCase := to(t, sent, budi)
		if len(to(t, sent, ani).Items) != 2 {
			t.Errorf("the reporter hears of both states in one mail: %+v", to(t, sent, ani).Items)
		}

		d.File(answer(d, theCase, "Apakah ada cadangan?", command("ask")))
		sent = d.Deliver()
		wantKinds(t, sent, "ani:question", "budi:done")
		d.File(answer(d, to(t, sent, ani), "Ada, dari kemarin."))
		sent = d.Deliver()
		wantKinds(t, sent, "budi:message")
		d.File(answer(d, to(t, sent, budi), "Baik, pulihkan dari cadangan itu."))
		wantKinds(t, d.Deliver(), "ani:message")

		d.File(answer(d, theCase, "", command("onsite", "besok", "10.00", "Ruang", "server")))
		wantKinds(t, d.Deliver(), "ani:onsite", "budi:done")
		d.File(answer(d, theCase, "Perbarui CMS.", command("recommend")))
		wantKinds(t, d.Deliver(), "ani:recommended", "budi:done")
		d.File(answer(d, theCase, "", command("monitor", "2026-11-30")))
		wantKinds(t, d.Deliver(), "ani:monitoring", "budi:done")
		d.File(answer(d, theCase, "Terima kasih atas kerja samanya.", command("close")))
		sent = d.Deliver()
		wantKinds(t, sent, "ani:closed", "budi:done")
		if r := to(t, sent, ani).Ticket.Recommendations; len(r) != 1 || r[0] != "Perbarui CMS." {
			t.Errorf("recommendations %q", r)
		}
		wantState(t, d, n, tickets.Closed)

		d.Pass(24 * time.Hour)
		out = d.File(answer(d, to(t, sent, ani), "Muncul lagi!"))
		if !out.Reopened || out.Ticket != n {
			t.Errorf("outcome %+v", out)
		}
		wantKinds(t, d.Deliver(), "ani:reopened", "budi:reopened")
		wantState(t, d, n, tickets.Responding)
		d.WantClean()
	})
}
