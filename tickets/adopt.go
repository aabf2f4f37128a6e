package tickets

import (
	"context"
	"fmt"
	"strings"
)

// beganHome is the chain that says when the journal began. It has two links from the day on which all older rows are in it.
var beganHome = home{kind: "began"}

const adoptAtOnce = 512

// beginJournal puts the rows of a record that is older than its journal into it, once. Where links are there but their
// beginning is not, nothing is adopted: somebody took it away, and the audit says so.
func (s *Store) beginJournal(ctx context.Context) error {
	var is struct{ Begun, Others int64 }
	err := s.look(ctx, func(t *tx) error {
		return t.get(ctx, &is, `SELECT COALESCE((SELECT seq FROM chain WHERE kind = 'began'), 0) AS begun, CASE WHEN EXISTS (SELECT 1 FROM journal WHERE kind <> 'began') THEN 1 ELSE 0 END AS others`)
	})
	if err != nil {
		return fmt.Errorf("read the journal's beginning: %w", err)
	}
	if is.Begun >= 2 || is.Begun == 0 && is.Others > 0 {
		return nil
	}
	if is.Begun == 0 {
		if err := s.markJournal(ctx, "rows from before are being put in"); err != nil {
			return err
		}
	}
	for _, table := range sealedTables {
		if err := s.adoptTable(ctx, table); err != nil {
			return fmt.Errorf("put %s into the journal: %w", table.name, err)
		}
	}
	return s.markJournal(ctx, "all rows are in")
}

// markJournal adds a link to the chain of the beginning.
func (s *Store) markJournal(ctx context.Context, word string) error {
	err := s.write(ctx, func(t *tx) error {
		heads, err := t.lockChains(ctx, []home{beganHome})
		if err != nil {
			return err
		}
		return t.link(ctx, []home{beganHome}, heads, map[home][]entry{beganHome: {{Table: "journal", Key: word, Digest: "begun"}}})
	})
	if err != nil {
		return fmt.Errorf("begin the journal: %w", err)
	}
	return nil
}

func (s *Store) adoptTable(ctx context.Context, table sealedTable) error {
	for offset := 0; ; offset += adoptAtOnce {
		n := 0
		err := s.write(ctx, func(t *tx) (err error) {
			n, err = t.adoptRows(ctx, table, offset)
			return err
		})
		if err != nil || n < adoptAtOnce {
			return err
		}
	}
}

// adoptRows puts some rows of a table into the journal and returns how many they were.
func (t *tx) adoptRows(ctx context.Context, s sealedTable, offset int) (int, error) {
	keys := strings.Join(s.key, ", ")
	rows, err := t.rows(ctx, fmt.Sprintf(`SELECT %s FROM %s ORDER BY %s LIMIT %d OFFSET ?`, keys, s.name, keys, adoptAtOnce), offset)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		key, err := rows.SliceScan()
		if err != nil {
			return 0, err
		}
		for i := range key {
			if b, ok := key[i].([]byte); ok {
				key[i] = string(b)
			}
		}
		t.wrote(s.name, key...)
		n++
	}
	return n, rows.Err()
}
