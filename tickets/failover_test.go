package tickets_test

import (
	"context"
	"testing"
	"time"

	"aduan/tickets/ticketstest"
)

// A server that is told to stop waiting for its replica says "committed". If the mail were moved then, and the server lost
// before the replica has caught up, the report would be gone.
func TestWhatNoReplicaHasCountsAsNotOnRecord(t *testing.T) {
	t.Parallel()
	pair := ticketstest.StartPair(t)
	d := ticketstest.Open(t, pair.URL, nil)
	a := d.Mail("ani@dinkes.baliprov.example", "Situs diretas", "isi")
	a.Mailbox, a.UIDValidity, a.UID = "report", 1, 7
	pair.Replica.Kill()
	brief := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), 500*time.Millisecond)
	}
	ctx, cancel := brief()
	defer cancel()
	if filed, err := d.Store.File(ctx, d.Now(), a); err == nil {
		t.Fatalf("filed without its replica: %+v", filed)
	}
	ctx, cancel = brief()
	defer cancel()
	if known, err := d.Known(ctx, "report", 1, []uint32{7}); err == nil && len(known) > 0 {
		t.Error("the ledger lets a mail be moved that one machine alone knows of")
	}
	if err := pair.Replica.Start(); err != nil {
		t.Fatal(err)
	}
	out := d.File(a)
	if known, err := d.Known(context.Background(), "report", 1, []uint32{7}); err != nil || len(known) != 1 {
		t.Errorf("with the replica back: %v, %v", known, err)
	}
	if err := pair.FailOver(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err := d.Ping(context.Background()); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	if f := d.Show(out.Ticket); len(f.Messages) != 1 {
		t.Errorf("after the fail-over the ticket has %d messages", len(f.Messages))
	}
	d.WantClean()
}
