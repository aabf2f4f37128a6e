package mailin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestMain(m *testing.M) { ticketstest.Main(m) }

const (
	ani    = "ani@dinkes.baliprov.example"  // reporter
	putu   = "putu@dinkes.baliprov.example" // participant
	komang = "komang@diskominfo.baliprov.example"
	jahat  = "jahat@evil.example"
	fd     = "frontdesk@csirt.example"
	budi   = "budi@csirt.example" // owner
	wayan  = "wayan@csirt.example"
	kepala = "kepala@csirt.example"
	mx     = "mx.csirt.example" // the host whose Authentication-Results are believed

	// attack is what the owner of a ticket could bring about, by a mail that is theirs.
	attack = "/monitor\r\n/cc jahat@evil.example\r\n/set severity=low tlp=clear type=phishing\r\nKATAPENYERANG\r\n"
	// secret stands in an internal note of every case, words in what an attacker says.
	secret, words = "RAHASIADALAM", "KATAPENYERANG"
)

type mails []string

// hostile is one thing that somebody tries on a case that budi works on.
type hostile struct {
	about  string
	before func(*scene)       // what has happened honestly
	mails  func(*scene) mails // raw, as they come in
	proven []string           // who is proven all the same: their words may be on record as theirs
	hears  []string           // address:kind that may go to people outside staff
}

// scene is a case while a row is played on it.
type scene struct {
	*ticketstest.Desk
	t      *testing.T
	intake *mailin.Intake
	render *mailout.Renderer
	log    *bytes.Buffer

	n, foreign tickets.Number
	last       map[string]tickets.Notice // the last mail that everybody got, by address and number
	tokens     map[string]string         // reply address to whom it was issued
	count      int
	again      mails // a mail that a row sends once more
}

// leaves removes a staff member.
func (s *scene) leaves(address string) {
	s.t.Helper()
	if err := s.RemoveStaff(s.t.Context(), address, s.Now()); err != nil {
		s.t.Fatal(err)
	}
	s.take(nil)
}

func newScene(t *testing.T, d *ticketstest.Desk) *scene {
	t.Helper()
	s := &scene{Desk: d, t: t, log: &bytes.Buffer{}, last: map[string]tickets.Notice{}, tokens: map[string]string{}}
	s.intake = &mailin.Intake{Record: d.Store, Evidence: d.Evidence, Clock: d.Now, Log: slog.New(slog.NewTextHandler(s.log, nil)),
		Authentication: mailin.NewAuthenticator([]string{mx}, 0, zone.lookup)}
	var err error
	s.render, err = mailout.NewRenderer(mailout.Settings{TeamName: "Baliprov-CSIRT", Address: ticketstest.Address, Prefix: "BALIPROV-CSIRT", Staff: d.Staff}, s.intake.OpenAttachment)
	if err != nil {
		t.Fatal(err)
	}
	s.foreign = s.opens(komang)
	s.must(fd, s.foreign, "/verify\r\n/forward wayan@csirt.example\r\n")
	return s
}

// prepare opens a fresh case of ani's that budi works on, with putu beside her and an internal note.
func (s *scene) prepare() {
	s.t.Helper()
	s.Pass(25 * time.Hour) // what is capped by the day begins anew
	s.n = s.opens(ani)
	s.must(fd, s.n, "/verify type=defacement severity=high\r\n/forward budi@csirt.example\r\n")
	s.must(budi, s.n, "/cc "+putu+"\r\n")
	s.must(budi, s.n, "/note\r\n"+secret+"\r\n")
}

func (s *scene) opens(who string) tickets.Number {
	s.t.Helper()
	filed, _ := s.take(s.mail(who, ticketstest.Address, "Halaman depan berubah.", "Subject: Situs diretas"))
	if !filed[0].Opened {
		s.t.Fatalf("no ticket: %+v", filed[0])
	}
	return filed[0].Ticket
}

// must gives commands with the proof of the reply address that have to be carried out.
func (s *scene) must(who string, n tickets.Number, body string) []tickets.Notice {
	s.t.Helper()
	filed, sent := s.take(s.mail(who, s.replyOn(who, n), body))
	if filed[0].Refused != "" || filed[0].Ticket != n {
		s.t.Fatalf("%s: %q: %+v", who, body, filed[0])
	}
	return sent
}

// replyOn is the reply address that somebody was given on a ticket.
func (s *scene) replyOn(who string, n tickets.Number) string {
	s.t.Helper()
	got, ok := s.last[who+" "+string(n)]
	if !ok {
		s.t.Fatalf("%s got no mail about %s", who, n)
	}
	return got.ReplyTo
}

func (s *scene) reply(who string) string       { s.t.Helper(); return s.replyOn(who, s.n) }
func (s *scene) got(who string) tickets.Notice { return s.last[who+" "+string(s.n)] }

// mail writes a raw mail. Its header begins with the given fields; those that they lack are plain, and the subject names the
// case.
func (s *scene) mail(from, to, body string, fields ...string) mails {
	s.count++
	has := func(name string) bool {
		return slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(strings.ToLower(f), strings.ToLower(name)+":") })
	}
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(f + "\r\n")
	}
	for _, f := range [][2]string{{"From", from}, {"To", to}, {"Subject", "Re: [" + string(s.n) + "] Situs diretas"},
		{"Message-ID", fmt.Sprintf("<h%d@evil.example>", s.count)}, {"Date", "Mon, 23 Nov 2026 10:00:00 +0800"}, {"MIME-Version", "1.0"}, {"Content-Type", "text/plain; charset=utf-8"}} {
		if !has(f[0]) && f[1] != "" {
			b.WriteString(f[0] + ": " + f[1] + "\r\n")
		}
	}
	return mails{b.String() + "\r\n" + body}
}

// take takes mails in the way that mails come in, and delivers what follows.
func (s *scene) take(raw mails) (filed []tickets.Filed, sent []tickets.Notice) {
	s.t.Helper()
	for _, r := range raw {
		if err := s.intake.Ingest(context.Background(), strings.NewReader(r), false, func(f tickets.Filed) { filed = append(filed, f) }); err != nil {
			s.t.Fatalf("not taken in: %v", err)
		}
	}
	sent = s.Deliver()
	for _, n := range sent {
		s.last[n.To.Address+" "+string(n.Ticket.Number)] = n
		if n.ReplyTo != ticketstest.Address {
			s.tokens[n.ReplyTo] = n.To.Address
		}
	}
	return filed, sent
}

// standing is what no hostile mail may change.
type standing struct {
	fields     string
	events     int
	deliveries map[int64]tickets.DeliveryState
}

func (s *scene) standing(n tickets.Number) standing {
	f := s.Show(n)
	at := standing{fields: fmt.Sprint(f.State, f.Owner, f.Reporter, f.Participants, f.Type, f.Severity, f.TLP, f.Subject, f.IIV, f.DueAt, f.DuplicateOf, f.Language, len(f.Recommendations)), events: len(f.Events), deliveries: map[int64]tickets.DeliveryState{}}
	for _, d := range f.Deliveries {
		at.deliveries[d.ID] = d.State
	}
	return at
}

func (s *scene) wantUnchanged(row hostile, n tickets.Number, was standing) {
	s.t.Helper()
	is := s.standing(n)
	if is.fields != was.fields {
		s.t.Errorf("%s: %s went from %s to %s", row.about, n, was.fields, is.fields)
	}
	for id, state := range was.deliveries {
		if is.deliveries[id] != state {
			s.t.Errorf("%s: a delivery went from %s to %s", row.about, state, is.deliveries[id])
		}
	}
	for _, e := range s.Show(n).Events[was.events:] {
		if e.Actor != "gateway" && !slices.Contains(row.proven, e.Actor) {
			s.t.Errorf("%s: the event %s has the actor %s", row.about, e.Kind, e.Actor)
		}
	}
}

// wantRightPeople fails where a mail goes to somebody whom it should not reach, or holds what is not theirs.
func (s *scene) wantRightPeople(row hostile, sent []tickets.Notice) {
	s.t.Helper()
	staff, err := s.Staff(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, n := range sent {
		registered := slices.ContainsFunc(staff, func(p tickets.Staff) bool { return p.Address == n.To.Address })
		inside := n.Audience == tickets.ToStaff
		if inside != registered || !inside && !slices.Contains(row.hears, n.To.Address+":"+string(n.Kind)) {
			s.t.Errorf("%s: %s (%s) heard %s", row.about, n.To.Address, n.Audience, n.Kind)
		}
		raw := s.rendered(row, n)
		if inside {
			continue
		}
		for _, p := range staff {
			if strings.Contains(raw, p.Address) {
				s.t.Errorf("%s: %s to %s names %s", row.about, n.Kind, n.To.Address, p.Address)
			}
		}
		for token, whose := range s.tokens {
			if whose != n.To.Address && strings.Contains(raw, token) {
				s.t.Errorf("%s: %s to %s holds a reply address of %s", row.about, n.Kind, n.To.Address, whose)
			}
		}
		if strings.Contains(raw, secret) || strings.Contains(raw, words) {
			s.t.Errorf("%s: %s to %s holds what is not theirs", row.about, n.Kind, n.To.Address)
		}
	}
}

// rendered is the mail of a notice, as bytes and decoded; its header must be one that we wrote.
func (s *scene) rendered(row hostile, n tickets.Notice) string {
	s.t.Helper()
	var b bytes.Buffer
	text, err := s.render.Render(context.Background(), n, &b)
	if err != nil {
		s.t.Fatalf("%s: render %s: %v", row.about, n.Kind, err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(b.Bytes()))
	if err != nil {
		s.t.Fatalf("%s: read %s: %v", row.about, n.Kind, err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != n.To.Address {
		s.t.Errorf("%s: To is %v, %v", row.about, to, err)
	}
	for _, name := range []string{"Bcc", "Cc", "X-Evil"} {
		if v := m.Header.Get(name); v != "" {
			s.t.Errorf("%s: the header of %s has %s: %q", row.about, n.Kind, name, v)
		}
	}
	if bytes.ContainsAny(b.Bytes(), "\x00") {
		s.t.Errorf("%s: NUL in %s", row.about, n.Kind)
	}
	whole := mailin.Parse(context.Background(), bytes.NewReader(b.Bytes()), mailin.Limits{})
	return b.String() + text + whole.Subject + whole.Text
}

// wantOneLineEach fails where a log line is no line of ours.
func (s *scene) wantOneLineEach() {
	s.t.Helper()
	for line := range strings.Lines(s.log.String()) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\r\x00\u2028\u2029") {
			s.t.Errorf("log line %q", line)
		}
	}
}

func (s *scene) play(row hostile) {
	s.t.Helper()
	s.prepare()
	if row.before != nil {
		row.before(s)
	}
	here, there := s.standing(s.n), s.standing(s.foreign)
	raw := row.mails(s)
	filed, sent := s.take(raw)
	if len(filed) != len(raw) {
		s.t.Errorf("%s: %d of %d mails are on record", row.about, len(filed), len(raw))
	}
	s.wantUnchanged(row, s.n, here)
	s.wantUnchanged(row, s.foreign, there)
	s.wantRightPeople(row, sent)
}

func uncapped(s *tickets.Settings) { s.AcksPerHour, s.AcksPerDay, s.AcksDomain = 0, 0, 0 }

func playAll(t *testing.T, rows []hostile) {
	t.Helper()
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		s := newScene(t, d)
		for _, row := range rows {
			s.play(row)
		}
		s.wantOneLineEach()
		s.WantClean()
	})
}

// The same words from the person themselves do all of it: so the tables see what a mail brings about.
func TestTheOwnersOwnMailDoesWhatHostileMailsTry(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		s := newScene(t, d)
		s.prepare()
		was := s.standing(s.n)
		sent := s.must(budi, s.n, attack)
		f := s.Show(s.n)
		if is := s.standing(s.n); is.fields == was.fields || f.State != tickets.Monitoring || f.TLP != tickets.TLPClear || !slices.Contains(f.Participants, jahat) {
			t.Errorf("it stands at %s", is.fields)
		}
		if !slices.ContainsFunc(sent, func(n tickets.Notice) bool { return n.To.Address == jahat }) {
			t.Error("the new participant heard nothing")
		}
	})
}

var errNoAnswer = errors.New("no answer")

// records is a DNS of the test's own.
type records map[string][]string

func (r records) lookup(_ context.Context, name string) ([]string, error) {
	if found, ok := r[strings.TrimSuffix(name, ".")]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("look up %s: %w", name, errNoAnswer)
}
