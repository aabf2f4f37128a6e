package tickets

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// chainHead is the end of a chain: how many links it has and the hash of the last one.
type chainHead struct {
	Seq  int64
	Hash string
}

// lockChains returns the ends of chains, begins those that are new, and keeps others from appending until the transaction ends.
func (t *tx) lockChains(ctx context.Context, homes []home) (map[home]chainHead, error) {
	heads := map[home]chainHead{}
	for piece := range powers(homes) {
		var args []any
		for _, h := range piece {
			args = append(args, h.kind, h.part)
		}
		var rows []struct {
			Kind string
			Part int64
			chainHead
		}
		// The update changes nothing: it locks.
		err := t.all(ctx, &rows, `INSERT INTO chain (kind, part, seq, hash) VALUES `+listOf(len(piece), `(?, ?, 0, '')`)+`
			ON CONFLICT (kind, part) DO UPDATE SET seq = chain.seq RETURNING kind, part, seq, hash`, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			heads[home{r.Kind, r.Part}] = r.chainHead
		}
	}
	return heads, nil
}

// link appends one link to each of the chains.
func (t *tx) link(ctx context.Context, homes []home, heads map[home]chainHead, links map[home][]entry) error {
	at := micros(t.s.now())
	for piece := range powers(homes) {
		var rows, ends []any
		for _, h := range piece {
			entries, err := json.Marshal(links[h])
			if err != nil {
				return err
			}
			j := journalRow{Kind: h.kind, Part: h.part, Seq: heads[h].Seq + 1, At: at, Entries: string(entries), Prev: heads[h].Hash}
			j.Hash = j.sum()
			rows = append(rows, j.Kind, j.Part, j.Seq, j.At, j.Entries, j.Prev, j.Hash)
			ends = append(ends, j.Kind, j.Part, j.Seq, j.Hash)
		}
		if _, err := t.exec(ctx, `INSERT INTO journal (kind, part, seq, at, entries, prev, hash) VALUES `+listOf(len(piece), `(?, ?, ?, ?, ?, ?, ?)`), rows...); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `INSERT INTO chain (kind, part, seq, hash) VALUES `+listOf(len(piece), `(?, ?, ?, ?)`)+`
			ON CONFLICT (kind, part) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`, ends...); err != nil {
			return err
		}
	}
	return nil
}

func listOf(n int, one string) string {
	return strings.Join(slices.Repeat([]string{one}, n), ", ")
}

// journalRow is one link of a chain.
type journalRow struct {
	ID, Part, Seq, At         int64
	Kind, Entries, Prev, Hash string
}

// sum is the hash of a link: over its content, its place and the hash of the link before it.
func (j journalRow) sum() string {
	return digestOf(j.Kind, strconv.FormatInt(j.Part, 10), strconv.FormatInt(j.Seq, 10), strconv.FormatInt(j.At, 10), j.Entries, j.Prev)
}
