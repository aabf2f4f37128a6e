package mailout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aduan/mailout/smtptest"
	"aduan/tickets"
)

func TestOutboxFaultsAreWaitedOut(t *testing.T) {
	for _, call := range []string{"Claim", "Rendered", "sent", "later", "failed"} {
		t.Run(call, func(t *testing.T) {
			server := smtpServer(t, smtptest.Options{})
			server.Order("person1@baliprov.example", smtptest.Answer{Code: 550})
			server.Order("person2@baliprov.example", smtptest.Answer{Code: 450, Times: 1})
			outbox := newOutbox(notices(5)...)
			outbox.fault = func(c string, n int) error {
				if c == call && n <= 4 {
					return errors.New("database is away")
				}
				return nil
			}
			s := newSending(outbox, relayTo(server)).quick()
			s.start(t)
			outbox.wait(t, "settled", func(rows []*outboxRow) bool {
				return rows[0].state == "failed" && all("sent")(rows[1:])
			})
			if n := len(server.Mails()); n != 4 {
				t.Errorf("%d mails for 4 persons", n)
			}
			waitUntil(t, "the end is told", func() bool { err, told := s.lastStatus(); return told && err == nil })
			if n := s.logs.with("trouble with the database"); n == 0 || n != s.logs.with("the database is back") {
				t.Errorf("%d lines at the start of trouble", n)
			}
		})
	}
}

func TestFullDiskCostsNoTries(t *testing.T) {
	for _, call := range []string{"Create", "Write", "Keep", "Open"} {
		t.Run(call, func(t *testing.T) {
			relay := &fakeRelay{}
			outbox := newOutbox(notices(20)...)
			s := newSending(outbox, relay).quick()
			var faults atomic.Int32
			s.evidence.fault = func(c string) error {
				if c == call && faults.Add(1) <= 30 {
					return errors.New("no space left on device")
				}
				return nil
			}
			s.start(t)
			outbox.wait(t, "all sent", all("sent"))
			if n := outbox.count("later"); n != 0 {
				t.Errorf("%d tries were counted", n)
			}
			if err, told := s.lastStatus(); err != nil || !told || s.logs.with("trouble with the evidence") == 0 {
				t.Errorf("last status: %v, told: %v", err, told)
			}
		})
	}
}

func TestLostClaimEndsTheSendAndRecordsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &fakeRelay{send: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		outbox := newOutbox(notices(1)...)
		outbox.fault = func(call string, n int) error {
			if call == "Renew" && n == 2 {
				return fmt.Errorf("renew: %w", tickets.ErrClaimLost)
			}
			return nil
		}
		stop := newSending(outbox, relay).start(t)
		time.Sleep(7 * time.Second)
		synctest.Wait()
		if n := outbox.count("sent") + outbox.count("later") + outbox.count("failed"); n != 0 {
			t.Errorf("%d outcomes were recorded", n)
		}
		stop()
	})
}

func TestStopFinishesWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &fakeRelay{send: func(ctx context.Context, _ string) error { return sleep(ctx, 5*time.Second) }}
		outbox := newOutbox(notices(100)...)
		s := newSending(outbox, relay)
		stop := s.start(t)
		time.Sleep(3 * time.Second)
		began := time.Now()
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if n, m := outbox.count("sent"), len(relay.accepted()); n != ahead*2 || m != n || !relay.closed {
			t.Errorf("%d recorded, %d accepted, relay closed: %v", n, m, relay.closed)
		}
	})
}

func TestStopCutsWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay := &fakeRelay{send: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}}
		outbox := newOutbox(notices(3)...)
		stop := newSending(outbox, relay).start(t)
		time.Sleep(time.Second)
		began := time.Now()
		if err := stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if got := outbox.take(1); got.state != "queued" || len(got.words) != 0 {
			t.Errorf("%s, %q", got.state, got.words)
		}
	})
}

func TestStopDoesNotWaitForRateRelayOrDisk(t *testing.T) {
	for _, row := range []struct {
		about  string
		change func(*sending, *fakeRelay)
	}{
		{"rate", func(s *sending, _ *fakeRelay) { s.Rate = Rate{1, time.Hour} }},
		{"relay", func(_ *sending, r *fakeRelay) {
			r.send = func(context.Context, string) error { return errUnreachable }
			r.check = func() error { return errUnreachable }
		}},
		{"disk", func(s *sending, _ *fakeRelay) {
			s.evidence.fault = func(string) error { return errors.New("no space left on device") }
		}},
	} {
		t.Run(row.about, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				relay := &fakeRelay{}
				s := newSending(newOutbox(notices(10)...), relay)
				row.change(s, relay)
				stop := s.start(t)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				began := time.Now()
				stop()
				if took := time.Since(began); took > 0 {
					t.Errorf("stopping took %s", took)
				}
			})
		})
	}
}

func TestDatabaseGoneAtTheStopEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outbox := newOutbox(notices(1)...)
		outbox.fault = func(call string, _ int) error {
			if call == "sent" {
				return errors.New("database is away")
			}
			return nil
		}
		stop := newSending(outbox, &fakeRelay{}).start(t)
		time.Sleep(time.Minute)
		began := time.Now()
		stop()
		if took := time.Since(began); took > 9*time.Second {
			t.Errorf("stopping took %s", took)
		}
	})
}

func TestHangingRecipientIsTriedLater(t *testing.T) {
	server := smtpServer(t, smtptest.Options{})
	server.Order("person1@baliprov.example", smtptest.Answer{Delay: 500 * time.Millisecond, Times: 1})
	outbox := newOutbox(notices(2)...)
	relay := NewRelay(RelayConfig{Addr: server.Addr(), Connections: 2, Timeout: 100 * time.Millisecond})
	newSending(outbox, relay).quick().start(t)
	outbox.wait(t, "sent", all("sent"))
	if got := outbox.take(1); !strings.Contains(got.words[0], "no answer in time") {
		t.Errorf("words: %q", got.words)
	}
}

// slowKeeping counts how many drafts each sync carries; the first one waits for the test.
type slowKeeping struct {
	memoryEvidence
	begun, release chan struct{}
	batches        []int
}

func (e *slowKeeping) Keep(_ context.Context, drafts ...tickets.Draft) error {
	e.batches = append(e.batches, len(drafts)) // keeper never calls twice at once
	if len(e.batches) == 1 {
		close(e.begun)
		<-e.release
	}
	return errors.New("full")
}

func TestWhatIsRenderedDuringASyncSharesTheNextAndItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &slowKeeping{begun: make(chan struct{}), release: make(chan struct{})}
		k := &keeper{evidence: disk, ctx: t.Context()}
		faults := make(chan error, 6)
		go func() { faults <- k.keep(&memoryDraft{}) }()
		<-disk.begun
		for range 5 {
			go func() { faults <- k.keep(&memoryDraft{}) }()
		}
		synctest.Wait()
		close(disk.release)
		for range 6 {
			if err := <-faults; err == nil {
				t.Error("a fault of the batch was not told")
			}
		}
		if fmt.Sprint(disk.batches) != "[1 5]" {
			t.Errorf("syncs carried %v", disk.batches)
		}
	})
}

func TestParseRate(t *testing.T) {
	for _, row := range []struct {
		in   string
		want Rate
	}{
		{"60/minute", Rate{60, time.Minute}}, {" 5 / Second ", Rate{5, time.Second}}, {"1000/hour", Rate{1000, time.Hour}},
		{"2000/day", Rate{2000, 24 * time.Hour}}, {"", Rate{}},
	} {
		if got, err := ParseRate(row.in); err != nil || got != row.want {
			t.Errorf("%q: got %v, %v", row.in, got, err)
		}
	}
	for _, bad := range []string{"60", "0/minute", "-1/minute", "many/minute", "60/fortnight", "/minute"} {
		if got, err := ParseRate(bad); err == nil || !strings.Contains(err.Error(), "60/minute") {
			t.Errorf("%q: got %v, %v", bad, got, err)
		}
	}
}

func TestParseServer(t *testing.T) {
	for _, row := range []struct {
		in       string
		starttls bool
		addr     string
		mode     TLSMode
	}{
		{"smtp://mail.example:25", false, "mail.example:25", Plain},
		{"smtp://mail.example", true, "mail.example:587", StartTLS},
		{"smtps://mail.example", false, "mail.example:465", ImplicitTLS},
		{"smtp://[::1]:2525", false, "[::1]:2525", Plain},
	} {
		addr, mode, err := ParseServer(row.in, row.starttls)
		if err != nil || addr != row.addr || mode != row.mode {
			t.Errorf("%s: got %s, %v, %v", row.in, addr, mode, err)
		}
	}
	for _, bad := range []string{"mail.example:25", "imap://mail.example", "smtp://", "smtp://user@mail.example", "smtp://mail.example/path"} {
		if addr, _, err := ParseServer(bad, false); err == nil {
			t.Errorf("%s: got %s", bad, addr)
		}
	}
	if _, _, err := ParseServer("smtps://mail.example", true); err == nil {
		t.Error("TLS twice was taken")
	}
}

// The Store and its evidence are what the sender needs.
var (
	_ Outbox   = (*tickets.Store)(nil)
	_ Evidence = (tickets.Evidence)(nil)
)

// BenchmarkSending is the whole way of a notice with a trivial mail, a folder on disk as the evidence store and a relay that
// answers at once; the outbox is in memory.
func BenchmarkSending(b *testing.B) {
	for _, row := range []struct {
		about    string
		evidence func(*testing.B) Evidence
	}{
		{"memory", func(*testing.B) Evidence { return &memoryEvidence{kept: map[string][]byte{}} }},
		{"disk", func(b *testing.B) Evidence {
			f, err := tickets.NewFolder(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			return f
		}},
	} {
		b.Run(row.about, func(b *testing.B) {
			server := smtpServer(b, smtptest.Options{})
			const batch = 500
			took := 0
			for b.Loop() {
				outbox := newOutbox(notices(batch)...)
				s := newSending(outbox, relayTo(server))
				s.Evidence = row.evidence(b)
				stop := s.start(b)
				outbox.wait(b, "all sent", all("sent"))
				stop()
				took += batch
			}
			b.ReportMetric(float64(took)/b.Elapsed().Seconds(), "notices/s")
		})
	}
}
