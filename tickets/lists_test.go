package tickets_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// Lists by mail: those of the reader's own cases, and the overdue ones with the longest overdue first.
func TestListsShowOwnAndOverdueCases(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for range 3 {
			d.File(d.Mail("admin@dinas.baliprov.example", "Situs diretas", "Tolong"))
		}
		d.Deliver()
		staff := func(from, number string, commands ...tickets.CommandLine) []tickets.Notice {
			d.File(d.Mail(from, number, "", func(a *tickets.Arrival) {
				a.Authentication.DKIM, a.Commands = "csirt.example", commands
			}))
			return d.Deliver()
		}
		staff(fd, "[BALIPROV-CSIRT-2026-0001]", command("verify"), command("forward", budi), command("set", "due=2026-11-25"))
		staff(fd, "[BALIPROV-CSIRT-2026-0003]", command("set", "due=2026-11-24"))
		d.Pass(72 * time.Hour)
		for which, want := range map[string][]string{"mine": {"BALIPROV-CSIRT-2026-0001"}, "overdue": {"BALIPROV-CSIRT-2026-0003", "BALIPROV-CSIRT-2026-0001"}} {
			var got []string
			for _, n := range staff(budi, "", command("list", which)) {
				for _, row := range n.Table {
					got = append(got, string(row.Number))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("/list %s shows %v, want %v", which, got, want)
			}
		}
	})
}

func TestTicketsOfOneStateAreListedInOrder(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for range 3 {
			d.File(d.Mail("admin@dinas.baliprov.example", "Situs diretas", "Tolong"))
		}
		d.File(d.Mail(fd, "[BALIPROV-CSIRT-2026-0002]", "", func(a *tickets.Arrival) {
			a.Authentication.DKIM, a.Commands = "csirt.example", []tickets.CommandLine{command("reject", "bukan", "insiden")}
		}))
		var got []string
		err := d.Tickets(context.Background(), tickets.Open, func(ticket tickets.Ticket) error {
			got = append(got, string(ticket.Number))
			return nil
		})
		if want := []string{"BALIPROV-CSIRT-2026-0001", "BALIPROV-CSIRT-2026-0003"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("open are %v, %v, want %v", got, err, want)
		}
	})
}

// What has waited for its time is due then; what is claimed is due when the claim could end.
func TestNextDueIsWhenTheNextNoticeMayBeClaimed(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		ctx := context.Background()
		due := func(want time.Duration) {
			t.Helper()
			got, err := d.NextDue(ctx)
			if err != nil || want == 0 && !got.IsZero() || want > 0 && got.Sub(d.Now()).Round(time.Second) != want {
				t.Errorf("due in %v (%v), want %v, %v", got.Sub(d.Now()), got, want, err)
			}
		}
		due(0)
		d.File(d.Mail("admin@dinas.baliprov.example", "Situs diretas", "Tolong"))
		claimed, err := d.Claim(ctx, 10)
		if err != nil || len(claimed) == 0 {
			t.Fatal(claimed, err)
		}
		due(10 * time.Second)
		for _, n := range claimed {
			if err := d.Later(ctx, n, "421 later"); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := d.NextDue(ctx); err != nil || got.Sub(d.Now()) < 13*time.Second || got.Sub(d.Now()) > 17*time.Second {
			t.Errorf("due in %v after a first failure, want about 15 s, %v", got.Sub(d.Now()), err)
		}
	})
}

// A mailbox is as old as its first sight, also where the server numbers its mails anew.
func TestMailboxIsAsOldAsItsFirstSight(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		began := d.Now()
		for _, validity := range []uint32{7, 7, 8} {
			first, err := d.SawMailbox(context.Background(), "report", validity, d.Now())
			if err != nil || !first.Equal(began) {
				t.Errorf("UIDVALIDITY %d: first seen at %v, %v, want %v", validity, first, err, began)
			}
			d.Pass(time.Hour)
		}
	})
}

// Who gives a notice up may know no more of it than its id and attempt.
func TestFailureOfUnreadNoticeIsToldOnItsTicket(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		ctx := context.Background()
		d.File(d.Mail("admin@dinas.baliprov.example", "Situs diretas", "Tolong"))
		claimed, err := d.Claim(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range claimed {
			if n.Kind == tickets.KindAcknowledged {
				if err := d.Failed(ctx, tickets.Notice{ID: n.ID, Attempt: n.Attempt, Kind: n.Kind, To: n.To}, "550 no"); err != nil {
					t.Fatal(err)
				}
			}
		}
		d.Pass(time.Minute)
		told := slices.ContainsFunc(d.Deliver(), func(n tickets.Notice) bool {
			return n.Ticket.Number == "BALIPROV-CSIRT-2026-0001" && n.To.Address == fd && slices.ContainsFunc(n.Items, func(i tickets.Item) bool { return i.Kind == tickets.KindUndelivered })
		})
		if !told {
			t.Error("Front Desk did not hear of the failure on its ticket")
		}
	})
}
