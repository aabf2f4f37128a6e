package tickets

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/jmoiron/sqlx"
)

// pool is the connections of one kind, with their prepared statements: reading and planning a statement costs both
// databases more than running most of ours.
type pool struct {
	*sqlx.DB

	mu         sync.Mutex
	statements map[string]*sqlx.Stmt // by text
}

func newPool(db *sqlx.DB, err error) (*pool, error) {
	if err != nil {
		return nil, err
	}
	return &pool{DB: db, statements: map[string]*sqlx.Stmt{}}, nil
}

// tx is one transaction. Its statements are written once, with ?.
type tx struct {
	*sqlx.Tx
	s     *Store
	pool  *pool // whose connection it has
	bound map[string]*sqlx.Stmt
	fresh []string // texts that the pool has not prepared yet

	people  directory     // the staff, once somebody asked; nil after a change
	written []writtenRow  // what the journal is to say before the commit
	counts  map[State]int // by how many the tickets of each state have become more
}

func (s *Store) transaction(t *sqlx.Tx, p *pool) *tx {
	return &tx{Tx: t, s: s, pool: p, bound: map[string]*sqlx.Stmt{}}
}

// statement gives the prepared statement of a text on the transaction's connection.
func (t *tx) statement(ctx context.Context, query string) (*sqlx.Stmt, error) {
	if st := t.bound[query]; st != nil {
		return st, nil
	}
	t.pool.mu.Lock()
	kept := t.pool.statements[query]
	t.pool.mu.Unlock()
	var st *sqlx.Stmt
	if kept != nil {
		st = t.StmtxContext(ctx, kept)
	} else {
		var err error
		if st, err = t.PreparexContext(ctx, t.Rebind(query)); err != nil {
			return nil, fmt.Errorf("prepare statement: %w", err)
		}
		t.fresh = append(t.fresh, query)
	}
	t.bound[query] = st
	return st, nil
}

// keep prepares for the pool what a transaction met first. It runs after the transaction's end: before, the one connection of
// SQLite is taken. What cannot be prepared now is met again.
func (p *pool) keep(ctx context.Context, t *tx) {
	for _, query := range t.fresh {
		st, err := p.PreparexContext(ctx, p.Rebind(query))
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.statements[query] == nil {
			p.statements[query], st = st, nil
		}
		p.mu.Unlock()
		if st != nil {
			st.Close() // another transaction was first
		}
	}
}

// Statements are the texts of the statements that the Store has run so far, in order: for reading how the database goes
// about them.
func (s *Store) Statements() []string {
	seen := map[string]bool{}
	for _, p := range []*pool{s.db, s.read} {
		p.mu.Lock()
		for text := range p.statements {
			seen[text] = true
		}
		p.mu.Unlock()
	}
	return slices.Sorted(maps.Keys(seen))
}

// get reads one row; sql.ErrNoRows where there is none.
func (t *tx) get(ctx context.Context, dest any, query string, args ...any) error {
	st, err := t.statement(ctx, query)
	if err != nil {
		return err
	}
	return st.GetContext(ctx, dest, args...)
}

// all reads all rows.
func (t *tx) all(ctx context.Context, dest any, query string, args ...any) error {
	st, err := t.statement(ctx, query)
	if err != nil {
		return err
	}
	return st.SelectContext(ctx, dest, args...)
}

// exec returns how many rows were touched.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := t.statement(ctx, query)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}
