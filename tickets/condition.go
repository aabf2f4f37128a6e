package tickets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Condition is how a database stands.
type Condition struct {
	Dialect         string // sqlite or postgres
	Version, Latest int64  // of the schema: here, and in this program
	Durable         string // what says whether a commit survives a power cut, in the database's words
	Lossy           bool   // it does not
	Now             time.Time
	ReadOnly        error // why it cannot be written; nil where it can
}

// errTakenBack ends a transaction that was only a trial.
var errTakenBack = errors.New("taken back")

// Condition looks at the database and changes nothing. Now is zero where the database has no clock of its own.
func (s *Store) Condition(ctx context.Context) (Condition, error) {
	c := Condition{Dialect: s.dialect.name}
	p, err := s.migrations(s.db.DB.DB)
	if err != nil {
		return c, err
	}
	if c.Version, err = p.GetDBVersion(ctx); err != nil {
		return c, fmt.Errorf("read the database's version: %w", err)
	}
	sources := p.ListSources()
	c.Latest = sources[len(sources)-1].Version
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.ExecContext(ctx, `CREATE TABLE aduan_doctor (x INTEGER)`); err != nil {
			return err
		}
		return errTakenBack
	})
	if !errors.Is(err, errTakenBack) {
		c.ReadOnly = err
	}
	return c, s.durability(ctx, &c)
}

// durability asks for the settings on which a commit's surviving depends.
func (s *Store) durability(ctx context.Context, c *Condition) error {
	ask := func(query string) (value string, err error) {
		if err = s.db.GetContext(ctx, &value, query); err != nil {
			err = fmt.Errorf("ask for the database's settings: %w", err)
		}
		return value, err
	}
	if s.dialect.name == "sqlite" {
		journal, err := ask(`PRAGMA journal_mode`)
		if err != nil {
			return err
		}
		sync, err := ask(`PRAGMA synchronous`)
		c.Durable = "journal_mode " + journal + ", synchronous " + map[string]string{"0": "off", "1": "normal", "2": "full", "3": "extra"}[sync]
		c.Lossy = sync != "2" && sync != "3" || strings.EqualFold(journal, "off") || strings.EqualFold(journal, "memory")
		return err
	}
	fsync, err := ask(`SHOW fsync`)
	if err != nil {
		return err
	}
	commit, err := ask(`SHOW synchronous_commit`)
	if err != nil {
		return err
	}
	c.Durable, c.Lossy = "fsync "+fsync+", synchronous_commit "+commit, fsync != "on" || commit == "off"
	if err := s.db.GetContext(ctx, &c.Now, `SELECT clock_timestamp()`); err != nil {
		return fmt.Errorf("ask for the database's time: %w", err)
	}
	return nil
}
