package mailin

import (
	"context"
	"sync"

	"aduan/tickets"
)

const (
	asidePiece  = 32 << 10 // what a reader of mails asks for at once
	asidePieces = 4        // that many wait for the disk at most
)

// aside writes a piece of evidence beside its reading: the disk and the hash take as long as the parsing does.
type aside struct {
	draft  tickets.Draft
	err    error         // set before done is closed
	done   chan struct{} // everything is written, or err says why not
	pieces chan *piece
	spent  *sync.Pool // of pieces, to be filled again
	filled *piece
}

type piece struct {
	b [asidePiece]byte
	n int
}

func putAside(ctx context.Context, e tickets.Evidence, spent *sync.Pool) *aside {
	a := &aside{done: make(chan struct{}), pieces: make(chan *piece, asidePieces), spent: spent}
	go func() {
		defer close(a.done)
		if a.draft, a.err = e.Create(ctx); a.err != nil {
			return
		}
		for p := range a.pieces {
			if _, a.err = a.draft.Write(p.b[:p.n]); a.err != nil {
				return
			}
			a.spent.Put(p)
		}
	}()
	return a
}

// Write implements io.Writer. Its error may be that of an earlier piece.
func (a *aside) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if a.filled == nil {
			if a.filled, _ = a.spent.Get().(*piece); a.filled == nil {
				a.filled = &piece{}
			}
			a.filled.n = 0
		}
		took := copy(a.filled.b[a.filled.n:], p)
		a.filled.n, p = a.filled.n+took, p[took:]
		if a.filled.n == asidePiece {
			if err := a.pass(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (a *aside) pass() error {
	select {
	case a.pieces <- a.filled:
		a.filled = nil
		return nil
	case <-a.done:
		return a.err
	}
}

// end waits until everything is written. The draft is nil where none could be begun.
func (a *aside) end() (tickets.Draft, error) {
	if a.filled != nil {
		a.pass() // a fault is in a.err
	}
	close(a.pieces)
	<-a.done
	return a.draft, a.err
}
