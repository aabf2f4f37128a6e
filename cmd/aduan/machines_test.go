package main

import (
	"bytes"
	"flag"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"aduan/tickets"
)

var allFleets = flag.Bool("fleets", false, "run two, three and five gateways with 2,000 mails each, in place of three alone")

// floodOf puts n small reports of n people into the mailboxes, one after the other in turn.
func (f *fleet) floodOf(n int) {
	f.Helper()
	for i := range n {
		who := fmt.Sprintf("pelapor%04d@dinkes.baliprov.example", i)
		raw := fmt.Sprintf("From: <%s>\r\nTo: <aduan@csirt.example>\r\nSubject: Laporan %d\r\nDate: Mon, 23 Nov 2026 10:00:00 +0800\r\nMessage-ID: <lapor-%d@dinkes.baliprov.example>\r\n\r\nSitus nomor %d diretas.\r\n",
			who, i, i, i)
		if err := f.server.put(f.mailboxes[i%len(f.mailboxes)], []byte(raw)); err != nil {
			f.Fatal(err)
		}
	}
}

// sentLetter is a mail at the relay.
type sentLetter struct {
	to   string
	data []byte
}

// acknowledgements are the mails at the relay by Message-ID; one that came again must have come as the same bytes.
func (f *fleet) acknowledgements() (letters map[string]sentLetter, again int) {
	f.Helper()
	letters = map[string]sentLetter{}
	for _, m := range f.relay.Mails() {
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			f.Fatal(err)
		}
		id := parsed.Header.Get("Message-ID")
		before, seen := letters[id]
		if seen {
			again++
		}
		if seen && (before.to != m.To[0] || !bytes.Equal(before.data, m.Data)) {
			f.Errorf("%s was sent twice, not as the same mail", id)
		}
		letters[id] = sentLetter{m.To[0], m.Data}
	}
	return letters, again
}

// checkFlood looks at what n reports left behind: each a ticket, each answered, nothing doubled.
func (f *fleet) checkFlood(n int) (again int) {
	f.Helper()
	letters, again := f.acknowledgements()
	people := map[string]bool{}
	for _, l := range letters {
		people[l.to] = true
	}
	if len(letters) != n || len(people) != n {
		f.Errorf("%d acknowledgements to %d people, want %d", len(letters), len(people), n)
	}
	for query, want := range map[string]int{
		`SELECT COUNT(*) FROM ticket`:                                          n,
		`SELECT COUNT(DISTINCT reporter) FROM ticket`:                          n,
		`SELECT COALESCE(MAX(serial), 0) FROM ticket`:                          n,
		`SELECT COUNT(*) FROM message WHERE direction = 'in'`:                  n,
		`SELECT COUNT(*) FROM message WHERE direction = 'out'`:                 n,
		`SELECT COUNT(*) FROM ledger`:                                          n,
		`SELECT COUNT(*) FROM notice WHERE state = 'sent'`:                     n,
		`SELECT COUNT(*) FROM notice WHERE state <> 'sent'`:                    0,
		`SELECT COUNT(*) FROM event WHERE kind = 'sent'`:                       n,
		`SELECT COUNT(*) FROM (SELECT number FROM ticket GROUP BY number) one`: n,
	} {
		if got := f.number(query); got != want {
			f.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	processed := 0
	for _, user := range f.mailboxes { // what another gateway filed is left to it for a moment
		eventually(f.T, "the inbox of "+user+" is empty", patience, func() bool { return len(f.server.folder(user, "INBOX")) == 0 })
		processed += len(f.server.folder(user, "Aduan/Processed"))
	}
	if processed != n {
		f.Errorf("%d mails in the processed folders, want %d", processed, n)
	}
	if out := f.in.call(f.T, exitDone, "audit"); !strings.Contains(out, "0 faults") {
		f.Errorf("audit: %s", out)
	}
	return again
}

func TestAGatewayKilledAmongSeveralLosesAndDoublesNothing(t *testing.T) {
	t.Parallel() // most of its time it waits for the claims of the dead
	fleets := []int{3}
	if *allFleets {
		fleets = []int{2, 3, 5}
	}
	for _, gateways := range fleets {
		t.Run(fmt.Sprint(gateways), func(t *testing.T) { killedAmong(t, gateways, 2000) })
	}
}

func killedAmong(t *testing.T, gateways, mails int) {
	t.Helper()
	f := fleetOn(t, 2*gateways)
	var all []*process
	for i := range gateways {
		all = append(all, f.start(fmt.Sprintf("gateway%d", i)))
	}
	eventually(t, "two mailboxes with each gateway", patience, func() bool {
		return !slices.ContainsFunc(all, func(p *process) bool { return p.up() != 2 || !p.ready() })
	})
	begun := time.Now()
	f.floodOf(mails)
	eventually(t, "a third of the acknowledgements", 2*time.Minute, func() bool { return len(f.relay.Mails()) >= mails/3 })
	victim := all[0]
	filed := f.number(`SELECT COUNT(*) FROM ticket`)
	victim.kill()
	killed := time.Now()
	eventually(t, "the mailboxes of the dead with the living", 10*time.Second, func() bool {
		held := 0
		for _, p := range all[1:] {
			held += p.held()
		}
		return held == len(f.mailboxes)
	})
	taken := time.Since(killed)
	eventually(t, "all acknowledged", 3*time.Minute, func() bool {
		return len(f.relay.Mails()) >= mails && f.number(`SELECT COUNT(*) FROM notice WHERE state = 'sent'`) == mails
	})
	took := time.Since(begun)
	again := f.checkFlood(mails)
	t.Logf("%d gateways, one killed at %d of %d tickets: mailboxes followed after %v, all acknowledged after %v (%.0f mails/s), %d sent again as the same mail",
		gateways, filed, mails, taken.Round(time.Millisecond), took.Round(time.Millisecond), float64(mails)/took.Seconds(), again)
}

func TestClaimsOfADeadGatewayAreFreeWithinTenSeconds(t *testing.T) {
	t.Parallel()
	f := fleetOn(t, 1)
	way := newValve(t, f.relay.Addr())
	dies := f.start("dies", func(_, relay *string) { *relay = way.addr() })
	eventually(t, "readiness", patience, dies.ready)
	way.shut()
	f.floodOf(1)
	eventually(t, "a mail in hand", patience, func() bool { return f.number(`SELECT COUNT(*) FROM message WHERE direction = 'out'`) == 1 })
	next := f.start("next")
	eventually(t, "another gateway, content that the first has the mailbox", patience, func() bool { return next.ready() && next.held() == 0 })
	claimed := f.number(`SELECT leased_until FROM notice`)
	eventually(t, "the claim to be renewed", patience, func() bool { return f.number(`SELECT leased_until FROM notice`) > claimed })
	dies.kill()
	killed := time.Now()
	eventually(t, "the acknowledgement by the other gateway", 10*time.Second+2*time.Second, func() bool { return len(f.relay.Mails()) == 1 })
	t.Logf("sent %v after the kill", time.Since(killed).Round(time.Millisecond))
	eventually(t, "its record", patience, func() bool { return f.number(`SELECT COUNT(*) FROM notice WHERE state = 'sent'`) == 1 })
	eventually(t, "the mailbox of the dead", patience, func() bool { return next.up() == 1 && next.ready() })
	f.checkFlood(1)
}

func TestAFrozenGatewayIsReplacedWithinTenSeconds(t *testing.T) {
	t.Parallel()
	f := fleetOn(t, 1)
	frozen := f.start("frozen")
	eventually(t, "readiness", patience, frozen.ready)
	next := f.start("next")
	eventually(t, "another gateway, content that the first has the mailbox", patience, func() bool { return next.ready() && next.held() == 0 })
	frozen.signal(syscall.SIGSTOP)
	stopped := time.Now()
	f.floodOf(1)
	eventually(t, "the mailbox with the other gateway", 10*time.Second, func() bool { return next.held() == 1 })
	t.Logf("replaced %v after it froze", time.Since(stopped).Round(time.Millisecond))
	eventually(t, "the acknowledgement", patience, func() bool { return len(f.relay.Mails()) == 1 })
	frozen.signal(syscall.SIGCONT)
	eventually(t, "the frozen one to find that its mailbox is another's", patience, func() bool { return frozen.held() == 0 && frozen.ready() })
	f.floodOf(1) // the same mail once more: it is recognised
	eventually(t, "the copy filed away", patience, func() bool { return f.number(`SELECT COUNT(*) FROM ledger`) == 2 })
	if n := f.number(`SELECT COUNT(*) FROM ticket`); n != 1 {
		t.Errorf("%d tickets of one report", n)
	}
}

func TestAGatewayThatStartsAgainWaitsForNoLease(t *testing.T) {
	t.Parallel()
	f := fleetOn(t, 2)
	first := f.start("gateway")
	eventually(t, "readiness", patience, func() bool { return first.ready() && first.up() == 2 })
	first.kill()
	begun := time.Now()
	again := f.start("gateway")
	eventually(t, "the mailboxes again", patience, func() bool { return again.held() == 2 })
	took := time.Since(begun)
	t.Logf("both mailboxes %v after the start", took.Round(time.Millisecond))
	if took >= tickets.LeaseTerm {
		t.Errorf("started again, it waited %v", took)
	}
}
