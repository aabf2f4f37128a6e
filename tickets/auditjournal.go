package tickets

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// head verifies the journal as one sequence and names the record as it is now. Given the head of an earlier audit, it shows that
// nothing before that was changed or taken away since.
func (a *audit) head(ctx context.Context) error {
	last, err := a.s.journalEnd(ctx)
	if err != nil {
		return err
	}
	wantAt, wantHash, err := readHead(a.how.Head)
	if err != nil {
		return &InvalidError{err}
	}
	hash, id, met := "", int64(0), a.how.Head == ""
	for id < last {
		var rows []struct {
			ID   int64
			Hash string
		}
		err := a.s.look(ctx, func(t *tx) error {
			rows = nil
			return t.all(ctx, &rows, `SELECT id, hash FROM journal WHERE id > ? AND id <= ? ORDER BY id LIMIT 2000`, id, last)
		})
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			if id, hash = r.ID, digestOf(hash, r.Hash); id == wantAt && hash == wantHash {
				met = true
			}
		}
	}
	if a.Head = fmt.Sprintf("%d-%s", id, hash); !met {
		a.fault("the record is no continuation of %s: what was on record then was changed or taken away", a.how.Head)
	}
	return nil
}

// journalEnd is the id of the last link; no link with a lower one can still be on its way.
func (s *Store) journalEnd(ctx context.Context) (last int64, err error) {
	read := s.look
	if s.dialect.name == "postgres" {
		read = s.writeOnce
	}
	err = read(ctx, func(t *tx) error {
		if s.dialect.name == "postgres" { // ids are given before the commit: wait for those who have one
			if _, err := t.ExecContext(ctx, `LOCK TABLE journal IN SHARE MODE`); err != nil {
				return err
			}
		}
		return t.get(ctx, &last, `SELECT COALESCE(MAX(id), 0) FROM journal`)
	})
	if err != nil {
		return 0, fmt.Errorf("read the journal's end: %w", err)
	}
	return last, nil
}

func readHead(head string) (at int64, hash string, err error) {
	if head == "" {
		return 0, "", nil
	}
	number, hash, _ := strings.Cut(strings.TrimSpace(head), "-")
	at, err = strconv.ParseInt(number, 10, 64)
	if err != nil || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return 0, "", fmt.Errorf("%q: %w", head, errNoHead)
	}
	return at, hash, nil
}

// where is the condition for the rows of a table that stand in a range of chains of one kind.
func (s sealedTable) where(kind string, from, to int64) (query string, args []any) {
	switch {
	case s.home == homeTicket && kind == "ticket" && s.name == "ticket":
		return `id >= ? AND id <= ?`, []any{from, to}
	case s.home == homeTicket && kind == "ticket":
		return `ticket >= ? AND ticket <= ?`, []any{from, to}
	case s.home == homeTicket && kind == s.name:
		return `ticket = 0 AND id >= ? AND id < ?`, []any{from * partSize, (to + 1) * partSize}
	case s.home == homeID && kind == s.name:
		return `id >= ? AND id < ?`, []any{from * partSize, (to + 1) * partSize}
	case s.home == homeAlone && kind == s.name:
		return `1 = 1`, nil
	case s.home == homeLedger && strings.HasPrefix(kind, "ledger:"):
		i := strings.LastIndexByte(kind, '/')
		validity, _ := strconv.ParseInt(kind[i+1:], 10, 64)
		return `mailbox = ? AND uid_validity = ? AND uid >= ? AND uid < ?`, []any{strings.TrimPrefix(kind[:i], "ledger:"), validity, from * partSize, (to + 1) * partSize}
	}
	return "", nil
}

// seals verifies the links of a range of chains and the rows that they seal. called names a chain to people.
func (a *audit) seals(ctx context.Context, t *tx, kind string, from, to int64, called func(home) string) error {
	said, err := a.links(ctx, t, kind, from, to, called)
	if err != nil {
		return err
	}
	for _, s := range sealedTables {
		where, args := s.where(kind, from, to)
		if where == "" {
			continue
		}
		err := t.sealed(ctx, s, where, args, func(v map[string]any) error {
			h, is := s.homeOf(v), s.entry(v)
			key := s.name + " " + is.Key
			switch e, known := said[h][key]; {
			case !known:
				a.fault("%s: %s was not written by the gateway", called(h), key)
			case e.Digest == "":
				a.fault("%s: %s was taken away by the gateway and is there", called(h), key)
			case e.Digest != is.Digest:
				a.fault("%s: %s was changed past the gateway%s", called(h), key, columnsOf(s.differs(e, v)))
			}
			delete(said[h], key)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, h := range slices.SortedFunc(maps.Keys(said), compareHomes) {
		for _, key := range slices.Sorted(maps.Keys(said[h])) {
			if e := said[h][key]; e.Digest != "" && e.Digest != "begun" {
				a.fault("%s: %s is missing", called(h), key)
			}
		}
	}
	return nil
}

func columnsOf(columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	return ": " + strings.Join(columns, ", ")
}

// links verifies a range of chains of one kind and returns what they say last of each row.
func (a *audit) links(ctx context.Context, t *tx, kind string, from, to int64, called func(home) string) (map[home]map[string]entry, error) {
	said, ends := map[home]map[string]entry{}, map[home]chainHead{}
	rows, err := t.rows(ctx, `SELECT id, kind, part, seq, at, entries, prev, hash FROM journal WHERE kind = ? AND part >= ? AND part <= ? ORDER BY part, seq`, kind, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var j journalRow
		if err := rows.StructScan(&j); err != nil {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		h := home{j.Kind, j.Part}
		end := ends[h]
		if said[h] == nil {
			said[h] = map[string]entry{}
		}
		var entries []entry
		switch {
		case j.Seq != end.Seq+1:
			a.fault("%s: link %d of its journal is missing", called(h), end.Seq+1)
		case j.Prev != end.Hash:
			a.fault("%s: link %d of its journal does not follow the one before it", called(h), j.Seq)
		case j.sum() != j.Hash || json.Unmarshal([]byte(j.Entries), &entries) != nil:
			a.fault("%s: link %d of its journal was changed", called(h), j.Seq)
		}
		for _, e := range entries {
			said[h][e.Table+" "+e.Key] = e
		}
		ends[h] = chainHead{j.Seq, j.Hash}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	rows.Close()
	return said, a.ends(ctx, t, kind, from, to, ends, called)
}

// ends compares where chains end with where they should.
func (a *audit) ends(ctx context.Context, t *tx, kind string, from, to int64, ends map[home]chainHead, called func(home) string) error {
	var rows []struct {
		Part int64
		chainHead
	}
	if err := t.all(ctx, &rows, `SELECT part, seq, hash FROM chain WHERE kind = ? AND part >= ? AND part <= ? ORDER BY part`, kind, from, to); err != nil {
		return fmt.Errorf("read the journal's chains: %w", err)
	}
	for _, r := range rows {
		h := home{kind, r.Part}
		if r.chainHead != ends[h] {
			a.fault("%s: the journal's last links are missing: %d of %d are there", called(h), ends[h].Seq, r.Seq)
		}
		delete(ends, h)
	}
	for _, h := range slices.SortedFunc(maps.Keys(ends), compareHomes) {
		a.fault("%s: the end of its journal is missing", called(h))
	}
	return nil
}
