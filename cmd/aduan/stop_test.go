package main

import (
	"net/url"
	"sync"
	"syscall"
	"testing"
	"time"

	"aduan/mailout/smtptest"
	"aduan/tickets/ticketstest"
)

// stopsWithin is what the gateway promises to need for its end.
const stopsWithin = 10 * time.Second

func TestStoppingEndsInTimeWhateverHangs(t *testing.T) {
	t.Parallel()
	var rows sync.WaitGroup // side by side: all they do is wait
	for _, row := range []struct {
		about string
		hang  func(f *fleet, imap, database *valve) // after a first mail was answered
	}{
		{"nothing", func(*fleet, *valve, *valve) {}},
		{"the mail server while nothing is asked of it", func(_ *fleet, imap, _ *valve) { imap.shut() }},
		{"the mail server in the middle of a flood", func(f *fleet, imap, _ *valve) {
			f.floodOf(400)
			eventually(f.T, "new tickets", patience, func() bool { return f.number(`SELECT COUNT(*) FROM ticket`) > 1 })
			imap.shut()
		}},
		{"the relay with a mail in hand", func(f *fleet, _, _ *valve) {
			f.relay.Order(smtptest.AfterData, smtptest.Answer{Delay: time.Minute})
			f.floodOf(3)
			eventually(f.T, "new tickets", patience, func() bool { return f.number(`SELECT COUNT(*) FROM notice WHERE attempts > 0`) >= 2 })
		}},
		{"the database and both mail servers", func(f *fleet, imap, database *valve) {
			f.relay.Order(smtptest.AfterData, smtptest.Answer{Delay: time.Minute})
			f.floodOf(3)
			imap.shut()
			database.shut()
		}},
	} {
		rows.Go(func() {
			t.Run(row.about, func(t *testing.T) { stopWhile(t, row.hang) })
		})
	}
	rows.Wait()
}

func stopWhile(t *testing.T, hang func(f *fleet, imap, database *valve)) {
	direct := ticketstest.PostgreSQL(t)
	database, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	way := newValve(t, database.Host)
	database.Host = way.addr()
	f := newFleet(t, 1, database.String())
	f.relay.Forget()
	imap := newValve(t, f.server.addr)
	p := f.start("gateway", func(addr, _ *string) { *addr = imap.addr() })
	eventually(t, "readiness", patience, p.ready)
	f.floodOf(1)
	eventually(t, "the acknowledgement", patience, func() bool { return len(f.relay.Mails()) == 1 })
	hang(f, imap, way)
	begun := time.Now()
	p.signal(syscall.SIGTERM)
	if code := p.ended(stopsWithin + 5*time.Second); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	took := time.Since(begun)
	if took > stopsWithin {
		t.Errorf("it took %v to stop", took)
	}
	t.Logf("stopped after %v", took.Round(time.Millisecond))
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	f := fleetOn(t, 1)
	f.relay.Order(smtptest.AfterData, smtptest.Answer{Delay: time.Minute})
	p := f.start("gateway")
	eventually(t, "readiness", patience, p.ready)
	f.floodOf(1)
	eventually(t, "a mail in hand", patience, func() bool { return f.number(`SELECT COUNT(*) FROM message WHERE direction = 'out'`) == 1 })
	p.signal(syscall.SIGTERM)
	eventually(t, "the mailbox given back while the mail is in hand", patience, func() bool {
		return f.number(`SELECT COUNT(*) FROM lease WHERE holder <> ''`) == 0
	})
	begun := time.Now()
	p.signal(syscall.SIGTERM)
	if code := p.ended(stopsWithin); code == exitDone {
		t.Error("what was cut off says that all went well")
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the second signal took %v", took)
	}
}

func TestStoppingFinishesTheMailInHand(t *testing.T) {
	t.Parallel()
	f := fleetOn(t, 1)
	f.relay.Order(smtptest.AfterData, smtptest.Answer{Delay: 2 * time.Second})
	p := f.start("gateway")
	eventually(t, "readiness", patience, p.ready)
	f.floodOf(1)
	eventually(t, "a mail in hand", patience, func() bool { return f.number(`SELECT COUNT(*) FROM message WHERE direction = 'out'`) == 1 })
	p.signal(syscall.SIGTERM)
	if code := p.ended(stopsWithin); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if n := f.number(`SELECT COUNT(*) FROM notice WHERE state = 'sent'`); n != 1 {
		t.Error("the mail in hand was not finished")
	}
	f.checkFlood(1)
}
