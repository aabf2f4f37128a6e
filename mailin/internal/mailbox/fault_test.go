package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aduan/mailin/dovecottest"
	"aduan/mailin/faultnet"
	"aduan/mailin/imaptest"
)

func between(t *testing.T, addr string) *faultnet.Proxy {
	t.Helper()
	proxy, err := faultnet.Start(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	return proxy
}

// body is where a mail's bytes begin in an answer, as far as its length.
var body = []byte("BODY[] {")

func TestAConnectionCutInsideAMailFilesItOnceLater(t *testing.T) {
	eachPeer(t, func(t *testing.T, p *peer) {
		big := "Subject: besar\r\n\r\n" + strings.Repeat("0123456789abcde\r\n", 5000)
		p.deliver(big)
		p.deliver(numbered(2))
		proxy := between(t, p.addr)
		proxy.Next(faultnet.Rule{After: body, Bytes: 100, Cut: true}, faultnet.Rule{After: body, Bytes: len(big) - 10, Cut: true})
		l := &ledger{}
		r := start(t, proxy.Addr(), l, nil)
		eventually(t, "both processed", func() bool { return len(p.folder(processed)) == 2 })
		if proxy.Met() != 2 {
			t.Fatalf("cuts: got %d, want 2", proxy.Met())
		}
		eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
		got := l.mails()
		if len(got) != 2 || strings.Count(strings.Join(got, ""), "besar") != 1 || strings.Count(strings.Join(got, ""), "laporan 2") != 2 {
			t.Errorf("on record: %d mails, want each once", len(got))
		}
		for _, mail := range got {
			if mail != big && mail != numbered(2) {
				t.Errorf("a mail of %d bytes is on record that was never sent", len(mail))
			}
		}
		wantOneTrouble(t, r)
	})
}

func TestACutAtAnyByteLosesAndDoublesNothing(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	proxy := between(t, p.addr)
	l := &ledger{}
	var want []string
	// Each connection is cut a little later than the one before: in the greeting, the
	// log-in, the folder list, the search, in each mail and in the answer to MOVE.
	for n := range 3 {
		want = append(want, numbered(n))
		p.deliver(numbered(n))
	}
	var rules []faultnet.Rule
	for at := 0; at < 1800; at += 11 {
		rules = append(rules, faultnet.Rule{Bytes: at, Cut: true})
	}
	proxy.Next(rules...)
	start(t, proxy.Addr(), l, func(c *Config) { c.RetryMax, c.RetryMin = time.Millisecond, time.Millisecond; c.Batch = 2 })
	eventually(t, "all processed", func() bool { return len(p.folder(processed)) == 3 && len(p.folder("INBOX")) == 0 })
	if proxy.Met() < 50 {
		t.Errorf("cuts: got %d, want most of %d", proxy.Met(), len(rules))
	}
	got := l.mails()
	for _, mail := range want {
		n := 0
		for _, g := range got {
			if g == mail {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q is on record %d times", mail[:50], n)
		}
	}
	if len(got) != 3 {
		t.Errorf("on record: got %d mails, want 3", len(got))
	}
}

func TestAServerThatHangsIsGivenUpInTime(t *testing.T) {
	rows := []struct {
		about string
		rule  faultnet.Rule
	}{
		{"before the greeting", faultnet.Rule{Hang: true}},
		{"opening the folder", faultnet.Rule{Hang: true, After: []byte("UIDVALIDITY")}},
		{"inside a mail", faultnet.Rule{Hang: true, After: body, Bytes: 50}},
		{"in IDLE", faultnet.Rule{Hang: true, After: []byte("+ idling"), Bytes: 2}},
	}
	for _, row := range rows {
		t.Run(row.about, func(t *testing.T) {
			eachPeer(t, func(t *testing.T, p *peer) {
				if row.about != "in IDLE" {
					p.deliver(numbered(1))
				}
				proxy := between(t, p.addr)
				proxy.Next(row.rule)
				begun := time.Now()
				start(t, proxy.Addr(), &ledger{}, func(c *Config) { c.Timeout, c.Poll = time.Second, 300*time.Millisecond })
				eventually(t, "the hang", func() bool { return proxy.Met() == 1 })
				if row.about == "in IDLE" {
					p.deliver(numbered(1))
				}
				eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
				if took := time.Since(begun); took > 25*time.Second {
					t.Errorf("took %v with a timeout of a second", took)
				}
			})
		})
	}
}

func TestAServerThatDripsIsGivenUp(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	p.deliver("Subject: besar\r\n\r\n" + strings.Repeat("0123456789abcde\r\n", 50000))
	proxy := between(t, p.addr)
	// Each wait is short of the limit; it is their sum that is too long.
	proxy.Next(faultnet.Rule{Delay: 150 * time.Millisecond})
	start(t, proxy.Addr(), &ledger{}, func(c *Config) { c.Timeout = 200 * time.Millisecond })
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
}

func TestAWrongPasswordIsTriedUntilItIsRight(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		p, s := memory(t, imaptest.Options{})
		s.AddUser(testUser, "diganti")
		passwordBody(t, p, func() { s.AddUser(testUser, testPassword) })
	})
	t.Run("dovecot", func(t *testing.T) {
		p, s := dovecot(t, dovecottest.Config{})
		s.SetPassword(t, testUser, "diganti")
		passwordBody(t, p, func() { s.SetPassword(t, testUser, testPassword) })
	})
}

func passwordBody(t *testing.T, p *peer, right func()) {
	p.deliver(numbered(1))
	l := &ledger{}
	r := start(t, p.addr, l, nil)
	eventually(t, "trouble at the log-in", func() bool { return strings.HasPrefix(r.status().Trouble, "log in") })
	time.Sleep(200 * time.Millisecond) // some more tries, which must not be logged
	wantMails(t, "on record", l.mails())
	right()
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
	eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
	wantOneTrouble(t, r)
	if strings.Contains(r.log.String(), testPassword) {
		t.Error("the log holds the password")
	}
}

func TestAServerAwayIsWaitedFor(t *testing.T) {
	p, s := dovecot(t, dovecottest.Config{})
	l := &ledger{}
	r := start(t, p.addr, l, nil)
	eventually(t, "the mailbox is open", func() bool { return r.status().Trouble == "" })
	s.Stop()
	eventually(t, "trouble", func() bool { return r.status().Trouble != "" })
	p.deliver(numbered(1))
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
	eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
	wantOneTrouble(t, r)
}

func TestRefusalsPassWithoutLossOrDoubling(t *testing.T) {
	unavailable := imaptest.No("UNAVAILABLE", "backend away")
	for _, op := range []string{"GREETING", "LOGIN", "LIST", "SELECT", "SEARCH", "FETCH", "MOVE", "CREATE", "IDLE"} {
		t.Run(op, func(t *testing.T) {
			p, s := memory(t, imaptest.Options{})
			refused := unavailable
			if op == "GREETING" {
				refused = imaptest.Refusal("too many connections")
			}
			s.Fail(op, 3, refused)
			p.deliver(numbered(1))
			l := &ledger{}
			r := start(t, p.addr, l, func(c *Config) { c.Poll = 50 * time.Millisecond })
			eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
			eventually(t, "no trouble", func() bool { return r.status().Trouble == "" })
			wantMails(t, "on record", l.mails(), numbered(1))
		})
	}
}

func TestAFullQuotaDelaysTheMoveAlone(t *testing.T) {
	p, s := memory(t, imaptest.Options{})
	full := imaptest.No("OVERQUOTA", "quota exceeded")
	var moves atomic.Int32
	s.Intercept(func(op string) error {
		if op == "MOVE" {
			moves.Add(1)
			return full
		}
		return nil
	})
	l := &ledger{}
	r := start(t, p.addr, l, func(c *Config) { c.RetryMin = 100 * time.Millisecond })
	p.deliver(numbered(1))
	eventually(t, "trouble with the quota", func() bool { return strings.Contains(r.status().Trouble, "quota exceeded") })
	p.deliver(numbered(2)) // is taken in all the same
	eventually(t, "both on record", func() bool { return len(l.mails()) == 2 })
	time.Sleep(300 * time.Millisecond)
	if n := moves.Load(); n > 20 {
		t.Errorf("%d tries to move within half a second", n)
	}
	s.Heal()
	eventually(t, "both processed", func() bool { return len(p.folder(processed)) == 2 })
	eventually(t, "no trouble any more", func() bool { return r.status().Trouble == "" })
	wantMails(t, "on record", l.mails(), numbered(1), numbered(2))
	if stagings, _ := l.count(); stagings != 2 {
		t.Errorf("stagings: got %d, want 2", stagings)
	}
	wantOneTrouble(t, r)
}

func TestAnEndWhileIdleIsNoTroubleWhenWeCanComeBack(t *testing.T) {
	for _, how := range []string{"BYE", "cut"} {
		t.Run(how, func(t *testing.T) {
			p, s := memory(t, imaptest.Options{})
			var idles atomic.Int32
			s.Intercept(func(op string) error {
				if op == "IDLE" {
					idles.Add(1)
				}
				return nil
			})
			l := &ledger{}
			r := start(t, p.addr, l, nil)
			eventually(t, "IDLE", func() bool { return idles.Load() == 1 })
			if how == "BYE" {
				s.Bye("shutting down")
			} else {
				s.Drop()
			}
			eventually(t, "IDLE again", func() bool { return idles.Load() == 2 })
			p.deliver(numbered(1))
			eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
			if log := r.log.String(); strings.Contains(log, "WARN") {
				t.Errorf("got trouble in the log:\n%s", log)
			}
		})
	}
}

func TestTheMailOnWhichAServerBreaksDoesNotKeepOthersWaiting(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	poison := "Subject: racun\r\n\r\n" + strings.Repeat("0123456789abcde\r\n", 5000)
	p.deliver(poison)
	for n := range 3 {
		p.deliver(numbered(n))
	}
	proxy := between(t, p.addr)
	var rules []faultnet.Rule
	for range 1000 {
		rules = append(rules, faultnet.Rule{After: []byte("Subject: racun"), Bytes: 10, Cut: true})
	}
	proxy.Next(rules...)
	l := &ledger{}
	start(t, proxy.Addr(), l, func(c *Config) { c.Batch = 2 })
	eventually(t, "the others processed", func() bool { return len(p.folder(processed)) == 3 })
	wantMails(t, "inbox", p.folder("INBOX"), poison)
}

func TestMemoryDoesNotDependOnTheSizeOfAMail(t *testing.T) {
	const size = 60 << 20
	p, _ := dovecot(t, dovecottest.Config{})
	p.deliver("Subject: besar\r\n\r\n" + strings.Repeat("0123456789abcde\r\n", size/17))
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak uint64
	l := &ledger{consume: func(_ Envelope, r io.Reader) (string, error) {
		b := make([]byte, 64<<10)
		var total int64
		for {
			n, err := r.Read(b)
			if total += int64(n); total%(4<<20) < int64(n) {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
			if err == io.EOF {
				return fmt.Sprint(total), nil
			}
			if err != nil {
				return "", err
			}
		}
	}}
	start(t, p.addr, l, nil)
	eventually(t, "the mail in the processed folder", func() bool { return len(l.mails()) == 1 })
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("the heap grew by %d MiB for a mail of %d MiB", grown>>20, size>>20)
	}
}

func TestAHungServerDoesNotHoldUpTheEnd(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	p.deliver(numbered(1))
	proxy := between(t, p.addr)
	proxy.Next(faultnet.Rule{Hang: true, After: body, Bytes: 5})
	r := start(t, proxy.Addr(), &ledger{}, func(c *Config) { c.Timeout, c.Grace = time.Minute, 200*time.Millisecond })
	eventually(t, "the hang", func() bool { return proxy.Met() == 1 })
	begun := time.Now()
	r.stop()
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("took %v with 200 ms of grace", took)
	}
}

func TestAnUnsuccessfulSelectedIsToldAgain(t *testing.T) {
	p, _ := memory(t, imaptest.Options{})
	p.deliver(numbered(1))
	l := &reluctant{ledger: &ledger{}}
	start(t, p.addr, l, nil)
	eventually(t, "the mail in the processed folder", func() bool { return len(p.folder(processed)) == 1 })
	if n := l.told.Load(); n != 3 {
		t.Errorf("Selected was called %d times, want 3", n)
	}
}

type reluctant struct {
	*ledger
	told atomic.Int32
}

func (l *reluctant) Selected(ctx context.Context, s Selection) error {
	if l.told.Add(1) < 3 {
		return errors.New("database away")
	}
	return l.ledger.Selected(ctx, s)
}
