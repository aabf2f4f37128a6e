package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aduan/mailout/smtptest"
	"aduan/tickets/waypoint"
)

var (
	kills = flag.Int("kills", 40, "how often the gateway is killed at a random moment, on each database")
	seed  = flag.Uint64("seed", 0, "of the random moments; 0 takes another each time")
)

const victimsLease = 600 * time.Millisecond

// deaths are the ways to die at a point: one or more for each.
func deaths(p waypoint.Point) []death {
	report := func(tr *trial) { tr.deliver(aduan, aReport) }
	switch p {
	case waypoint.EvidenceBegun, waypoint.EvidenceSynced, waypoint.EvidenceNamed, waypoint.EvidenceKept:
		return []death{{p, 1, victimsLease, report}, {p, 2, victimsLease, report}} // of a mail, and of a rendered notice
	case waypoint.FaultWritten, waypoint.FaultRecorded:
		poison := func(tr *trial) { tr.deliver(aduan, aPoison) }
		return []death{{p, 1, victimsLease, poison}, {p, 3, victimsLease, poison}} // the first, and the one that is the last
	case waypoint.BacklogWritten, waypoint.BacklogRecorded:
		return []death{{p, 1, victimsLease, func(tr *trial) { tr.deliver(aduan, anOldOne); tr.deliver(aduan, anOldOne) }}}
	case waypoint.MailsCopied, waypoint.MailsMarked:
		return []death{{p, 1, victimsLease, func(tr *trial) { tr.deliver(alt, aReport) }}}
	case waypoint.LaterWritten, waypoint.LaterRecorded:
		return []death{{p, 1, victimsLease, func(tr *trial) {
			tr.relay.Order(smtptest.OnMail, smtptest.Answer{Code: 451, Text: "greylisted", Times: 1})
			report(tr)
		}}}
	case waypoint.FailedWritten, waypoint.FailedRecorded:
		return []death{{p, 1, victimsLease, func(tr *trial) { tr.deliver(aduan, refused) }}}
	case waypoint.ClaimRenewed:
		return []death{{p, 1, 5 * time.Second, func(tr *trial) {
			tr.relay.Order(smtptest.AfterData, smtptest.Answer{Delay: 4 * time.Second, Times: 1})
			report(tr)
		}}}
	}
	return []death{{p, 1, victimsLease, report}}
}

func TestAKillAtAnyPointOfTheWayLosesAndDoublesNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		tr := newTrial(t, url)
		doubled := 0
		for _, p := range waypoint.All() {
			for _, d := range deaths(p) {
				v := startVictim(tr, d)
				d.does(tr)
				if !v.died() {
					t.Fatalf("the gateway never came by %s for time %d", d.point, d.times)
				}
				v = startVictim(tr, death{lease: d.lease})
				tr.settle()
				doubled = tr.upheld()
				v.kill()
				if t.Failed() {
					t.Fatalf("after a kill at %s", d.point)
				}
			}
		}
		t.Logf("%d mails went out twice", doubled)
	})
}

func TestKillsAtRandomMomentsLoseAndDoubleNothing(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	eachDatabase(t, func(t *testing.T, url string) {
		tr := newTrial(t, url)
		r := rand.New(rand.NewPCG(*seed, 1))
		tr.deliver(aduan, aReport)
		for range *kills {
			for range r.IntN(6) {
				tr.deliver([]string{aduan, aduan, alt}[r.IntN(3)], []expectation{aReport, aReport, aReport, aReport, anOldOne, aPoison, refused, aTwin}[r.IntN(8)])
			}
			switch r.IntN(6) {
			case 0:
				tr.relay.Order(smtptest.AfterData, smtptest.Answer{Cut: true, Times: 1}) // taken, but who knows
			case 1:
				tr.relay.Order(smtptest.OnMail, smtptest.Answer{Code: 451, Times: 1})
			}
			v := startVictim(tr, death{lease: victimsLease})
			if r.IntN(4) > 0 {
				v.ready() // else it dies while it starts
			}
			time.Sleep(time.Duration(r.IntN(150)) * time.Millisecond)
			v.kill()
		}
		v := startVictim(tr, death{lease: victimsLease})
		tr.settle()
		doubled := tr.upheld()
		v.kill()
		t.Logf("%d kills, %d mails came in, %d went out, %d of them twice", *kills, len(tr.mails), len(tr.relay.Mails())-doubled, doubled)
	})
}

func TestAMailThatFailsThriceIsListedAndCanBeTakenInAgain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		tr := newTrial(t, url)
		v := startVictim(tr, death{lease: victimsLease})
		defer func() { v.kill() }()
		tr.deliver(aduan, aReport)
		tr.deliver(aduan, aPoison)
		tr.deliver(aduan, aReport)
		tr.settle()
		tr.upheld()
		if list := tr.in.call(t, exitDone, "failed", "list"); strings.Count(list, "racun") != 1 {
			t.Errorf("the list of the failed:\n%s", list)
		}
		tr.in.call(t, exitFailed, "failed", "retry", "77")
		if out := tr.in.call(t, exitFailed, "failed", "retry"); strings.Contains(out, "BALIPROV") { // it still causes its fault
			t.Errorf("taken in: %s", out)
		}
		drop := `DROP TRIGGER no_poison`
		if !strings.HasPrefix(url, "sqlite:") {
			drop += ` ON message`
		}
		if _, err := tr.db.Exec(drop); err != nil {
			t.Fatal(err)
		}
		if out := tr.in.call(t, exitDone, "failed", "retry"); !strings.Contains(out, "BALIPROV-CSIRT-2026-0003") {
			t.Errorf("retried: %s", out)
		}
		if out := tr.in.call(t, exitDone, "failed", "retry"); !strings.Contains(out, "no mail has failed") {
			t.Errorf("retried again: %s", out)
		}
		tr.settle()
		if list := tr.in.call(t, exitDone, "failed", "list"); strings.Contains(list, "racun") {
			t.Errorf("the list of the failed:\n%s", list)
		}
		if out := tr.in.call(t, exitDone, "audit"); !strings.Contains(out, "0 faults") {
			t.Errorf("audit: %s", out)
		}
	})
}

func TestAMailThatFailsDoesNotKeepTheRestOfAnArchiveWaiting(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		tr := newTrial(t, url)
		var mbox strings.Builder
		for n := range 60 { // more than share one transaction
			fmt.Fprintf(&mbox, "From ani@dinkes.baliprov.example Mon Nov 23 08:00:00 2026\nFrom: ani@dinkes.baliprov.example\nSubject: %s\nMessage-ID: <a%d@x>\n\nIsi %d.\n\n", map[bool]string{true: "racun"}[n == 3], n, n)
		}
		file := filepath.Join(t.TempDir(), "arsip.mbox")
		if err := os.WriteFile(file, []byte(mbox.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"opened\t", "known\t"} { // the second time nothing happens
			if out := tr.in.call(t, exitTempFail, "ingest", "--history", file); strings.Count(out, want) != 59 {
				t.Errorf("%d of 59 are %q:\n%s", strings.Count(out, want), want, out)
			}
		}
	})
}
