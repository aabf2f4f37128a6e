package tickets_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// worker is a gateway as its process uses it: it works what it holds and stops what is asked of it.
type worker struct {
	*tickets.Gateway
	t       *testing.T
	working map[string]bool
	last    tickets.Standing
}

func newWorker(t *testing.T, d *ticketstest.Desk, mailboxes ...string) *worker {
	t.Helper()
	g, err := d.Gateway(mailboxes)
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{Gateway: g, t: t, working: map[string]bool{}}
	t.Cleanup(func() { g.Leave(context.Background()) })
	return w
}

func (w *worker) beat() tickets.Standing {
	w.t.Helper()
	st, err := w.Beat(context.Background(), w.working)
	if err != nil {
		w.t.Fatal(err)
	}
	clear(w.working)
	for m := range st.Mine {
		if m != st.Give {
			w.working[m] = true
		}
	}
	w.last = st
	return st
}

// settled beats all workers until it is so.
func settled(t *testing.T, what string, workers []*worker, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		for _, w := range workers {
			w.beat()
		}
		if so() {
			return
		}
	}
	for _, w := range workers {
		t.Logf("%s: %+v", w.ID(), w.last)
	}
	t.Fatalf("never came: %s", what)
}

func shared(t *testing.T) *ticketstest.Desk {
	t.Helper()
	return ticketstest.Open(t, ticketstest.PostgreSQL(t), nil)
}

func names(n int) (mailboxes []string) {
	for i := range n {
		mailboxes = append(mailboxes, fmt.Sprintf("mailbox-%d", i))
	}
	return mailboxes
}

func TestMailboxesSpreadOverTheGatewaysThatLive(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ mailboxes, gateways int }{{1, 2}, {2, 2}, {3, 2}, {4, 3}, {7, 5}} {
		t.Run(fmt.Sprint(row), func(t *testing.T) {
			t.Parallel()
			d := shared(t)
			var all []*worker
			for range row.gateways { // each comes when those before it have everything
				all = append(all, newWorker(t, d, names(row.mailboxes)...))
				settled(t, "every mailbox worked once and no gateway with two more than another", all, func() bool {
					held, least, most := 0, row.mailboxes, 0
					for _, w := range all {
						n := len(w.working)
						held, least, most = held+n, min(least, n), max(most, n)
					}
					return held == row.mailboxes && most-least <= 1
				})
			}
			for _, w := range all {
				if st := w.beat(); st.Gateways != row.gateways || st.Give != "" || len(st.Mine)+len(st.Elsewhere) != row.mailboxes {
					t.Errorf("when all is settled: %+v", st)
				}
			}
			if places := placesOf(all); !slices.Equal(places, sequence(row.gateways)) {
				t.Errorf("places of the gateways: %v", places)
			}
		})
	}
}

func placesOf(all []*worker) (places []int) {
	for _, w := range all {
		places = append(places, w.last.Place)
	}
	slices.Sort(places)
	return places
}

func sequence(n int) (s []int) {
	for i := range n {
		s = append(s, i)
	}
	return s
}

func TestASingleGatewayTakesEverythingAtItsFirstBeat(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		w := newWorker(t, d, names(5)...)
		if st := w.beat(); len(st.Mine) != 5 || st.Gateways != 1 {
			t.Errorf("first beat: %+v", st)
		}
	})
}

func TestADeadGatewayIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	d := shared(t)
	dead := newWorker(t, d, names(4)...)
	dead.beat()
	dead.Die()
	next := newWorker(t, d, names(4)...)
	begun := time.Now()
	settled(t, "all mailboxes of the dead", []*worker{next}, func() bool { return len(next.working) == 4 })
	if took := time.Since(begun); took > tickets.LeaseTerm/2 {
		t.Errorf("a restarted gateway waited %v for the lease of its dead predecessor", took)
	}
	if next.last.Gateways != 1 {
		t.Errorf("%d gateways live, want 1", next.last.Gateways)
	}
}

func TestAFrozenGatewayIsFollowedWhenItsTermIsOver(t *testing.T) {
	t.Parallel()
	d := shared(t)
	frozen, other := newWorker(t, d, "report"), newWorker(t, d, "report")
	frozen.beat()
	if st := other.beat(); st.Mine["report"] || st.Elsewhere["report"] != frozen.ID() {
		t.Fatalf("beside a holder that lives: %+v", st)
	}
	d.EndLeases(t)
	settled(t, "the mailbox of the frozen gateway", []*worker{other}, func() bool { return other.working["report"] })
	if st := frozen.beat(); st.Mine["report"] || st.Elsewhere["report"] != other.ID() {
		t.Errorf("when it wakes up: %+v", st)
	}
}

func TestAGatewayThatLeavesFreesItsMailboxesAtOnce(t *testing.T) {
	t.Parallel()
	d := shared(t)
	leaves, stays := newWorker(t, d, "report"), newWorker(t, d, "report")
	leaves.beat()
	stays.beat()
	leaves.Leave(context.Background())
	if st := stays.beat(); !st.Mine["report"] || st.Gateways != 1 {
		t.Errorf("at the next beat: %+v", st)
	}
}

func TestAGatewayOfOtherMailboxesDisturbsNobody(t *testing.T) {
	t.Parallel()
	d := shared(t)
	one, other := newWorker(t, d, names(3)...), newWorker(t, d, "elsewhere")
	settled(t, "each its own", []*worker{one, other}, func() bool { return len(one.working) == 3 && len(other.working) == 1 })
	for range 50 {
		if st := one.beat(); st.Give != "" || len(st.Mine) != 3 {
			t.Fatalf("a mailbox was given up for a gateway that does not know it: %+v", st)
		}
		other.beat()
	}
}

func TestADatabaseThatFallsSilentIsAFaultInTime(t *testing.T) {
	t.Parallel()
	url := ticketstest.PostgreSQL(t)
	begun := time.Now()
	err := tickets.AskSlowly(url, 300*time.Millisecond)
	if err == nil || !tickets.Away(err) || time.Since(begun) > 5*time.Second {
		t.Errorf("after %v: %v, which counts as away: %v", time.Since(begun), err, tickets.Away(err))
	}
	if ends := tickets.AskSetting(t, url, "idle_in_transaction_session_timeout"); ends != "8s" {
		t.Errorf("a frozen gateway's transaction ends after %q", ends)
	}
	own := url + "&idle_in_transaction_session_timeout=77000"
	if ends := tickets.AskSetting(t, own, "idle_in_transaction_session_timeout"); ends != "77s" {
		t.Errorf("what the URL says does not hold: %q", ends)
	}
}

func TestACapsRowIsPrunedOnceNoCapLooksAtIt(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		ctx := context.Background()
		d.File(d.Mail("ani@luar.example", "satu", "isi"))
		d.Pass(23 * time.Hour)
		d.File(d.Mail("ani@luar.example", "dua", "isi"))
		for _, row := range []struct {
			pass time.Duration
			left int64
		}{{0, 2}, {3 * time.Hour, 1}, {24 * time.Hour, 0}} {
			d.Pass(row.pass)
			if err := d.Prune(ctx, d.Now()); err != nil {
				t.Fatal(err)
			}
			n, err := d.Count(`SELECT COUNT(*) FROM acknowledgement`)
			if err != nil || n != row.left {
				t.Errorf("%v later: %d rows, want %d; %v", row.pass, n, row.left, err)
			}
		}
	})
}
