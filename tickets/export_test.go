package tickets

import "context"

// Tamper changes the database behind the Store's back.
func (s *Store) Tamper(query string, args ...any) (int64, error) {
	var n int64
	err := s.writeOnce(context.Background(), func(t *tx) (err error) {
		r, err := t.ExecContext(context.Background(), t.Rebind(query), args...) // not among the Store's own statements
		if err == nil {
			n, err = r.RowsAffected()
		}
		return err
	})
	return n, err
}

// Pragma sets something of SQLite's writing connection.
func (s *Store) Pragma(statement string) error {
	_, err := s.db.Exec(statement)
	return err
}

// Count reads one number.
func (s *Store) Count(query string, args ...any) (n int64, err error) {
	return n, s.look(context.Background(), func(t *tx) error { return t.GetContext(context.Background(), &n, t.Rebind(query), args...) })
}

// SealForTest makes a reply address' token with a key of the test's own.
func SealForTest(key []byte, reference [7]byte, stands string) string {
	return sealToken(key, tokenReply, reference, stands)
}
