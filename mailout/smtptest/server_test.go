package smtptest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const text = "Subject: halo\r\n\r\n.titik\r\nisi\r\n"

func serve(t *testing.T, handle Handler, opts Options) *Server {
	t.Helper()
	s, err := Start("127.0.0.1:0", handle, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// send sends one mail over a connection of its own and returns the first fault.
func send(t *testing.T, s *Server, to ...string) error {
	t.Helper()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.SendMail("r@dinas.example", to, strings.NewReader(text))
}

func TestAMailIsTakenAsItWasSent(t *testing.T) {
	var handed []Mail
	s := serve(t, func(m Mail) error { handed = append(handed, m); return nil }, Options{})
	if err := send(t, s, "aduan@csirt.example", "cc@csirt.example"); err != nil {
		t.Fatal(err)
	}
	mails, err := s.Wait(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	m := mails[0]
	if m.From != "r@dinas.example" || strings.Join(m.To, " ") != "aduan@csirt.example cc@csirt.example" || string(m.Data) != text || m.At.IsZero() {
		t.Errorf("got %+v", m)
	}
	if len(handed) != 1 || string(handed[0].Data) != text {
		t.Errorf("handed over: %+v", handed)
	}
}

func TestAnswersComeAsOrdered(t *testing.T) {
	rows := []struct {
		about  string
		point  string
		answer Answer
		code   int // of the first mail; 0 for taken, -1 for a broken connection
		second int // of the second mail
		taken  int
	}{
		{"greylisting once", "a@x.example", Answer{Code: 451, Times: 1}, 451, 0, 1},
		{"an unknown recipient for ever", "a@x.example", Answer{Code: 550, Enhanced: [3]int{5, 1, 1}}, 550, 550, 0},
		{"another recipient is not concerned", "b@x.example", Answer{Code: 550}, 0, 0, 2},
		{"any recipient", AnyRecipient, Answer{Code: 452, Times: 1}, 452, 0, 1},
		{"refused after DATA", AfterData, Answer{Code: 554, Times: 1}, 554, 0, 1},
		{"cut after DATA, taken", AfterData, Answer{Cut: true, Times: 1}, -1, 0, 2},
		{"cut after DATA, not taken", AfterData, Answer{Code: 451, Cut: true, Times: 1}, -1, 0, 1},
		{"cut at MAIL", OnMail, Answer{Cut: true, Times: 1}, -1, 0, 1},
		{"refused at once", OnHello, Answer{Code: 421, Times: 1}, 421, 0, 1},
	}
	for _, row := range rows {
		t.Run(row.about, func(t *testing.T) {
			s := serve(t, nil, Options{})
			s.Order(row.point, row.answer)
			for n, want := range []int{row.code, row.second} {
				if got := code(send(t, s, "a@x.example")); got != want {
					t.Errorf("mail %d: got %d, want %d", n+1, got, want)
				}
			}
			if got := len(s.Mails()); got != row.taken {
				t.Errorf("taken: got %d, want %d", got, row.taken)
			}
		})
	}
}

func code(err error) int {
	var refused *smtp.SMTPError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &refused):
		return refused.Code
	}
	return -1
}

func TestADelayedAnswerComesLate(t *testing.T) {
	s := serve(t, nil, Options{})
	s.Order(AfterData, Answer{Delay: 100 * time.Millisecond})
	begun := time.Now()
	if err := send(t, s, "a@x.example"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 100*time.Millisecond {
		t.Errorf("took %v, want 100 ms or more", took)
	}
}

func TestAHandlersErrorIsATemporaryRefusal(t *testing.T) {
	s := serve(t, func(Mail) error { return io.ErrShortWrite }, Options{})
	if got := code(send(t, s, "a@x.example")); got != 451 {
		t.Errorf("got %d, want 451", got)
	}
	if n := len(s.Mails()); n != 0 {
		t.Errorf("taken: got %d, want 0", n)
	}
}

func TestWhoHasToLogInIsRefusedWithoutAndTakenWithThePassword(t *testing.T) {
	s := serve(t, nil, Options{Users: map[string]string{"budi": "rahasia"}, RequireAuth: true})
	if got := code(send(t, s, "a@x.example")); got != 502 {
		t.Errorf("without a log-in: got %d, want 502", got)
	}
	rows := []struct {
		about string
		auth  sasl.Client
		code  int
	}{
		{"PLAIN", sasl.NewPlainClient("", "budi", "rahasia"), 0},
		{"LOGIN", sasl.NewLoginClient("budi", "rahasia"), 0},
		{"a wrong password", sasl.NewPlainClient("", "budi", "salah"), 535},
		{"an unknown user", sasl.NewLoginClient("wati", "rahasia"), 535},
	}
	for _, row := range rows {
		t.Run(row.about, func(t *testing.T) {
			c, err := smtp.Dial(s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := code(c.Auth(row.auth)); got != row.code {
				t.Fatalf("got %d, want %d", got, row.code)
			}
			if row.code != 0 {
				return
			}
			if err := c.SendMail("budi@x.example", []string{"a@x.example"}, strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			mails := s.Mails()
			if got := mails[len(mails)-1].User; got != "budi" {
				t.Errorf("user: got %q, want budi", got)
			}
		})
	}
}

func TestADeliveredMailBearsItsEnvelope(t *testing.T) {
	m := Mail{From: "r@dinas.example", Data: []byte(text), At: time.Unix(1e9, 0).UTC()}
	got := string(m.Delivered("aduan+abc@csirt.example"))
	want := "Return-Path: <r@dinas.example>\r\nDelivered-To: aduan+abc@csirt.example\r\n" +
		"Received: from localhost by localhost with ESMTP for <aduan+abc@csirt.example>;\r\n\tSun, 09 Sep 2001 01:46:40 +0000\r\n" + text
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPlusAddressGoesToTheMailboxWithoutThePlus(t *testing.T) {
	rows := []struct{ recipient, mailbox string }{
		{"aduan@csirt.example", "aduan@csirt.example"},
		{"aduan+token@csirt.example", "aduan@csirt.example"},
		{"Aduan+Token+x@CSIRT.example", "aduan@csirt.example"},
		{"postmaster", "postmaster"},
	}
	for _, row := range rows {
		if got := Mailbox(row.recipient); got != row.mailbox {
			t.Errorf("%s: got %q, want %q", row.recipient, got, row.mailbox)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	s := serve(t, nil, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
