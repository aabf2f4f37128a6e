package main

import (
	"testing"
	"time"

	"aduan/tickets/ticketstest"
)

// The primary dies in the middle of intake, and its replica takes its place. The gateways find it by themselves.
func TestAFailOverOfTheDatabaseLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const mails = 300
	pair := ticketstest.StartPair(t)
	f := newFleet(t, 2, pair.URL)
	gateways := []*process{f.start("one"), f.start("other")}
	eventually(t, "a mailbox with each gateway", patience, func() bool { return gateways[0].up() == 1 && gateways[1].up() == 1 })
	f.floodOf(mails)
	eventually(t, "a third of the tickets", time.Minute, func() bool { return f.number(`SELECT COUNT(*) FROM ticket`) >= mails/3 })
	if err := pair.FailOver(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	db := f.db
	eventually(t, "a database", patience, func() bool { return db.Ping() == nil })
	had := f.number(`SELECT COUNT(*) FROM ticket`)
	eventually(t, "everything sent", time.Minute, func() bool { return f.number(`SELECT COUNT(*) FROM notice WHERE state = 'sent'`) == mails })
	t.Logf("fail-over at %d of %d tickets, all acknowledged %v after it", had, mails, time.Since(begun).Round(time.Millisecond))
	eventually(t, "both gateways well", patience, func() bool { return gateways[0].ready() && gateways[1].ready() })
	f.checkFlood(mails)
}
