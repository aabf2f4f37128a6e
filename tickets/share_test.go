package tickets_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// sharedChange is a change of the tests: it enters a name among the refusing addresses.
type sharedChange struct {
	name, transaction string
	err               error
}

// behind makes changes wait behind one that is being committed, lets them go together, and returns what came of each.
func behind(t *testing.T, d *ticketstest.Desk, ctx context.Context, changes map[string]error) map[string]sharedChange {
	t.Helper()
	const insert = `INSERT INTO undeliverable (address, since, words) VALUES (?, 1, '')`
	first, began, done := make(chan struct{}), make(chan struct{}), make(chan sharedChange, len(changes)+1)
	change := func(ctx context.Context, name string, do func() error) {
		transaction, err := d.WriteShared(ctx, do, insert, name)
		done <- sharedChange{name, transaction, err}
	}
	go change(t.Context(), "first", func() error {
		close(began)
		<-first
		return nil
	})
	<-began
	for name, fault := range changes {
		go change(ctx, name, func() error { return fault })
	}
	for deadline := time.Now().Add(10 * time.Second); d.WaitingChanges() < len(changes) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the changes do not wait for each other")
		}
	}
	out := map[string]sharedChange{}
	if ctx.Err() != nil { // they must not wait for what is being committed
		for range changes {
			c := <-done
			out[c.name] = c
		}
	}
	close(first)
	for len(out) < len(changes)+1 {
		c := <-done
		out[c.name] = c
	}
	return out
}

func entered(t *testing.T, d *ticketstest.Desk, name string) bool {
	t.Helper()
	n, err := d.Count(`SELECT COUNT(*) FROM undeliverable WHERE address = ?`, name)
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

func TestChangesThatWaitShareOneCommit(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		changes, transactions := map[string]error{"lost": tickets.ErrClaimLost}, map[string]bool{}
		for i := range 5 {
			changes[fmt.Sprint("change ", i)] = nil
		}
		out := behind(t, d, t.Context(), changes)
		for name, c := range out {
			if want := changes[name]; !errors.Is(c.err, want) || entered(t, d, name) != (want == nil) {
				t.Errorf("%s: %v, on record: %v; want %v", name, c.err, entered(t, d, name), want)
			}
			if name != "first" {
				transactions[c.transaction] = true
			}
		}
		if len(transactions) != 1 || transactions[out["first"].transaction] {
			t.Errorf("what waited behind the first change took %d transactions, want one of its own", len(transactions))
		}
	})
}

func TestFaultyChangeFallsOutOfItsCommitAlone(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		fault := errors.New("this one cannot be written")
		changes := map[string]error{"before": nil, "faulty": fault, "after": nil}
		for name, c := range behind(t, d, t.Context(), changes) {
			if want := changes[name]; !errors.Is(c.err, want) || entered(t, d, name) != (want == nil) {
				t.Errorf("%s: %v, on record: %v; want %v", name, c.err, entered(t, d, name), want)
			}
		}
	})
}

func TestChangeWhoseTimeIsUpLeavesTheQueueUnmade(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		out := behind(t, d, ctx, map[string]error{"late": nil})
		if !errors.Is(out["late"].err, context.Canceled) || entered(t, d, "late") {
			t.Errorf("late: %v, on record: %v", out["late"].err, entered(t, d, "late"))
		}
		if !entered(t, d, "first") {
			t.Error("the change in hand was not made")
		}
	})
}
