package dovecottest

import (
	"crypto/tls"
	"net"
	"net/textproto"
	"testing"
	"time"

	"aduan/mailin/imaptest"
)

func TestWhatIsDeliveredIsRead(t *testing.T) {
	s := Start(t, Config{})
	mail := []byte("Subject: satu\r\n\r\nhalo\r\n")
	s.Deliver(t, s.User, mail)
	got := s.Folder(t, s.User, "INBOX")
	if len(got) != 1 || string(got[0]) != string(mail) {
		t.Errorf("got %q, want %q", got, mail)
	}
	if got := s.Folder(t, s.User, "Missing"); got != nil {
		t.Errorf("missing folder: got %q", got)
	}
}

func TestLMTPDeliversPlusAddressesToTheMailboxWithoutThePlus(t *testing.T) {
	s := Start(t, Config{})
	conn, err := textproto.Dial("tcp", s.LMTP)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	steps := []struct {
		say  string
		code int
	}{
		{"", 220}, {"LHLO test", 250}, {"MAIL FROM:<r@x.example>", 250}, {"RCPT TO:<aduan+token@csirt.example>", 250},
		{"DATA", 354}, {"Subject: plus\r\n\r\nhalo\r\n.", 250}, {"QUIT", 221},
	}
	for _, step := range steps {
		if step.say != "" {
			if err := conn.PrintfLine("%s", step.say); err != nil {
				t.Fatal(err)
			}
		}
		if _, msg, err := conn.ReadResponse(step.code); err != nil {
			t.Fatalf("%q: %v %s", step.say, err, msg)
		}
	}
	if got := s.Folder(t, s.User, "INBOX"); len(got) != 1 {
		t.Errorf("got %d mails, want 1; log: %s", len(got), s.Log())
	}
}

func TestTheCertificateIsTrustedByItsRoots(t *testing.T) {
	s := Start(t, Config{})
	d := &net.Dialer{Timeout: 5 * time.Second}
	conn, err := tls.DialWithDialer(d, "tcp", s.TLSAddr, &tls.Config{RootCAs: s.Roots, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestItStartsAgainOnTheSamePorts(t *testing.T) {
	s := Start(t, Config{})
	s.Deliver(t, s.User, []byte("Subject: satu\r\n\r\nhalo\r\n"))
	s.Stop()
	if _, err := imaptest.ReadFolder(t.Context(), s.Addr, s.User, s.Password, "INBOX"); err == nil {
		t.Error("a stopped server answered")
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if got := s.Folder(t, s.User, "INBOX"); len(got) != 1 {
		t.Errorf("got %d mails, want 1", len(got))
	}
}
