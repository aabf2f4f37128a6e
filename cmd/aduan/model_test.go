package main

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"aduan/mailin/faultnet"
	"aduan/mailout/smtptest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
	"aduan/tickets/waypoint"
)

// model is what must be on record and told, as plainly as it can be said, beside a gateway to which anything happens.
type model struct {
	*broken
	rt      *rapid.T
	gateway *victim
	hear    map[string][]string // who must hear of a mail, by its Message-ID
	state   map[string]tickets.State
	bounced map[string]bool // tickets whose acknowledgement came back
	n       int
}

// act is one random thing that happens.
func (m *model) act() {
	rt := m.rt
	box := rapid.SampledFrom([]string{aduan, aduan, alt}).Draw(rt, "box")
	switch what := rapid.SampledFrom([]string{"report", "report", "report", "twin", "poison", "refused", "old", "answer", "answer", "command", "command", "command", "bounce", "cut mailbox", "cut relay", "unsure", "greylist", "kill", "death"}).Draw(rt, "what"); what {
	case "report", "twin", "poison", "refused", "old":
		m.mail(box, map[string]expectation{"report": aReport, "twin": aTwin, "poison": aPoison, "refused": refused, "old": anOldOne}[what])
	case "answer", "command", "bounce":
		m.settled()
		m.about(box, what)
	case "cut mailbox":
		m.imap.Next(faultnet.Rule{Bytes: rapid.IntRange(0, 3000).Draw(rt, "after"), Cut: true})
		m.boxes[aduan].Drop()
	case "cut relay":
		m.smtp.Next(faultnet.Rule{Bytes: rapid.IntRange(0, 600).Draw(rt, "after"), Cut: true})
	case "unsure":
		m.relay.Order(smtptest.AfterData, smtptest.Answer{Cut: true, Times: 1})
	case "greylist":
		m.relay.Order(smtptest.OnMail, smtptest.Answer{Code: 451, Times: 1})
	case "kill":
		m.start(death{lease: victimsLease})
	case "death":
		m.start(death{rapid.SampledFrom(waypoint.All()).Draw(rt, "point"), rapid.IntRange(1, 3).Draw(rt, "times"), victimsLease, nil})
	}
}

// start kills the gateway that runs, and starts another.
func (m *model) start(d death) {
	if m.gateway != nil {
		m.gateway.kill()
	}
	m.gateway = startVictim(m.trial, d)
}

// settled lets a gateway that nothing happens to finish all that waits.
func (m *model) settled() {
	m.start(death{lease: victimsLease})
	m.settle()
}

func (m *model) mail(box string, kind expectation) {
	if kind == aTwin && len(m.mails) == 0 {
		kind = aReport
	}
	m.deliver(box, kind)
	e := m.mails[len(m.mails)-1]
	switch kind {
	case aReport, refused:
		m.hear[e.id] = []string{e.from, frontdesk}
	case anOldOne:
		m.hear[e.id] = nil
	}
}

// about sends a mail about a ticket that is there: the reporter answers, Front Desk verifies, or the acknowledgement comes back.
func (m *model) about(box, what string) {
	numbers := m.acknowledged()
	if len(numbers) == 0 {
		return
	}
	number := rapid.SampledFrom(slices.Sorted(maps.Keys(numbers))).Draw(m.rt, "ticket")
	m.n++
	e := expected{id: fmt.Sprintf("%s%d@dinkes.baliprov.example", what, m.n), box: box, kind: anAnswer}
	ack, reporter := numbers[number], numbers[number].To[0]
	switch what {
	case "answer":
		e.from, m.hear[e.id] = reporter, []string{frontdesk}
		m.answer(e, ack, "Ada lagi.")
	case "command":
		e.from, m.hear[e.id] = frontdesk, []string{frontdesk}
		if m.state[number] == "" { // else it is refused, and only who gave it hears of that
			m.state[number] = tickets.Verified
			m.hear[e.id] = []string{reporter, frontdesk}
		}
		m.answer(e, m.letter(frontdesk, number), "/verify type=defacement severity=high")
	case "bounce":
		e.from, e.kind, m.hear[e.id] = "mailer-daemon@dinkes.baliprov.example", aBounce, nil
		if !m.bounced[number] {
			m.bounced[number], m.hear[e.id] = true, []string{frontdesk}
		}
		m.put(e, fmt.Sprintf("Return-Path: <>\r\nFrom: %s\r\nTo: %s\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <%s>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"+
			"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n", e.from, ack.From, e.id, reporter), time.Now())
	}
	m.mails = append(m.mails, e)
	m.settled()
}

// answer writes an answer to a mail that went out.
func (m *model) answer(e expected, to smtptest.Mail, text string) {
	l, err := readLetter(to.Data)
	if err != nil {
		m.rt.Fatal(err)
	}
	m.put(e, fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: Re: %s\r\nMessage-ID: <%s>\r\nIn-Reply-To: <%s>\r\n\r\n%s\r\n", e.from, l.replyTo, l.subject, e.id, l.messageID, text), time.Now())
}

// letter is the first mail that somebody got about a ticket.
func (m *model) letter(who, number string) smtptest.Mail {
	for _, mail := range m.relay.Mails() {
		if mail.To[0] == who && strings.Contains(string(mail.Data), "["+number+"]") {
			return mail
		}
	}
	m.rt.Fatalf("%s got no mail about %s", who, number)
	return smtptest.Mail{}
}

// acknowledged are the acknowledgements that arrived, by ticket.
func (m *model) acknowledged() map[string]smtptest.Mail {
	out := map[string]smtptest.Mail{}
	for _, row := range m.rows(`SELECT t.number, n.recipient FROM notice n JOIN ticket t ON t.id = n.ticket WHERE n.kind = 'acknowledged' AND n.state IN ('sent', 'bounced')`, 2) {
		out[row[0]] = m.letter(row[1], row[0])
	}
	return out
}

// check compares the record with the model.
func (m *model) check() {
	m.settled()
	m.upheld()
	heard := map[string][]string{}
	for _, row := range m.rows(`SELECT m.message_id, n.recipient FROM notice n JOIN message m ON m.id = n.cause WHERE n.kind <> 'undelivered'`, 2) {
		heard[row[0]] = append(heard[row[0]], row[1])
	}
	for id, want := range m.hear {
		slices.Sort(want)
		if slices.Sort(heard[id]); !slices.Equal(heard[id], want) {
			m.rt.Errorf("of %s heard %q, want %q", id, heard[id], want)
		}
	}
	for number, want := range m.state {
		if f, err := m.store.Show(m.t.(*rapid.T).Context(), tickets.Number(number)); err != nil || f.State != want {
			m.rt.Errorf("%s is %s, want %s: %v", number, f.State, want, err)
		}
	}
}

func TestWhateverHappensTheRecordIsThatOfAPlainModel(t *testing.T) {
	for name, checks := range map[string]string{"sqlite": "6", "postgresql": "3"} {
		t.Run(name, func(t *testing.T) {
			if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // each check starts servers and gateways
				defer flag.Set("rapid.checks", f.DefValue)
				flag.Set("rapid.checks", checks)
			}
			mails, sent := 0, 0
			rapid.Check(t, func(rt *rapid.T) {
				dsn := "sqlite:" + filepath.Join(t.TempDir(), "aduan.db")
				if name == "postgresql" {
					dsn = ticketstest.PostgreSQL(t)
				}
				m := &model{broken: newBroken(t, outage{dsn: dsn}), rt: rt, hear: map[string][]string{}, state: map[string]tickets.State{}, bounced: map[string]bool{}}
				m.trial.t = rt
				defer func() { m.gateway.kill() }()
				m.start(death{lease: victimsLease})
				m.mail(aduan, aReport)
				for range rapid.IntRange(4, 14).Draw(rt, "acts") {
					m.act()
				}
				m.check()
				mails += len(m.mails)
				sent += len(m.relay.Mails())
			})
			t.Logf("%d mails came in, %d went out", mails, sent)
		})
	}
}
