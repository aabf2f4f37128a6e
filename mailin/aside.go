package mailin

import (
	"context"

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
	pieces chan []byte
	spent  chan []byte // to be filled again
	filled []byte
}

func putAside(ctx context.Context, e tickets.Evidence) *aside {
	a := &aside{done: make(chan struct{}), pieces: make(chan []byte, asidePieces), spent: make(chan []byte, asidePieces+1)}
	go func() {
		defer close(a.done)
		if a.draft, a.err = e.Create(ctx); a.err != nil {
			return
		}
		for piece := range a.pieces {
			if _, a.err = a.draft.Write(piece); a.err != nil {
				return
			}
			select {
			case a.spent <- piece[:0]:
			default:
			}
		}
	}()
	return a
}

// Write implements io.Writer. Its error may be that of an earlier piece.
func (a *aside) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if a.filled == nil {
			select {
			case a.filled = <-a.spent:
			default:
				a.filled = make([]byte, 0, asidePiece)
			}
		}
		room := min(asidePiece-len(a.filled), len(p))
		a.filled, p = append(a.filled, p[:room]...), p[room:]
		if len(a.filled) == asidePiece {
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
	if len(a.filled) > 0 {
		a.pass() // a fault is in a.err
	}
	close(a.pieces)
	<-a.done
	return a.draft, a.err
}
