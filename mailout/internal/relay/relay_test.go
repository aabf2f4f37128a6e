package relay

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"
)

const mail = "Subject: hello\r\n\r\nfirst line\r\n.\r\n..two dots\r\nlast\r\n"

func relayTo(t *testing.T, s *server, change ...func(*Config)) *Relay {
	t.Helper()
	cfg := Config{Addr: s.addr, Timeout: 5 * time.Second, Connections: 1}
	for _, f := range change {
		f(&cfg)
	}
	r := New(cfg)
	t.Cleanup(func() { r.Close() })
	return r
}

func send(t *testing.T, r *Relay) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return r.Send(ctx, "aduan+n1@csirt.example", "ayu@baliprov.example", strings.NewReader(mail))
}

func mustSend(t *testing.T, r *Relay) {
	t.Helper()
	if _, err := send(t, r); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// at answers one command (by its beginning) with a text, on the given connection or, with 0, on all.
func at(conn int, command, text string) func(int, string) string {
	return func(n int, line string) string {
		if (conn == 0 || conn == n) && strings.HasPrefix(strings.ToUpper(line), command) {
			return text
		}
		return ""
	}
}

func TestMailArrivesAsItIsAndTheServersWordsComeBack(t *testing.T) {
	s := (&server{features: []string{"8BITMIME", "SMTPUTF8"}}).start(t)
	words, err := send(t, relayTo(t, s))
	if err != nil || words != "250 2.0.0 ok: queued as 4711" {
		t.Fatalf("got %q, %v", words, err)
	}
	if got := s.accepted(); len(got) != 1 || got[0] != mail {
		t.Errorf("arrived: %q", got)
	}
	if want := "MAIL FROM:<aduan+n1@csirt.example> BODY=8BITMIME\n"; !strings.Contains(s.lines(), want) {
		t.Errorf("want %q (no SMTPUTF8 where nothing needs it) in\n%s", want, s.lines())
	}
	if !strings.Contains(s.lines(), "EHLO [127.0.0.1]") {
		t.Errorf("without a name of ours the address literal greets:\n%s", s.lines())
	}
}

func TestManyMailsShareOneConnection(t *testing.T) {
	s := (&server{}).start(t)
	r := relayTo(t, s)
	for range 5 {
		mustSend(t, r)
	}
	if s.connections() != 1 || len(s.accepted()) != 5 {
		t.Errorf("%d connections, %d mails", s.connections(), len(s.accepted()))
	}
	r.Close()
	if !strings.HasSuffix(s.lines(), "QUIT") {
		t.Errorf("no leave was taken:\n%s", s.lines())
	}
	if _, err := send(t, r); err == nil {
		t.Error("a closed relay sent")
	}
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	s := (&server{}).start(t)
	r := relayTo(t, s, func(c *Config) { c.Connections = 3 })
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := send(t, r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.connections() > 3 || len(s.accepted()) != 30 {
		t.Errorf("%d connections, %d mails", s.connections(), len(s.accepted()))
	}
}

func TestWhoseFaultAnAnswerIs(t *testing.T) {
	for _, row := range []struct {
		about, command, answer string
		want                   Refusal
	}{
		{"nobody there", "RCPT", "550 5.1.1 no such user", Refusal{550, "5.1.1", "no such user", true}},
		{"greylisting", "RCPT", "450 4.2.0 greylisted", Refusal{450, "4.2.0", "greylisted", false}},
		{"the sender is not allowed", "MAIL", "553 5.7.1 not yours", Refusal{553, "5.7.1", "not yours", true}},
		{"a full disk at MAIL", "MAIL", "452 no space", Refusal{452, "", "no space", false}},
		{"DATA refused", "DATA", "554 no", Refusal{554, "", "no", true}},
		{"spam, in several lines", "END", "550-5.7.1 this looks\n550 5.7.1 like spam", Refusal{550, "5.7.1", "this looks like spam", true}},
		{"a scanner is away", "END", "451 4.3.0 later", Refusal{451, "4.3.0", "later", false}},
		{"log-in needed is the operator's to mend", "MAIL", "530 5.7.0 log in first", Refusal{530, "5.7.0", "log in first", false}},
		{"a code whose class is not the reply's stays text", "RCPT", "450 5.1.1 odd", Refusal{450, "", "5.1.1 odd", false}},
		{"good-bye", "RCPT", "421 4.3.2 shutting down", Refusal{421, "4.3.2", "shutting down", false}},
	} {
		t.Run(row.about, func(t *testing.T) {
			s := (&server{reply: at(1, row.command, row.answer)}).start(t)
			r := relayTo(t, s)
			_, err := send(t, r)
			var got *Refusal
			if !errors.As(err, &got) || *got != row.want {
				t.Fatalf("got %#v (%v), want %#v", got, err, row.want)
			}
			s.script(nil)
			mustSend(t, r) // the next mail is not disturbed
			want := 1
			if row.want.Code == 421 {
				want = 2
			}
			if s.connections() != want {
				t.Errorf("%d connections, want %d", s.connections(), want)
			}
		})
	}
}

func TestNoSessionIsNeverTheMailsFault(t *testing.T) {
	login := func(c *Config) { c.Username, c.Password = "aduan", "wrong" }
	for _, row := range []struct {
		about  string
		server *server
		change func(*Config)
		step   string
		word   string
	}{
		{"a greeting that refuses", &server{reply: at(0, "CONNECT", "554 go away")}, nil, "greeting", "554 go away"},
		{"hung up before greeting", &server{reply: at(0, "CONNECT", cut)}, nil, "greeting", "closed the connection"},
		{"silent", &server{reply: at(0, "CONNECT", hang)}, func(c *Config) { c.Timeout = 50 * time.Millisecond }, "greeting", "no answer in time"},
		{"EHLO and HELO refused", &server{reply: func(_ int, l string) string {
			if strings.HasPrefix(l, "EHLO") || strings.HasPrefix(l, "HELO") {
				return "550 who?"
			}
			return ""
		}}, nil, "hello", "550 who?"},
		{"a wrong password", &server{features: []string{"AUTH PLAIN"}, reply: at(0, "AUTH", "535 5.7.8 bad credentials")}, login,
			"log-in", "as aduan: 535 5.7.8 bad credentials (check username and password)"},
		{"no log-in offered", &server{}, login, "log-in", "offers no log-in"},
		{"no log-in that we know", &server{features: []string{"AUTH GSSAPI"}}, login, "log-in", "GSSAPI"},
		{"a log-in that is out of order", &server{features: []string{"AUTH PLAIN"}, reply: at(0, "AUTH", "454 4.7.0 later")}, login, "log-in", "454"},
		{"STARTTLS is not offered", &server{}, func(c *Config) { c.TLS = StartTLS }, "STARTTLS", "does not offer"},
		{"STARTTLS is refused", &server{features: []string{"STARTTLS"}, reply: at(0, "STARTTLS", "454 not now")},
			func(c *Config) { c.TLS = StartTLS }, "STARTTLS", "454 not now"},
	} {
		t.Run(row.about, func(t *testing.T) {
			s := row.server.start(t)
			r := relayTo(t, s)
			if row.change != nil {
				r = relayTo(t, s, row.change)
			}
			_, err := send(t, r)
			var got *Unreachable
			if !errors.As(err, &got) || got.Step != row.step || !strings.Contains(err.Error(), row.word) {
				t.Fatalf("got %v, want step %s and %q", err, row.step, row.word)
			}
			if strings.Contains(err.Error(), "wrong") {
				t.Errorf("the password is in %v", err)
			}
			if strings.Contains(s.lines(), "MAIL") {
				t.Errorf("a mail was begun:\n%s", s.lines())
			}
			if err := r.Check(t.Context()); !errors.As(err, &got) {
				t.Errorf("check says %v", err)
			}
		})
	}
}

func TestNobodyListeningIsUnreachable(t *testing.T) {
	s := (&server{}).start(t)
	s.ln.Close()
	var got *Unreachable
	if _, err := send(t, relayTo(t, s)); !errors.As(err, &got) || got.Step != "connect" {
		t.Errorf("got %v", err)
	}
}

func TestTLSIsSpokenBeforeAnythingIsSaid(t *testing.T) {
	ours, theirs := certificate(t)
	for _, row := range []struct {
		about  string
		server *server
		mode   TLSMode
	}{
		{"STARTTLS", &server{tls: ours, features: []string{"STARTTLS", "AUTH PLAIN"}}, StartTLS},
		{"implicit", &server{tls: ours, implicit: true, features: []string{"AUTH PLAIN"}}, Implicit},
	} {
		t.Run(row.about, func(t *testing.T) {
			s := row.server.start(t)
			r := relayTo(t, s, func(c *Config) {
				c.TLS, c.TLSConfig, c.Username, c.Password = row.mode, theirs, "aduan", "secret"
			})
			mustSend(t, r)
			if len(s.accepted()) != 1 {
				t.Errorf("mails: %q", s.accepted())
			}
			var unknown *Unreachable
			stranger := relayTo(t, s, func(c *Config) { c.TLS, c.Username, c.Password = row.mode, "aduan", "secret" })
			if _, err := send(t, stranger); !errors.As(err, &unknown) || !strings.Contains(err.Error(), "certificate") {
				t.Errorf("a certificate that nobody vouches for: %v", err)
			}
			if n := strings.Count(s.lines(), "AUTH"); n != 1 {
				t.Errorf("%d log-ins, one of them to a stranger:\n%s", n, s.lines())
			}
		})
	}
}

func TestLogInUsesWhatTheServerOffers(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	token := func(c *Config) {
		c.Username, c.Token = "aduan", func(context.Context, string) (string, error) { return "T0k", nil }
	}
	password := func(c *Config) { c.Username, c.Password = "aduan", "secret" }
	for _, row := range []struct {
		about, offer string
		change       func(*Config)
		want         string
	}{
		{"PLAIN", "AUTH PLAIN LOGIN", password, "AUTH PLAIN " + b64("\x00aduan\x00secret")},
		{"LOGIN alone", "AUTH LOGIN", password, "AUTH LOGIN"},
		{"in the clear, what hides the password comes first", "AUTH PLAIN SCRAM-SHA-256", password, "AUTH SCRAM-SHA-256"},
		{"an access token as Google and Microsoft take it", "AUTH PLAIN XOAUTH2", token, "AUTH XOAUTH2 " + b64("user=aduan\x01auth=Bearer T0k\x01\x01")},
		{"an access token by RFC 7628", "AUTH OAUTHBEARER", token, "AUTH OAUTHBEARER " + b64("n,a=aduan,\x01auth=Bearer T0k\x01\x01")},
	} {
		t.Run(row.about, func(t *testing.T) {
			s := (&server{features: []string{row.offer}}).start(t)
			_, _ = send(t, relayTo(t, s, row.change)) // the scripted server cannot answer every mechanism; what is asked counts
			if !strings.Contains(s.lines(), row.want) {
				t.Errorf("want %q in\n%s", row.want, s.lines())
			}
		})
	}
}

func TestStaleConnectionIsReplacedUnnoticed(t *testing.T) {
	for _, row := range []struct{ about, command, answer string }{
		{"cut at MAIL", "MAIL", cut},
		{"good-bye at MAIL", "MAIL", "421 idle for too long"},
		{"enough mails on this connection", "MAIL", "452 4.5.3 too many mails here"},
		{"cut at RCPT", "RCPT", cut},
		{"cut at DATA", "DATA", cut},
		{"good-bye at DATA", "DATA", "421 bye"},
	} {
		t.Run(row.about, func(t *testing.T) {
			var second sync.Map
			s := (&server{reply: func(n int, line string) string {
				if n != 1 || !strings.HasPrefix(line, row.command) {
					return ""
				}
				if _, again := second.LoadOrStore("seen", true); again {
					return row.answer
				}
				return ""
			}}).start(t)
			r := relayTo(t, s)
			mustSend(t, r)
			mustSend(t, r)
			if s.connections() != 2 || len(s.accepted()) != 2 {
				t.Errorf("%d connections, %d mails", s.connections(), len(s.accepted()))
			}
		})
	}
}

func TestRelayGoneWhileConnectionsIdleIsUnreachable(t *testing.T) {
	gate := make(chan struct{})
	s := (&server{reply: func(_ int, line string) string {
		if line == "END" { // so that both connections are in use at once
			gate <- struct{}{}
		}
		return ""
	}}).start(t)
	r := relayTo(t, s, func(c *Config) { c.Connections = 2 })
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { mustSend(t, r) })
	}
	for s.connections() < 2 {
		time.Sleep(time.Millisecond)
	}
	<-gate
	<-gate
	wg.Wait()
	s.ln.Close()
	s.cutAll()
	var away *Unreachable
	if _, err := send(t, r); !errors.As(err, &away) {
		t.Errorf("got %v", err)
	}
}

func TestGreylistedRecipientIsAskedOnce(t *testing.T) {
	s := (&server{}).start(t)
	r := relayTo(t, s)
	mustSend(t, r)
	s.script(at(0, "RCPT", "450 4.2.0 greylisted"))
	if _, err := send(t, r); err == nil {
		t.Fatal("no error")
	}
	if n := strings.Count(s.lines(), "RCPT"); n != 2 {
		t.Errorf("RCPT was said %d times", n)
	}
}

func TestSlowRecipientOnAnOpenConnectionIsNotAskedTwice(t *testing.T) {
	s := (&server{}).start(t)
	r := relayTo(t, s, func(c *Config) { c.Timeout = 100 * time.Millisecond })
	mustSend(t, r)
	s.script(at(0, "RCPT", hang))
	if _, err := send(t, r); err == nil || !strings.Contains(err.Error(), "RCPT: no answer in time") {
		t.Errorf("got %v", err)
	}
	if s.connections() != 1 {
		t.Errorf("%d connections", s.connections())
	}
}

func TestUnsureEndIsTemporary(t *testing.T) {
	for _, row := range []struct{ about, answer string }{
		{"cut after the mail", cut},
		{"silent after the mail", hang},
	} {
		t.Run(row.about, func(t *testing.T) {
			s := (&server{reply: at(0, "END", row.answer)}).start(t)
			r := relayTo(t, s, func(c *Config) { c.Timeout = 20 * time.Millisecond })
			_, err := send(t, r)
			if err == nil || refusal(err) != nil || !strings.Contains(err.Error(), "end of the mail") {
				t.Errorf("got %v", err)
			}
			if s.connections() != 1 {
				t.Errorf("%d connections: a mail that may have arrived was sent again at once", s.connections())
			}
		})
	}
}

func TestLateAnswerIsWaitedFor(t *testing.T) {
	s := (&server{reply: func(_ int, line string) string {
		if line == "END" {
			time.Sleep(120 * time.Millisecond) // longer than one timeout, well within the patience for a whole mail
		}
		return ""
	}}).start(t)
	mustSend(t, relayTo(t, s, func(c *Config) { c.Timeout = 100 * time.Millisecond }))
}

func TestContextEndsEveryHang(t *testing.T) {
	for _, command := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"} {
		t.Run(command, func(t *testing.T) {
			reached := make(chan struct{}, 1)
			s := (&server{reply: func(_ int, line string) string {
				if strings.HasPrefix(line, command) {
					reached <- struct{}{}
					return hang
				}
				return ""
			}}).start(t)
			r := relayTo(t, s, func(c *Config) { c.Timeout = time.Hour })
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-reached; cancel() }()
			if _, err := r.Send(ctx, "a@b.example", "c@d.example", strings.NewReader(mail)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestServerThatStopsReadingIsGivenUp(t *testing.T) {
	s := (&server{deaf: true}).start(t)
	r := relayTo(t, s, func(c *Config) { c.Timeout = 100 * time.Millisecond })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := r.Send(ctx, "a@b.example", "c@d.example", &lines{})
	if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v", err)
	}
}

// lines is a mail without an end.
type lines struct{}

func (*lines) Read(p []byte) (int, error) { return copy(p, mail), nil }

func TestMailThatCannotBeReadWholeIsNeverSent(t *testing.T) {
	s := (&server{}).start(t)
	r := relayTo(t, s)
	broken := io.MultiReader(strings.NewReader(mail), iotest.ErrReader(errors.New("disk on fire")))
	_, err := r.Send(t.Context(), "a@b.example", "c@d.example", broken)
	var source *SourceError
	if !errors.As(err, &source) {
		t.Errorf("got %v", err)
	}
	mustSend(t, r)
	if n := len(s.accepted()); n != 1 {
		t.Errorf("%d mails were accepted", n)
	}
}

func TestRefusalInTheMiddleOfAMailIsHeard(t *testing.T) {
	s := (&server{reply: func(_ int, line string) string {
		if line == "DATA" {
			return "354 go on\n552 5.3.4 too large\n421 bye" // said before the mail has ended, then hung up
		}
		return ""
	}}).start(t)
	r := relayTo(t, s)
	_, err := r.Send(t.Context(), "a@b.example", "c@d.example", strings.NewReader(mail))
	var got *Refusal
	if !errors.As(err, &got) || got.Code != 552 || !got.Permanent {
		t.Errorf("got %v", err)
	}
}

func TestAddressesForTheEnvelope(t *testing.T) {
	for _, row := range []struct{ about, in, want string }{
		{"the null sender", "", ""},
		{"as it is", "a+b=c.d@csirt.example", "a+b=c.d@csirt.example"},
		{"a domain of other letters", "a@bücher.example", "a@xn--bcher-kva.example"},
		{"an address literal", "a@[192.0.2.1]", "a@[192.0.2.1]"},
		{"a quoted local part", `"a b"@c.example`, `"a b"@c.example`},
		{"a second command", "a@b.example>\r\nRCPT TO:<x@y.example", "error"},
		{"a line break in the local part", "a\r\nb@c.example", "error"},
		{"a parameter behind a closed bracket", `"a"> NOTIFY=NEVER <b"@c.example`, "error"},
		{"a blank", "a b@c.example", "error"},
		{"no domain", "a@", "error"},
		{"no at", "root", "error"},
		{"two addresses", "a@b.example,c@d.example", "error"},
	} {
		got, err := path(row.in)
		if err != nil {
			got = "error"
		}
		if got != row.want {
			t.Errorf("%s: path(%q) is %q (%v), want %q", row.about, row.in, got, err, row.want)
		}
	}
}

func TestLocalPartsOfOtherLettersNeedSMTPUTF8(t *testing.T) {
	s := (&server{features: []string{"SMTPUTF8"}}).start(t)
	if _, err := relayTo(t, s).Send(t.Context(), "", "büro@x.example", strings.NewReader(mail)); err != nil {
		t.Errorf("with SMTPUTF8: %v", err)
	}
	if !strings.Contains(s.lines(), "MAIL FROM:<> SMTPUTF8") {
		t.Errorf("said:\n%s", s.lines())
	}
	without := (&server{}).start(t)
	var got *Refusal
	if _, err := relayTo(t, without).Send(t.Context(), "", "büro@x.example", strings.NewReader(mail)); !errors.As(err, &got) || got.Status != "5.6.7" {
		t.Errorf("without SMTPUTF8: %v", err)
	}
}

func TestForeignWordsAreMadeHarmless(t *testing.T) {
	r := &Refusal{Code: 550, Text: oneLine("a\x00b\x1b[31m\r\n\xff " + strings.Repeat("x", 2000))}
	if strings.ContainsAny(r.Error(), "\x00\x1b\r\n") || !utf8.ValidString(r.Error()) || len(r.Error()) > 600 {
		t.Errorf("got %q", r.Error())
	}
}

func BenchmarkSend(b *testing.B) {
	s := (&server{}).start(b)
	r := New(Config{Addr: s.addr, Connections: 2})
	defer r.Close()
	for b.Loop() {
		if _, err := r.Send(b.Context(), "a@b.example", "c@d.example", strings.NewReader(mail)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
