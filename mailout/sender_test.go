package mailout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aduan/mailout/internal/relay"
	"aduan/mailout/smtptest"
	"aduan/tickets"
)

var errUnreachable = &relay.Unreachable{Addr: "mail.example:587", Step: "connect", Err: errAway}

func smtpServer(t testing.TB, opts smtptest.Options) *smtptest.Server {
	t.Helper()
	s, err := smtptest.Start("127.0.0.1:0", nil, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func relayTo(s *smtptest.Server) Relay {
	return NewRelay(RelayConfig{Addr: s.Addr(), Connections: 2, Timeout: 5 * time.Second})
}

func TestNoticesReachTheRelayOnceEach(t *testing.T) {
	server := smtpServer(t, smtptest.Options{})
	outbox := newOutbox(notices(50)...)
	s := newSending(outbox, relayTo(server)).quick()
	stop := s.start(t)
	outbox.wait(t, "all sent", all("sent"))
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range server.Mails() {
		if seen[m.To[0]] {
			t.Errorf("%s got a second mail", m.To[0])
		}
		seen[m.To[0]] = true
	}
	if len(seen) != 50 || server.Connections() > 2 {
		t.Errorf("%d persons over %d connections", len(seen), server.Connections())
	}
	if row := outbox.take(7); !strings.HasPrefix(row.words[0], "250") {
		t.Errorf("the relay's words: %q", row.words)
	}
}

func TestNoticesToOnePersonKeepTheirOrder(t *testing.T) {
	server := smtpServer(t, smtptest.Options{})
	server.Order("person1@baliprov.example", smtptest.Answer{Code: 451, Times: 2})
	queue := notices(20)
	for i := range queue {
		queue[i].To.Address, queue[i].Ticket.ID = "person1@baliprov.example", 1
	}
	outbox := newOutbox(queue...)
	newSending(outbox, relayTo(server)).quick().start(t)
	outbox.wait(t, "all sent", all("sent"))
	var got []string
	for _, m := range server.Mails() {
		_, id, _ := strings.Cut(string(m.Data), "Message-ID: ")
		id, _, _ = strings.Cut(id, "\r")
		got = append(got, id)
	}
	want := make([]string, 20)
	for i := range want {
		want[i] = fmt.Sprintf("<n%d@csirt.example>", i+1)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestEveryTrySendsTheSameBytes(t *testing.T) {
	for _, row := range []struct {
		about  string
		orders func(*smtptest.Server)
		mails  int
		word   string
	}{
		{"greylisted", func(s *smtptest.Server) {
			s.Order("person1@baliprov.example", smtptest.Answer{Code: 450, Enhanced: [3]int{4, 2, 0}, Text: "greylisted", Times: 1})
		}, 1, "450 4.2.0 greylisted"},
		{"refused for now after the mail", func(s *smtptest.Server) {
			s.Order(smtptest.AfterData, smtptest.Answer{Code: 451, Text: "scanner away", Times: 1})
		}, 1, "451 4.0.0 scanner away"},
		{"cut after the mail, which the relay took", func(s *smtptest.Server) {
			s.Order(smtptest.AfterData, smtptest.Answer{Cut: true, Times: 1})
		}, 2, "closed the connection"},
	} {
		t.Run(row.about, func(t *testing.T) {
			server := smtpServer(t, smtptest.Options{})
			row.orders(server)
			outbox := newOutbox(notices(1)...)
			s := newSending(outbox, relayTo(server)).quick()
			s.start(t)
			outbox.wait(t, "sent", all("sent"))
			got := outbox.take(1)
			if got.Attempt != 2 || !strings.Contains(got.words[0], row.word) {
				t.Errorf("attempt %d, words %q", got.Attempt, got.words)
			}
			if s.turns.count() != 1 {
				t.Errorf("rendered %d times", s.turns.count())
			}
			mails := server.Mails()
			if len(mails) != row.mails || string(mails[0].Data) != string(mails[len(mails)-1].Data) {
				t.Errorf("%d mails: %q", len(mails), mails)
			}
		})
	}
}

func TestFinalRefusalFailsWithTheServersWords(t *testing.T) {
	server := smtpServer(t, smtptest.Options{})
	server.Order("person1@baliprov.example", smtptest.Answer{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "no such user here"})
	outbox := newOutbox(notices(2)...)
	newSending(outbox, relayTo(server)).quick().start(t)
	outbox.wait(t, "settled", func(rows []*outboxRow) bool { return rows[0].state == "failed" && rows[1].state == "sent" })
	if got := outbox.take(1); got.Attempt != 1 || got.words[0] != "550 5.1.1 no such user here" {
		t.Errorf("attempt %d, %q", got.Attempt, got.words)
	}
}

func TestAnInternalMailIsNeverSent(t *testing.T) {
	relay := &fakeRelay{}
	outbox := newOutbox(notices(1)...)
	s := newSending(outbox, relay).quick()
	s.Render = func(context.Context, tickets.Notice, io.Writer) (string, error) {
		return "", fmt.Errorf("render: %w", ErrInternal)
	}
	s.start(t)
	outbox.wait(t, "failed", all("failed"))
	if len(relay.accepted()) != 0 {
		t.Error("it was sent")
	}
}

func TestRelayThatIsAwayCostsNoTries(t *testing.T) {
	server := smtpServer(t, smtptest.Options{})
	addr := server.Addr()
	away := NewRelay(RelayConfig{Addr: addr, Connections: 2, Timeout: 5 * time.Second})
	server.Close()
	outbox := newOutbox(notices(30)...)
	s := newSending(outbox, away).quick()
	s.start(t)
	waitUntil(t, "trouble is told", func() bool { err, _ := s.lastStatus(); return err != nil })
	back, err := smtptest.Start(addr, nil, smtptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	outbox.wait(t, "all sent", all("sent"))
	for id := range int64(30) {
		if got := outbox.take(id + 1); got.Attempt != 1 {
			t.Errorf("notice %d: attempt %d, %q", id+1, got.Attempt, got.words)
		}
	}
	if len(back.Mails()) != 30 {
		t.Errorf("%d mails", len(back.Mails()))
	}
	if b, e := s.logs.with("trouble with the relay"), s.logs.with("the relay is back"); b != 1 || e != 1 {
		t.Errorf("%d lines at the start, %d at the end", b, e)
	}
	if err, _ := s.lastStatus(); err != nil {
		t.Errorf("status is still %v", err)
	}
}

// waitUntil looks again and again; for what gives no signal.
func waitUntil(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(15 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestWrongPasswordAndMissingTLSSendNothingAndSaySo(t *testing.T) {
	for _, row := range []struct {
		about  string
		opts   smtptest.Options
		change func(*RelayConfig)
		word   string
	}{
		{"wrong password", smtptest.Options{Users: map[string]string{"aduan": "right"}, RequireAuth: true},
			func(c *RelayConfig) { c.Username, c.Password = "aduan", "wrong" }, "check username and password"},
		{"no STARTTLS", smtptest.Options{}, func(c *RelayConfig) { c.TLS = StartTLS }, "STARTTLS"},
	} {
		t.Run(row.about, func(t *testing.T) {
			server := smtpServer(t, row.opts)
			cfg := RelayConfig{Addr: server.Addr(), Timeout: 5 * time.Second}
			row.change(&cfg)
			outbox := newOutbox(notices(5)...)
			s := newSending(outbox, NewRelay(cfg)).quick()
			stop := s.start(t)
			waitUntil(t, "trouble is told", func() bool { err, _ := s.lastStatus(); return err != nil })
			if err, _ := s.lastStatus(); !strings.Contains(err.Error(), row.word) {
				t.Errorf("status: %v", err)
			}
			stop()
			if n := len(server.Mails()); n != 0 {
				t.Errorf("%d mails", n)
			}
			if n := outbox.count("later") + outbox.count("failed"); n != 0 {
				t.Errorf("%d tries were counted", n)
			}
		})
	}
}

func TestLongOutageOfTheRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(3 * time.Hour)
		checks := 0
		relay := &fakeRelay{
			send: func(context.Context, string) error {
				if time.Now().Before(back) {
					return errUnreachable
				}
				return nil
			},
			check: func() error {
				checks++
				if time.Now().Before(back) {
					return errUnreachable
				}
				return nil
			}}
		outbox := newOutbox(notices(100)...)
		outbox.retry = 15 * time.Second
		s := newSending(outbox, relay)
		stop := s.start(t)
		time.Sleep(time.Until(back) + 31*time.Second)
		synctest.Wait()
		if n := len(relay.accepted()); n != 100 {
			t.Errorf("%d mails half a minute after the relay was back", n)
		}
		if n := outbox.count("later"); n > ahead*s.Connections {
			t.Errorf("%d tries were counted while nobody could be reached", n)
		}
		if checks < 300 || checks > 600 {
			t.Errorf("the relay was asked %d times in three hours; waits should grow to 30 s and no further", checks)
		}
		if n := s.logs.with("trouble with the relay"); n != 1 {
			t.Errorf("%d lines in the log", n)
		}
		stop()
	})
}

func TestSlowRecipientDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &fakeRelay{send: func(ctx context.Context, to string) error {
			if to == "person1@baliprov.example" {
				return sleep(ctx, time.Minute)
			}
			return nil
		}}
		outbox := newOutbox(notices(40)...)
		newSending(outbox, relay).start(t)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := len(relay.accepted()); n != 39 {
			t.Errorf("%d of 39 others were served", n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		got := outbox.take(1)
		if got.state != "sent" || got.Attempt != 1 || got.renews < 15 {
			t.Errorf("%s at attempt %d, lease renewed %d times", got.state, got.Attempt, got.renews)
		}
	})
}

func TestRateIsKeptInEveryWindow(t *testing.T) {
	for _, row := range []struct {
		rate string
		n    int
	}{{"60/minute", 200}, {"5/second", 40}, {"1/minute", 5}, {"100/hour", 250}} {
		t.Run(row.rate, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limit, err := ParseRate(row.rate)
				if err != nil {
					t.Fatal(err)
				}
				relay := &fakeRelay{}
				outbox := newOutbox(notices(row.n)...)
				s := newSending(outbox, relay)
				s.Rate = limit
				s.start(t)
				began := time.Now()
				for len(relay.accepted()) < row.n {
					time.Sleep(limit.Per / 10)
					synctest.Wait()
				}
				mails := relay.accepted()
				for i := limit.Mails; i < row.n; i++ {
					if span := mails[i].at.Sub(mails[i-limit.Mails].at); span < limit.Per-time.Millisecond {
						t.Fatalf("mails %d to %d left within %s", i-limit.Mails+1, i+1, span)
					}
				}
				ideal := time.Duration(float64(limit.Per) * float64(row.n) / float64(limit.Mails))
				if took := time.Since(began); took > ideal*5/4 {
					t.Errorf("took %s where the rate allows %s", took, ideal)
				}
			})
		})
	}
}

// What is in hand before its turn would go before what is more urgent by then.
func TestNothingIsClaimedBeforeTheRateLetsItGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &fakeRelay{}
		outbox := newOutbox(notices(50)...)
		s := newSending(outbox, relay)
		s.Rate = Rate{60, time.Minute}
		s.start(t)
		for range 20 {
			time.Sleep(700 * time.Millisecond)
			synctest.Wait()
			claimed := 0
			for id := range int64(50) {
				claimed += outbox.take(id + 1).Attempt
			}
			if sent := len(relay.accepted()); claimed > sent {
				t.Fatalf("%d notices are claimed, %d were sent", claimed, sent)
			}
		}
	})
}

func TestIdleSenderHardlyLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outbox := newOutbox()
		relay := &fakeRelay{}
		newSending(outbox, relay).start(t)
		time.Sleep(time.Hour)
		if n := outbox.count("Claim"); n > 1810 {
			t.Errorf("%d looks in an hour", n)
		}
		outbox.add(notices(1)...)
		synctest.Wait() // without any time going by
		if len(relay.accepted()) != 1 {
			t.Error("a new notice waited for the next look")
		}
	})
}

func TestNoticeIsSentWhenItIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outbox := newOutbox(notices(1)...)
		outbox.rows[0].due = time.Now().Add(time.Minute + 300*time.Millisecond)
		relay := &fakeRelay{}
		newSending(outbox, relay).start(t)
		time.Sleep(time.Minute + 300*time.Millisecond)
		synctest.Wait()
		if len(relay.accepted()) != 1 {
			t.Error("it was not sent in time")
		}
	})
}

func TestMailBlockedBehindAnotherIsNotLookedForAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := notices(2)
		queue[1].To, queue[1].Ticket = queue[0].To, queue[0].Ticket
		outbox := newOutbox(queue...)
		outbox.rows[0].due = time.Now().Add(time.Hour) // greylisted; the second is due and may not overtake
		newSending(outbox, &fakeRelay{}).start(t)
		time.Sleep(time.Hour - time.Second)
		if n := outbox.count("Claim"); n > 1810 {
			t.Errorf("%d looks in an hour", n)
		}
	})
}

func TestBrokenTemplateDelaysItsMailAlone(t *testing.T) {
	relay := &fakeRelay{}
	outbox := newOutbox(notices(3)...)
	s := newSending(outbox, relay).quick()
	var mended atomic.Bool
	good := s.turns.render
	s.Render = func(ctx context.Context, n tickets.Notice, w io.Writer) (string, error) {
		if n.ID == 2 && !mended.Load() {
			io.WriteString(w, "half a mail")
			return "", errors.New("execute acknowledged.txt: nil pointer")
		}
		return good(ctx, n, w)
	}
	s.start(t)
	outbox.wait(t, "the second was tried three times", func(rows []*outboxRow) bool { return len(rows[1].words) >= 3 })
	outbox.wait(t, "the others are sent", func(rows []*outboxRow) bool { return rows[0].state == "sent" && rows[2].state == "sent" })
	mended.Store(true)
	outbox.wait(t, "all sent", all("sent"))
	if got := outbox.take(2); got.words[0] != "execute acknowledged.txt: nil pointer" {
		t.Errorf("words: %q", got.words)
	}
	if n := s.logs.with("cannot be rendered"); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
	for _, m := range relay.accepted() {
		if strings.Contains(m.data, "half") {
			t.Errorf("sent: %q", m.data)
		}
	}
}
