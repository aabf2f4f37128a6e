package tickets

import (
	"context"
	"fmt"
	"time"
)

// Credential is a secret that the gateway obtained at run time and must not lose, such as a refresh token that its provider
// replaces at each use.
type Credential struct {
	Name    string
	Version int64  // 0: there is none
	Secret  []byte // nil where there is none
}

// Credential returns a credential; Version is 0 where there is none. Its error is ErrSealed where the secret key that sealed
// it is gone; the version is told then too, so that it can be replaced.
func (s *Store) Credential(ctx context.Context, name string) (Credential, error) {
	c := Credential{Name: name}
	var rows []struct {
		Version int64
		Sealed  string
	}
	err := s.look(ctx, func(t *tx) error {
		rows = nil
		return t.all(ctx, &rows, `SELECT version, sealed FROM credential WHERE name = ?`, name)
	})
	if err != nil {
		return c, fmt.Errorf("read credential %s: %w", name, err)
	}
	if len(rows) == 0 {
		return c, nil
	}
	c.Version = rows[0].Version
	if c.Secret, err = s.Keys.open(name, rows[0].Sealed); err != nil {
		return c, fmt.Errorf("open credential %s: %w", name, err)
	}
	return c, nil
}

// ClaimCredential claims the renewing of a version of a credential for a time, so that of several gateways one does it.
// false means that another is at it, or that there is another version by now. The claim ends by itself, or with the change.
func (s *Store) ClaimCredential(ctx context.Context, name string, version int64, now time.Time, lease time.Duration) (bool, error) {
	return s.changeCredential(ctx, "claim", name, func(t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE credential SET leased_until = ? WHERE name = ? AND version = ? AND leased_until <= ?`, micros(now.Add(lease)), name, version, micros(now))
	})
}

// ReleaseCredential gives a claim back where nothing came of it.
func (s *Store) ReleaseCredential(ctx context.Context, name string, version int64) error {
	_, err := s.changeCredential(ctx, "release", name, func(t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE credential SET leased_until = 0 WHERE name = ? AND version = ?`, name, version)
	})
	return err
}

// SaveCredential replaces the version of a credential that c was made from (0 for the first). false means that there is
// another version by now, which stays.
func (s *Store) SaveCredential(ctx context.Context, c Credential, now time.Time) (bool, error) {
	sealed, err := s.Keys.seal(c.Name, c.Secret)
	if err != nil {
		return false, err
	}
	return s.changeCredential(ctx, "save", c.Name, func(t *tx) (int64, error) {
		if c.Version == 0 {
			return t.exec(ctx, `INSERT INTO credential (name, version, sealed, changed_at) VALUES (?, 1, ?, ?) ON CONFLICT (name) DO NOTHING`, c.Name, sealed, micros(now))
		}
		return t.exec(ctx, `UPDATE credential SET version = version + 1, sealed = ?, leased_until = 0, changed_at = ? WHERE name = ? AND version = ?`, sealed, micros(now), c.Name, c.Version)
	})
}

// changeCredential runs one statement and says whether it changed the row.
func (s *Store) changeCredential(ctx context.Context, what, name string, do func(*tx) (int64, error)) (bool, error) {
	var n int64
	err := s.write(ctx, func(t *tx) (err error) {
		n, err = do(t)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("%s credential %s: %w", what, name, err)
	}
	return n == 1, nil
}
