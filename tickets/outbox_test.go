package tickets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func claim(t *testing.T, d *ticketstest.Desk, n int) []tickets.Notice {
	t.Helper()
	claimed, err := d.Claim(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return claimed
}

func TestNoticesToOnePersonAboutOneTicketGoOutInOrder(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		d.File(signed(d, budi, string(p.n), "Satu.", command("reply")))
		d.File(signed(d, budi, string(p.n), "Dua.", command("reply")))
		first := claim(t, d, 50)
		wantKinds(t, first, "ani:message", "budi:done")
		if texts(to(t, first, ani)) != "Satu." {
			t.Errorf("the first is %q", texts(to(t, first, ani)))
		}
		wantKinds(t, claim(t, d, 50)) // the second waits for the first
		if err := d.Sent(t.Context(), to(t, first, ani), "250 taken"); err != nil {
			t.Fatal(err)
		}
		second := claim(t, d, 50)
		wantKinds(t, second, "ani:message")
		if texts(second[0]) != "Dua." {
			t.Errorf("the second is %q", texts(second[0]))
		}
	})
}

func TestClaimIsALeaseAndCountsTheAttempt(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Laporan", "Isi."))
		ctx := t.Context()
		first := to(t, claim(t, d, 50), ani)
		d.Pass(9 * time.Second)
		if err := d.Renew(ctx, first); err != nil {
			t.Fatal(err)
		}
		d.Pass(9 * time.Second)
		for _, n := range claim(t, d, 50) {
			if n.ID == first.ID {
				t.Fatal("a renewed claim was given away")
			}
		}
		d.Pass(2 * time.Second)
		second := to(t, claim(t, d, 50), ani)
		if second.ID != first.ID || second.Attempt != first.Attempt+1 || second.MessageID != first.MessageID {
			t.Errorf("claimed again as %+v", second)
		}
		for about, err := range map[string]error{
			"Renew": d.Renew(ctx, first), "Rendered": d.Rendered(ctx, first, strings.Repeat("0", 64), 1, "x"), "Sent": d.Sent(ctx, first, "250"),
			"Later": d.Later(ctx, first, "451"), "Failed": d.Failed(ctx, first, "550"),
		} {
			if !errors.Is(err, tickets.ErrClaimLost) {
				t.Errorf("%s on a lost claim: %v", about, err)
			}
		}
		if err := d.Sent(ctx, second, "250"); err != nil {
			t.Error(err)
		}
	})
}

func TestManyClaimersNeverGetTheSame(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for range 30 {
			d.File(d.Mail(ani, "Laporan", "Isi."))
		}
		var mu sync.Mutex
		seen := map[int64]int{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					claimed, err := d.Claim(context.WithoutCancel(t.Context()), 7)
					if err != nil {
						t.Error(err)
						return
					}
					if len(claimed) == 0 {
						return
					}
					if len(claimed) > 7 {
						t.Errorf("claimed %d", len(claimed))
					}
					mu.Lock()
					for _, n := range claimed {
						seen[n.ID]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for len(seen) < 60 { // those that others held at the moment
			for _, n := range claim(t, d, 50) {
				seen[n.ID]++
			}
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("notice %d was claimed %d times", id, n)
			}
		}
	})
}

func TestTriesWaitLongerAndLongerAndEnd(t *testing.T) {
	ticketstest.EachStore(t, func(s *tickets.Settings) { s.GiveUpAfter = 6 * time.Hour }, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Laporan", "Isi."))
		ctx := t.Context()
		both := claim(t, d, 50)
		n := to(t, both, ani)
		if err := d.Sent(ctx, to(t, both, fd), "250 taken"); err != nil {
			t.Fatal(err)
		}
		for _, wait := range []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, time.Hour} {
			if err := d.Later(ctx, n, "451 later"); err != nil {
				t.Fatal(err)
			}
			d.Pass(wait * 89 / 100)
			if got := claim(t, d, 50); len(got) != 0 {
				t.Fatalf("claimed before %s", wait)
			}
			d.Pass(wait * 22 / 100)
			got := claim(t, d, 50)
			if len(got) != 1 || got[0].ID != n.ID {
				t.Fatalf("not claimed after %s", wait)
			}
			n = got[0]
		}
		d.Pass(4 * time.Hour)
		if err := d.Later(ctx, n, "451 later"); err != nil {
			t.Fatal(err)
		}
		if x := delivery(t, d, n); x.State != tickets.Failed || !strings.Contains(x.LastError, "given up: 451 later") {
			t.Errorf("delivery %+v", x)
		}
	})
}

func delivery(t *testing.T, d *ticketstest.Desk, n tickets.Notice) tickets.Delivery {
	t.Helper()
	for _, x := range d.Show(n.Ticket.Number).Deliveries {
		if x.ID == n.ID {
			return x
		}
	}
	t.Fatalf("no delivery %d", n.ID)
	return tickets.Delivery{}
}

func TestFailureIsToldToFrontDeskOnceAndNeverLoops(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		out := d.File(d.Mail(ani, "Laporan", "Isi."))
		ctx := t.Context()
		for _, n := range claim(t, d, 50) {
			if err := d.Failed(ctx, n, "550 no\r\nsuch: user"); err != nil {
				t.Fatal(err)
			}
			if err := d.Failed(ctx, n, "550 again"); !errors.Is(err, tickets.ErrClaimLost) {
				t.Errorf("failed twice: %v", err)
			}
		}
		told := claim(t, d, 50)
		// of ani's; of Front Desk's own the supervisor hears, for Front Desk is alone
		wantKinds(t, told, "frontdesk:undelivered", "kepala:undelivered")
		if got := to(t, told, fd).Items[0]; got.Who.Address != ani || got.Text != "550 no such: user" {
			t.Errorf("told %+v", got)
		}
		for _, n := range told {
			if err := d.Failed(ctx, n, "550 no"); err != nil {
				t.Fatal(err)
			}
		}
		wantKinds(t, d.Deliver())
		if f := d.Show(out.Ticket); len(f.Deliveries) != 4 || f.Deliveries[0].State != tickets.Failed {
			t.Errorf("deliveries %+v", f.Deliveries)
		}
		d.WantClean()
	})
}

func TestNoticeThatCannotBeReadWaitsAlone(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Laporan", "Isi."))
		tamper(t, d, `UPDATE notice SET items = '{broken' WHERE recipient = ?`, ani)
		wantKinds(t, claim(t, d, 50), "frontdesk:new-report")
		waiting, err := d.Outbox(t.Context())
		if err != nil || len(waiting) != 2 {
			t.Fatalf("%+v, %v", waiting, err)
		}
		for _, x := range waiting {
			if x.To == ani && (x.LastError == "" || !x.NextAt.After(d.Now())) {
				t.Errorf("it waits as %+v", x)
			}
		}
		tamper(t, d, `UPDATE notice SET items = '[]' WHERE recipient = ?`, ani)
		d.Pass(time.Minute)
		found := false
		for _, n := range claim(t, d, 50) {
			found = found || n.To.Address == ani
		}
		if !found {
			t.Error("it is not tried again")
		}
	})
}

func TestRenderedMailIsKeptAndSentAgainAsItIs(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Laporan", "Isi."))
		ctx := t.Context()
		n := to(t, claim(t, d, 50), ani)
		sum, size, err := tickets.PutEvidence(ctx, d.Evidence, strings.NewReader("surel"))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Rendered(ctx, n, sum, size, "isi"); err != nil {
			t.Fatal(err)
		}
		if err := d.Rendered(ctx, n, sum, size, "isi"); !errors.Is(err, tickets.ErrClaimLost) {
			t.Errorf("rendered twice: %v", err)
		}
		d.Pass(time.Minute)
		if again := to(t, claim(t, d, 50), ani); again.Rendered != sum || again.MessageID != n.MessageID || again.Sender != n.Sender {
			t.Errorf("claimed again as %+v", again)
		}
	})
}

func TestRetryTakesWhatIsStuckAndNothingThatIsBeingSent(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Laporan", "Isi."))
		ctx := t.Context()
		claimed := claim(t, d, 50)
		if n, err := d.RetryOutbox(ctx, 0); err != nil || n != 0 {
			t.Errorf("%d, %v: what is being sent would be sent twice", n, err)
		}
		if err := d.Failed(ctx, to(t, claimed, ani), "550 no"); err != nil {
			t.Fatal(err)
		}
		if n, err := d.RetryOutbox(ctx, to(t, claimed, ani).ID); err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
		if again := to(t, claim(t, d, 50), ani); again.Attempt != 2 || !again.QueuedAt.Equal(d.Now()) {
			t.Errorf("claimed again as %+v", again)
		}
		if n, err := d.RetryOutbox(ctx, 9999); err != nil || n != 0 {
			t.Errorf("%d, %v for an id that there is not", n, err)
		}
	})
}

func TestThreadHoldsOnlyIDsOfMailsToItsRecipient(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := in(t, d, r)
		issued := map[string]string{}
		for i := range 25 {
			p.must(budi, fmt.Sprintf("Kabar %d.", i), command("reply"))
		}
		for _, x := range p.file().Deliveries {
			issued[x.MessageID] = x.To
		}
		n := p.last[ani]
		if len(n.References) == 0 || len(n.References) > 21 || n.InReplyTo == "" {
			t.Errorf("references %d, in reply to %q", len(n.References), n.InReplyTo)
		}
		for _, id := range n.References {
			if issued[id] != ani {
				t.Errorf("%s was issued to %q", id, issued[id])
			}
		}
	})
}

func TestReleaseClaimsFreesThemWhereOneProcessOwnsTheDatabase(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Laporan", "Isi."))
		n := len(claim(t, d, 50))
		if err := d.ReleaseClaims(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := 0
		if strings.HasPrefix(d.URL, "sqlite:") {
			want = n
		}
		if got := len(claim(t, d, 50)); got != want {
			t.Errorf("%d are free, want %d", got, want)
		}
	})
}
