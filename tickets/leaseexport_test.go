package tickets

import (
	"context"
	"testing"
	"time"
)

// Die ends a gateway as a killed process ends: its connection is gone, its rows stay.
func (g *Gateway) Die() {
	g.hangUp()
	g.session.Close()
}

// EndLeases lets the time of all leases pass.
func (s *Store) EndLeases(t *testing.T) {
	t.Helper()
	if _, err := s.Tamper(`UPDATE lease SET until = 1 WHERE holder <> ''`); err != nil {
		t.Fatal(err)
	}
}

// AskSlowly gives a statement during which the server is silent for longer than it may be.
func AskSlowly(rawURL string, silence time.Duration) error {
	db, err := openPostgreSQL(rawURL, silence)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Ping(); err != nil {
		return nil
	}
	_, err = db.ExecContext(context.Background(), `SELECT pg_sleep(20)`)
	return err
}

// AskSetting reads a setting of the sessions that the Store opens.
func AskSetting(t *testing.T, rawURL, name string) (value string) {
	t.Helper()
	db, err := openPostgreSQL(rawURL, silentFor)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Get(&value, "SHOW "+name); err != nil {
		t.Fatal(err)
	}
	return value
}
