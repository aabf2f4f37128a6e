package tickets_test

import (
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestListsNameRedTicketsByNumberOnly(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Rahasia sekali", "Isi."))
		report := to(t, d.Deliver(), fd)
		d.File(answer(d, report, "", command("set", "tlp=red")))
		done := to(t, d.Deliver(), fd)
		d.File(answer(d, done, "", command("list", "all")))
		table := to(t, d.Deliver(), fd).Table
		if len(table) != 1 || table[0].Number != "BALIPROV-CSIRT-2026-0001" {
			t.Fatalf("table %+v", table)
		}
		if table[0].Subject != tickets.TLPRed.Label() || table[0].Reporter.Address != "" {
			t.Errorf("a list tells of a TLP:RED ticket: %q from %q", table[0].Subject, table[0].Reporter.Address)
		}
	})
}
