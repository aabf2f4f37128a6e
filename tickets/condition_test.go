package tickets_test

import (
	"testing"
	"time"

	"aduan/tickets/ticketstest"
)

func TestConditionTellsVersionAndWhetherCommitsLastAndChangesNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for range 2 { // the second would fail if the first had left its trial behind
			c, err := d.Condition(t.Context())
			if err != nil || c.ReadOnly != nil || c.Version != c.Latest || c.Latest == 0 || c.Durable == "" {
				t.Fatalf("condition %+v, %v", c, err)
			}
			if c.Dialect == "sqlite" && (c.Lossy || c.Durable != "journal_mode wal, synchronous full") {
				t.Errorf("SQLite is %s", c.Durable)
			}
			if c.Dialect == "postgres" && time.Since(c.Now).Abs() > time.Minute {
				t.Errorf("PostgreSQL says it is %s", c.Now)
			}
		}
	})
}
