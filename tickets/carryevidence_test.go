package tickets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// reportedWith opens a case whose report and a later answer have attachments: 1 harmless, 2 dangerous; 3 large.
func reportedWith(t *testing.T, d *ticketstest.Desk) *play {
	t.Helper()
	p := reported(t, d)
	file := func(name string, size int64, c string) tickets.Attachment {
		return tickets.Attachment{Filename: name, ContentType: "application/octet-stream", Size: size, SHA256: strings.Repeat(c, 64), Place: "2"}
	}
	send := func(files ...tickets.Attachment) {
		a := answer(d, p.last[ani], "Ini berkasnya.")
		a.Attachments = files
		d.File(a)
		p.deliver()
	}
	send(file("layar.png", 100, "a"), file("tagihan.exe", 200, "b"))
	send(file("diska.img.txt", 20_000_000, "c"))
	return p
}

func TestEvidenceGoesToWhoAsksByItsNumber(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reportedWith(t, d)
		_, sent := p.says(fd, "", command("evidence", "1"))
		wantKinds(t, sent, "frontdesk:evidence")
		n := sent[0]
		item := n.Items[0]
		if item.Evidence != 1 || item.Password != "" || n.Texts[item.Message].Attachments[0].Number != 1 {
			t.Errorf("item %+v", item)
		}
		if !slices.Contains(eventKinds(p.file()), "evidence") {
			t.Error("no event says so")
		}
		d.WantClean()
	})
}

func TestDangerousEvidenceHasAPasswordThatGoesApart(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reportedWith(t, d)
		out := d.File(answer(d, p.last[fd], "", command("evidence", "#2")))
		claimed, err := d.Claim(context.Background(), 10)
		if err != nil || len(claimed) != 1 || out.Refused != "" {
			t.Fatalf("%d notices, %v, %s", len(claimed), err, out.Refused)
		}
		password := string(claimed[0].Items[0].Password)
		if len(password) != 16 || claimed[0].Kind != tickets.KindEvidence {
			t.Fatalf("%s with a password of %d letters", claimed[0].Kind, len(password))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "item", claimed[0].Items[0])
		fmt.Fprintf(&log, "%v %+v %#v %s", claimed[0], claimed[0], claimed[0].Items, claimed[0].Items[0].Password)
		if strings.Contains(log.String(), password) {
			t.Error("a log line holds the password")
		}
		if err := d.Sent(context.Background(), claimed[0], "250 ok"); err != nil {
			t.Fatal(err)
		}
		claimed, err = d.Claim(context.Background(), 10)
		if err != nil || len(claimed) != 1 || claimed[0].Kind != tickets.KindPassword || string(claimed[0].Items[0].Password) != password {
			t.Fatalf("the password does not follow: %+v, %v", claimed, err)
		}
		text := "Kata sandi: " + password
		sum, size, err := tickets.PutEvidence(context.Background(), d.Evidence, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Rendered(context.Background(), claimed[0], sum, size, text); err != nil {
			t.Fatal(err)
		}
		if err := d.Sent(context.Background(), claimed[0], "250 ok"); err != nil {
			t.Fatal(err)
		}
		shown, err := json.Marshal(p.file())
		if err != nil || strings.Contains(string(shown), password) {
			t.Errorf("`ticket show` tells the password (%v)", err)
		}
		var mbox bytes.Buffer
		if err := d.ExportMbox(context.Background(), p.n, d.Evidence, &mbox); err != nil || strings.Contains(mbox.String(), password) {
			t.Errorf("the export tells the password (%v)", err)
		}
	})
}

func TestEvidenceThatCannotGoIsExplained(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reportedWith(t, d)
		for _, c := range []struct{ about, argument, words string }{
			{"larger than a mail", "3", "aduan ticket export"},
			{"a number beyond", "4", "dari 1 sampai 3"},
			{"nought", "0", "dari 1 sampai 3"},
			{"a word", "tagihan.exe", "dari 1 sampai 3"},
			{"no number", "", "/bukti 2"},
		} {
			args := []string{c.argument}
			if c.argument == "" {
				args = nil
			}
			out, sent := p.says(fd, "", command("evidence", args...))
			wantKinds(t, sent, "frontdesk:refused")
			if !strings.Contains(out.Refused, c.words) {
				t.Errorf("%s: %q lacks %q", c.about, out.Refused, c.words)
			}
		}
		other := d.File(d.Mail(made, "Laporan lain", "Tanpa lampiran."))
		report := to(t, d.Deliver(), fd)
		if out := d.File(answer(d, report, "", command("evidence", "1"))); !strings.Contains(out.Refused, "tidak punya lampiran") {
			t.Errorf("%s: %q", other.Ticket, out.Refused)
		}
		d.WantClean()
	})
}

func TestEvidenceOfARedTicketIsForItsNamedPersons(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reportedWith(t, d)
		p.must(fd, "", command("verify", "tlp=red"), command("forward", budi))
		note := forged(d, wayan, p.n, "", command("evidence", "1"))
		note.Authentication.DKIM = "csirt.example"
		if out := d.File(note); !strings.Contains(out.Refused, "TLP:RED") {
			t.Errorf("a colleague got it: %q", out.Refused)
		}
		d.Deliver()
		if _, sent := p.says(budi, "", command("evidence", "1")); count(sent, tickets.KindEvidence, budi) != 1 {
			t.Errorf("the owner got %s", kinds(sent))
		}
		d.WantClean()
	})
}

func TestForwardedCasesNumberTheirEvidenceThrough(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := reportedWith(t, d)
		sent := p.must(fd, "", command("verify"), command("forward", budi))
		var numbers []int
		for _, m := range to(t, sent, budi).Case {
			for _, a := range m.Attachments {
				numbers = append(numbers, a.Number)
			}
		}
		if !slices.Equal(numbers, []int{1, 2, 3}) {
			t.Errorf("numbers %v", numbers)
		}
	})
}
