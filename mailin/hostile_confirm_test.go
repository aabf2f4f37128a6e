package mailin_test

import (
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// asked leaves a forged mail in budi's name that waits for his word.
func asked(s *scene) {
	s.t.Helper()
	_, sent := s.take(as(budi)(s))
	if len(sent) != 1 || sent[0].Kind != tickets.KindConfirm || sent[0].To.Address != budi {
		s.t.Fatalf("%d notices, want one request to budi", len(sent))
	}
}

// says answers the request to budi, from anybody.
func says(who, text string, fields ...string) func(*scene) mails {
	return func(s *scene) mails { return s.mail(who, s.reply(budi), text, fields...) }
}

func TestOnlyTheirOwnClearWordConfirms(t *testing.T) {
	playAll(t, []hostile{
		{about: "yes from a stranger", before: asked, mails: says(jahat, "ya\r\n")},
		{about: "yes from a colleague", before: asked, mails: says(wayan, "ya\r\n")},
		{about: "yes from the reporter", before: asked, mails: says(ani, "ya\r\n")},
		{about: "yes from two, one of them the person", before: asked, mails: says("", "ya\r\n", "From: budi@csirt.example, jahat@evil.example")},
		{about: "yes in a vacation notice", before: asked, mails: says(budi, "ya\r\n", "Auto-Submitted: auto-replied")},
		{about: "yes over a list", before: asked, mails: func(s *scene) mails {
			return s.mail(budi, ticketstest.Address, "ya\r\n", "List-Id: <tim.csirt.example>")
		}},
		{about: "yes with DMARC failed", before: asked, mails: says(budi, "ya\r\n", "Authentication-Results: "+mx+"; dmarc=fail header.from=csirt.example")},
		{about: "yes in quoted text", before: asked, mails: says(budi, "> ya\r\n")},
		{about: "yes in quoted text below a blank line, as an answer", before: asked, mails: func(s *scene) mails {
			return s.mail(budi, s.reply(budi), "\r\n>ya\r\n", "In-Reply-To: <"+s.got(budi).MessageID+">")
		}},
		{about: "yes in the signature", before: asked, mails: says(budi, "Saya sedang cuti.\r\n-- \r\nya\r\n")},
		{about: "yes below other words", before: asked, mails: says(budi, "Saya sedang cuti sampai Senin.\r\nya\r\n")},
		{about: "yes with more on its line", before: asked, mails: says(budi, "ya tapi nanti\r\n")},
		{about: "yes in letters that look alike", before: asked, mails: says(budi, "y\u0430\r\n")},
		{about: "yes in the subject", before: asked, mails: says(budi, "\r\n", "Subject: ya")},
		{about: "yes without the request's address", before: asked, mails: func(s *scene) mails { return s.mail(budi, ticketstest.Address, "ya\r\n") }},
		{about: "yes by the request's Message-ID", before: asked, mails: func(s *scene) mails {
			id := "<" + s.got(budi).MessageID + ">"
			return s.mail(budi, ticketstest.Address, "ya\r\n", "In-Reply-To: "+id, "References: "+id)
		}},
		{about: "yes to the address of a mail before it", proven: []string{budi}, before: func(s *scene) {
			before := s.got(budi)
			asked(s)
			s.last[budi+" "+string(s.n)] = before
		}, mails: says(budi, "ya\r\n")},
		{about: "yes to Front Desk's address", before: asked, mails: func(s *scene) mails { return s.mail(budi, s.reply(fd), "ya\r\n") }},
		{about: "yes after a day", before: func(s *scene) { asked(s); s.Pass(24*time.Hour + time.Second) }, mails: says(budi, "ya\r\n")},
		{about: "yes after no", before: func(s *scene) {
			asked(s)
			answer := says(budi, "tidak\r\n")(s)
			request := s.got(budi)
			s.take(answer)
			s.last[budi+" "+string(s.n)] = request
		}, mails: says(budi, "ya\r\n")},
		{about: "yes once the case has moved on", before: func(s *scene) {
			own := s.got(budi)
			asked(s)
			request := s.got(budi)
			s.last[budi+" "+string(s.n)] = own
			s.must(budi, s.n, "/monitor\r\n")
			s.last[budi+" "+string(s.n)] = request
		}, mails: says(budi, "ya\r\n")},
		{about: "no from a stranger", before: asked, mails: says(jahat, "tidak\r\n")},
		{about: "commands in the answer", before: asked, mails: says(budi, attack)},
	})
}

// count counts the notices of a kind to somebody.
func count(sent []tickets.Notice, kind tickets.Kind, to string) (n int) {
	for _, s := range sent {
		if s.Kind == kind && s.To.Address == to {
			n++
		}
	}
	return n
}

func TestABombOfCommandsAsksTenTimesADay(t *testing.T) {
	row := hostile{about: "commands in one name", mails: func(s *scene) (all mails) {
		for range 13 {
			all = append(all, as(budi)(s)...)
		}
		return all
	}}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		s := newScene(t, d)
		s.prepare()
		was := s.standing(s.n)
		_, sent := s.take(row.mails(s))
		if n := count(sent, tickets.KindConfirm, budi); n != 10 || len(sent) != 10 {
			t.Errorf("%d requests, %d notices", n, len(sent))
		}
		s.wantUnchanged(row, s.n, was)
		s.wantRightPeople(row, sent)
		s.WantClean()
	})
}

func TestABombOfReportsIsAcknowledgedFiveTimesAnHourAndAllAreKept(t *testing.T) {
	row := hostile{about: "reports in one name", hears: []string{jahat + ":acknowledged"}}
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		s := newScene(t, d)
		var all mails
		for range 8 {
			all = append(all, s.mail(jahat, ticketstest.Address, words, "Subject: "+words)...)
		}
		filed, sent := s.take(all)
		opened := 0
		for _, f := range filed {
			if f.Opened {
				opened++
			}
		}
		if n := count(sent, tickets.KindAcknowledged, jahat); n != 5 || opened != 8 {
			t.Errorf("%d acknowledgements, %d tickets", n, opened)
		}
		s.wantRightPeople(row, sent)
		s.WantClean()
	})
}

func TestABombOnOneCaseShowsFiveMailsAnHour(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		s := newScene(t, d)
		for _, from := range []string{jahat, ani} {
			s.prepare()
			var all mails
			for range 9 {
				all = append(all, s.mail(from, ticketstest.Address, words)...)
			}
			_, sent := s.take(all)
			if n := count(sent, tickets.KindWarning, fd); n != 1 || len(sent) != 6 {
				t.Errorf("%s: %d warnings, %d notices", from, n, len(sent))
			}
			s.wantRightPeople(hostile{about: "a bomb from " + from}, sent)
		}
	})
}
