package tickets

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// strays remarks on evidence that nothing on record names. A crash between keeping a mail and recording it leaves such a piece,
// and the mail is taken in again: it is no fault.
func (a *audit) strays(ctx context.Context) error {
	found, err := a.s.compareEvidence(ctx, a.how.Evidence)
	if errors.Is(err, errNoList) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range found.unknown {
		a.Remarks = append(a.Remarks, "nothing on record names the file "+p)
	}
	if more := found.unknowns - len(found.unknown); more > 0 {
		a.Remarks = append(a.Remarks, fmt.Sprintf("nor %d further files", more))
	}
	return nil
}

// errNoList is returned where the evidence store cannot tell what it holds.
var errNoList = errors.New("the evidence store cannot list what it holds")

// comparedEvidence is what compareEvidence found.
type comparedEvidence struct {
	pieces   int // on record
	missing  []string
	missings int
	sized    []string // of another size than on record
	unknown  []string // on no record
	unknowns int
}

const (
	sumsAtOnce    = 200_000   // hashes that are held in memory at a time
	strayAfter    = time.Hour // a younger piece may belong to a mail that is just being taken in
	namedAtMost   = 20
	sumsPerSelect = 5000
)

// compareEvidence compares what the record names with what the evidence holds: that it is there, and its size. It reads none of it.
func (s *Store) compareEvidence(ctx context.Context, e Evidence) (c comparedEvidence, err error) {
	lister, ok := e.(EvidenceLister)
	if !ok {
		return c, errNoList
	}
	var count int
	err = s.look(ctx, func(t *tx) error { return t.get(ctx, &count, `SELECT COUNT(*) FROM message`) })
	if err != nil {
		return c, fmt.Errorf("count messages: %w", err)
	}
	slices := min(256, 1+count/sumsAtOnce)
	for i := range slices {
		from, to := 256*i/slices, 256*(i+1)/slices
		if err := s.compareSlice(ctx, lister, &c, from, to); err != nil {
			return c, err
		}
	}
	return c, nil
}

// sum is a hash as it is held in memory.
type sum [32]byte

func sumOf(text string) (s sum, ok bool) {
	n, err := hex.Decode(s[:], []byte(text))
	return s, err == nil && n == len(s) && len(text) == 2*len(s)
}

// compareSlice compares the pieces whose hashes begin with a byte in a range. What the record names is read first: what is kept
// meanwhile is younger than strayAfter.
func (s *Store) compareSlice(ctx context.Context, lister EvidenceLister, c *comparedEvidence, from, to int) error {
	named, err := s.namedSums(ctx, from, to)
	if err != nil {
		return err
	}
	c.pieces += len(named)
	young := time.Now().Add(-strayAfter)
	err = lister.Each(ctx, func(p EvidencePiece) error {
		id, ok := sumOf(p.SHA256)
		if !ok && from == 0 {
			c.stray(p.Place)
		}
		if !ok || int(id[0]) < from || int(id[0]) >= to {
			return nil
		}
		size, known := named[id]
		switch {
		case !known && p.Changed.Before(young):
			c.stray(p.Place)
		case known && size >= 0 && size != p.Size:
			c.sized = append(c.sized, fmt.Sprintf("%s has %d bytes, the record says %d", p.SHA256, p.Size, size))
		}
		if known {
			named[id] = met
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id, size := range named {
		if size == notRead || size == met { // a mail that was given up may have left nothing
			continue
		}
		if c.missings++; len(c.missing) < namedAtMost {
			c.missing = append(c.missing, hex.EncodeToString(id[:]))
		}
	}
	return nil
}

func (c *comparedEvidence) stray(place string) {
	if c.unknowns++; len(c.unknown) < namedAtMost {
		c.unknown = append(c.unknown, place)
	}
}

// In place of a size.
const (
	notRead = -1 // the record says none
	met     = -2 // the piece is there
)

// namedSums reads which pieces the record names, with their sizes.
func (s *Store) namedSums(ctx context.Context, from, to int) (map[sum]int64, error) {
	named := map[sum]int64{}
	add := func(text string, size int64) {
		id, ok := sumOf(text)
		if !ok || int(id[0]) < from || int(id[0]) >= to {
			return
		}
		if _, known := named[id]; !known || size >= 0 {
			named[id] = size
		}
	}
	for _, table := range []string{
		`SELECT id, sha256, size FROM message WHERE id > ? ORDER BY id LIMIT 5000`,
		`SELECT id, sha256, -1 AS size FROM failed_mail WHERE id > ? ORDER BY id LIMIT 5000`,
		`SELECT id, rendered AS sha256, -1 AS size FROM notice WHERE id > ? AND rendered <> '' ORDER BY id LIMIT 5000`,
	} {
		for last := int64(0); ; {
			var rows []struct {
				ID, Size int64
				SHA256   string
			}
			err := s.look(ctx, func(t *tx) error { rows = nil; return t.all(ctx, &rows, table, last) })
			if err != nil {
				return nil, fmt.Errorf("read what evidence is on record: %w", err)
			}
			for _, r := range rows {
				add(r.SHA256, r.Size)
				last = r.ID
			}
			if len(rows) < sumsPerSelect {
				break
			}
		}
	}
	return named, nil
}
