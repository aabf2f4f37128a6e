package tickets_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestWholeCaseGoesToWhoAsksForItAlone(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, tickets.Closed)
		sent := p.must(wayan, "", command("history"))
		n := to(t, sent, wayan)
		if len(sent) != 1 || n.Kind != tickets.KindHistory || n.Room != tickets.Internal || len(n.Case) < 4 || len(n.Timeline) < 8 {
			t.Fatalf("%s: %s %s, %d messages, %d events", kinds(sent), n.Kind, n.Room, len(n.Case), len(n.Timeline))
		}
		last := d.Show(p.n).Events
		if e := last[len(last)-2]; e.Kind != "history" && last[len(last)-3].Kind != "history" {
			t.Errorf("that the case was sent is not on record: %s", e.Kind)
		}
		if out := d.File(d.Mail(ani, "Re: ["+string(p.n)+"]", "/history", func(a *tickets.Arrival) {
			a.Commands, a.Authentication.DKIM = []tickets.CommandLine{command("history")}, "dinkes.baliprov.example"
		})); out.Refused != "" {
			t.Errorf("a reporter's /history is text: %+v", out)
		}
		for _, n := range d.Deliver() {
			if n.Kind == tickets.KindHistory || n.Audience != tickets.ToStaff && len(n.Case) > 0 {
				t.Errorf("the case went to %s", n.To.Address)
			}
		}
	})
}

func TestWholeRedCaseGoesToNamedPersonsOnly(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, tickets.Responding)
		p.must(budi, "", command("set", "tlp=red"))
		if out, _ := p.writes(wayan, "", command("history")); !strings.Contains(out.Refused, "TLP:RED") {
			t.Errorf("wayan: %q", out.Refused)
		}
		for _, who := range []string{fd, budi, kepala} {
			p.must(who, "", command("history"))
		}
	})
}

func TestACaseFileHoldsNoTokenAndNoPassword(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, tickets.Responding)
		token := p.last[budi].ReplyTo
		if !strings.Contains(token, "+") {
			t.Fatal(token)
		}
		p.must(budi, "Surel ini dijawab ke "+token+" saja.", command("note"))
		for _, m := range to(t, p.must(fd, "", command("history")), fd).Case {
			if strings.Contains(m.Text+m.Body+m.NewText, token) {
				t.Errorf("a token in the mail of the whole case: %s", m.Text)
			}
		}
		c, err := d.CaseFile(context.Background(), p.n, tickets.Auditing{Evidence: d.Evidence})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := json.Marshal(c)
		if err != nil || bytes.Contains(whole, []byte(token)) || !bytes.Contains(whole, []byte("aduan+xxxxxxxxxxxxxxxx")) {
			t.Errorf("tokens in the case file: %v", err)
		}
		if len(c.Audit.Faults) > 0 || c.Audit.Tickets != 1 || c.Audit.Events != len(c.Events) || c.Head != c.Events[len(c.Events)-1].Hash {
			t.Errorf("audit %+v, head %s", c.Audit, c.Head)
		}
		if _, err := d.Tamper(`UPDATE event SET actor = 'x' WHERE seq = 2`); err != nil {
			t.Fatal(err)
		}
		if c, err = d.CaseFile(context.Background(), p.n, tickets.Auditing{Evidence: d.Evidence}); err != nil || len(c.Audit.Faults) == 0 {
			t.Errorf("the changed event is not told: %v", err)
		}
		if _, err := d.CaseFile(context.Background(), "BALIPROV-CSIRT-2026-9999", tickets.Auditing{Evidence: d.Evidence}); !errors.Is(err, tickets.ErrNotFound) {
			t.Errorf("no such ticket: %v", err)
		}
	})
}

func TestMailsWithoutTokensAreExportedAsTheyCame(t *testing.T) {
	m := ticketstest.Settings().Mailbox
	for raw, blanked := range map[string]bool{
		"Subject: a\n\nlines end\nin LF, no last one":                             false,
		"Subject: a\r\n\r\nhalo\r\n\r\n":                                          false,
		"Subject: a\r\n\r\n\xff\xfe\x00 odd bytes\r\n.\r\n":                       false,
		"Reply-To: aduan+" + strings.Repeat("b", 32) + "@csirt.example\n\nhalo\n": true,
	} {
		var b bytes.Buffer
		got, err := m.WriteBlankMail(&b, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(raw)), nil })
		if err != nil || got != blanked || !blanked && b.String() != raw || blanked && strings.Contains(b.String(), "bbbb") {
			t.Errorf("%q: %t, %v: %q", raw, got, err, b.String())
		}
	}
}
