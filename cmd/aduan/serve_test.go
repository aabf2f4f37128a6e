package main

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aduan/mailin/dovecottest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// The case goes its whole way through a real mail server and a real relay: the gateway reads Dovecot, sends through Postfix,
// and Postfix delivers to the mailboxes of reporter, Front Desk and agent in Dovecot.
func TestCaseThroughRealServers(t *testing.T) {
	for name, place := range map[string]func(*testing.T) (database string, bucket *ticketstest.ObjectStore){
		"sqlite":     func(*testing.T) (string, *ticketstest.ObjectStore) { return "sqlite:aduan.db", nil },
		"postgresql": func(t *testing.T) (string, *ticketstest.ObjectStore) { return ticketstest.PostgreSQL(t), nil },
		"postgresql and S3": func(t *testing.T) (string, *ticketstest.ObjectStore) {
			return ticketstest.PostgreSQL(t), ticketstest.S3(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			database, bucket := place(t)
			dovecot := dovecottest.Start(t, dovecottest.Config{Users: map[string]string{aduan: password, frontdesk: password, budi: password, ani: password}})
			relay := startPostfix(t, dovecot.LMTP)
			in, err := install(t.TempDir(), database, dovecot.Addr, relay)
			if err != nil {
				t.Fatal(err)
			}
			evidence := filepath.Join(filepath.Dir(in.config), "evidence")
			if bucket != nil {
				evidence = bucket.Folder
				in.add(t, fmt.Sprintf("\n[evidence]\nurl = %q\naccess_key = %q\nsecret_key = %q\n", bucket.URL, ticketstest.BucketKey.ID, ticketstest.BucketKey.Secret))
			}
			in.call(t, exitDone, "staff", "add", frontdesk, "--name", "Front Desk", "--role", "front-desk")
			in.call(t, exitDone, "staff", "add", budi, "--name", "Budi Santoso", "--role", "agent")
			in.serve(t)
			s := &wholeCase{T: t, in: in, post: newPost(relay, func(who, folder string) ([][]byte, error) { return dovecot.Folder(t, who, folder), nil })}
			s.play()
			s.check()
			if kept, err := filepath.Glob(filepath.Join(evidence, "??", "*")); err != nil || len(kept) < 2*s.sent {
				t.Errorf("%d pieces of evidence were kept: %v", len(kept), err)
			}
		})
	}
}

// wholeCase is the case as its people live it.
type wholeCase struct {
	*testing.T
	in   installation
	post *post
	sent int // mails to the gateway
}

const (
	theTicket = "BALIPROV-CSIRT-2026-0001"
	note      = "Catatan dalam: sandi admin ternyata admin123."
)

func (s *wholeCase) play() {
	picture := picturePNG(s.T)
	s.deliver(ani, aduan, reportMail(ani, "Situs dinkes diretas", "Halaman depan situs kami diganti sejak pagi.", picture))
	s.read(ani, "sudah kami terima")
	news := s.read(frontdesk, "Halaman depan situs kami diganti")
	if !bytes.Equal(news.files["layar.png"], picture) {
		s.Errorf("the screenshot did not reach Front Desk as it was: files %d", len(news.files))
	}
	if !strings.Contains(news.html, "mailto:") {
		s.Error("Front Desk's mail has no buttons")
	}
	s.answer(news, frontdesk, "/verifikasi jenis=defacement tingkat=berbahaya\n/teruskan "+budi+"\nSudah diperiksa, lihat log.", outlook)
	s.read(ani, "(?s)Ditangani.*Terverifikasi")
	theCase := s.read(budi, "Sudah diperiksa, lihat log")
	if !bytes.Equal(theCase.files["layar.png"], picture) {
		s.Error("the agent did not get the evidence")
	}

	s.answer(theCase, budi, "/tanya\nApakah ada cadangan situs dari kemarin?", gmail)
	question := s.read(ani, "Apakah ada cadangan situs")
	s.answer(question, ani, "Ada, cadangan hari Minggu.", gmail)
	s.read(budi, "Ada, cadangan hari Minggu")

	s.answer(theCase, budi, "/catatan\n"+note, gmail)
	s.read(frontdesk, "Catatan dalam")

	s.answer(theCase, budi, "/lapangan 2031-11-25 10:00 Kantor Dinkes\nKami datang berdua.", gmail)
	visit := s.read(ani, "Kami datang berdua")
	if !slices.ContainsFunc(slices.Collect(maps.Values(visit.files)), func(b []byte) bool {
		return bytes.Contains(b, []byte("DTSTART")) && bytes.Contains(b, []byte("Kantor Dinkes"))
	}) {
		s.Errorf("the visit has no invitation: %v", slices.Collect(maps.Keys(visit.files)))
	}
	s.answer(theCase, budi, "/rekomendasi\nPerbarui CMS dan ganti semua sandi.", gmail)
	s.read(ani, "Perbarui CMS dan ganti semua sandi")
	s.answer(theCase, budi, "/pantau\nKami pantau selama seminggu.", gmail)
	s.read(ani, "Dipantau")
	s.answer(theCase, budi, "/tutup\nSitus pulih.", gmail)
	closed := s.read(ani, "Ditutup")
	if !strings.Contains(closed.text, "Perbarui CMS") {
		s.Error("the closing mail lacks the recommendation")
	}
	s.answer(closed, ani, "Situs kami diganti lagi tadi malam!", gmail)
	s.read(budi, "diganti lagi tadi malam")
	s.read(ani, "dibuka kembali dan kini berstatus Ditangani")
}

// deliver hands a mail to the relay.
func (s *wholeCase) deliver(from, to string, raw []byte) {
	s.Helper()
	if err := send(s.post.relay, from, to, raw); err != nil {
		s.Fatal(err)
	}
	s.sent++
}

// read waits for a letter that was not read before.
func (s *wholeCase) read(who, want string) inMail {
	s.Helper()
	l, err := s.post.awaitLetter(who, want)
	if err != nil {
		s.Fatal(err)
	}
	return l
}

// answer sends an answer and waits until the gateway has taken it in, as people's mails come one after the other.
func (s *wholeCase) answer(l inMail, from, text string, quote client) {
	s.Helper()
	to, raw := answerMail(l, from, text, quote)
	s.deliver(from, to, raw)
	s.awaitProcessed()
}

// awaitProcessed waits until every mail lies in the processed folder and none in the inbox.
func (s *wholeCase) awaitProcessed() {
	s.Helper()
	var inbox, processed [][]byte
	err := await(func() (bool, error) {
		inbox, _ = s.post.read(aduan, "INBOX")
		processed, _ = s.post.read(aduan, "Aduan/Processed")
		return len(inbox) == 0 && len(processed) == s.sent, nil
	})
	if err != nil {
		s.Fatalf("%d mails in the inbox and %d processed, want 0 and %d: %v", len(inbox), len(processed), s.sent, err)
	}
}

// check looks at what the case left behind.
func (s *wholeCase) check() {
	s.awaitProcessed()
	var f tickets.File
	err := await(func() (bool, error) {
		f = s.in.show(s.T, theTicket)
		return !slices.ContainsFunc(f.Deliveries, func(d tickets.Delivery) bool { return d.State != tickets.Sent }), nil
	})
	if err != nil {
		s.Errorf("not every delivery was sent: %+v", f.Deliveries)
	}
	if f.State != tickets.Responding || f.Owner != budi || f.Type != "defacement" || f.Severity != "high" {
		s.Errorf("ticket: state %s, owner %s, type %s, severity %s", f.State, f.Owner, f.Type, f.Severity)
	}
	in := slices.DeleteFunc(slices.Clone(f.Messages), func(m tickets.Message) bool { return m.Direction != "in" })
	if len(in) != s.sent {
		s.Errorf("%d messages came in, want %d", len(in), s.sent)
	}
	for i, m := range in {
		if want := map[bool]string{true: "none", false: "reply-address"}[i == 0]; m.Proof != want {
			s.Errorf("message %d from %s: proof %s, want %s", i+1, m.From, m.Proof, want)
		}
		if strings.Contains(m.NewText, "Om Suastiastu") || strings.Contains(m.NewText, "menulis:") {
			s.Errorf("message %d took the quoted original for new text:\n%s", i+1, m.NewText)
		}
	}
	s.checkReporter()
	s.checkRecord()
}

// checkReporter: the reporter saw neither a staff address nor the note, not even encoded.
func (s *wholeCase) checkReporter() {
	all, err := s.post.all(ani)
	if err != nil {
		s.Fatal(err)
	}
	secret := regexp.MustCompile(`(?i)budi|frontdesk@|admin123|Catatan dalam`)
	for _, l := range all {
		seen := l.subject + l.text + l.html + l.header.Get("From") + l.header.Get("Cc") + l.header.Get("To") + string(l.raw)
		for _, b := range l.files {
			seen += string(b)
		}
		if found := secret.FindString(seen); found != "" {
			s.Errorf("the reporter was told %q:\n%s", found, l.text)
		}
		if !strings.Contains(l.subject, theTicket) {
			s.Errorf("subject %q lacks the number", l.subject)
		}
	}
}

func (s *wholeCase) checkRecord() {
	if out := s.in.call(s.T, exitDone, "audit"); !strings.Contains(out, "1 tickets") || !strings.Contains(out, "0 faults") {
		s.Errorf("audit: %s", out)
	}
	mbox := s.in.call(s.T, exitDone, "ticket", "export", theTicket, "--format", "mbox")
	if n := strings.Count(mbox, "\nFrom "); n+1 < s.sent {
		s.Errorf("the mbox holds %d mails, want at least %d", n+1, s.sent)
	}
}
