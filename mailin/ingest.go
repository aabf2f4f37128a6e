package mailin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"aduan/tickets"
)

// ingestBatch is how many mails of an mbox share a sync and a transaction.
const ingestBatch = 50

// Ingest takes in one mail, or all mails of an mbox, from r: the same way as from a mailbox. With history, mails keep the
// date that they carry and nobody is told. each is called for every mail that is on record. The error is for the
// infrastructure, which ends it at once, or for mails that alone cause faults, which do not keep the others waiting; what was
// taken in stays, and taking in the same input again changes nothing of it.
func (i *Intake) Ingest(ctx context.Context, r io.Reader, history bool, each func(tickets.Filed)) error {
	mails := newMbox(r)
	var waiting []*staged
	var faults []error
	flush := func() error {
		if len(waiting) == 0 {
			return nil
		}
		filed, err := i.file(ctx, waiting)
		if err != nil {
			return err
		}
		waiting = waiting[:0]
		for _, f := range filed {
			if f.Err != nil {
				faults = append(faults, f.Err)
				continue
			}
			each(f)
		}
		return nil
	}
	for mails.next() {
		s, err := i.stage(ctx, mails)
		if err != nil {
			return err
		}
		s.arrival.At, s.arrival.Quiet = i.now(), history
		if history && !s.arrival.Date.IsZero() && s.arrival.Date.Before(i.now()) {
			s.arrival.At = s.arrival.Date
		}
		if waiting = append(waiting, s); len(waiting) >= ingestBatch || !mails.many {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := mails.err; err != nil {
		return errors.Join(fmt.Errorf("read mails: %w", err), errors.Join(faults...))
	}
	if err := flush(); err != nil {
		return err
	}
	return errors.Join(faults...)
}

// mbox parts an mbox (RFC 4155, mboxrd and its kin) into mails; what does not begin with a From_ line is one mail. It reads
// as the current mail.
type mbox struct {
	b     *bufio.Reader
	many  bool // it is an mbox
	line  []byte
	begun bool
	blank bool // the line before was empty: only then a From_ line parts mails
	long  bool // the line goes on
	done  bool
	ended bool // the current mail is over
	err   error
}

func newMbox(r io.Reader) *mbox {
	m := &mbox{b: bufio.NewReaderSize(r, 64<<10)}
	head, _ := m.b.Peek(512)
	if line, _, found := bytes.Cut(head, []byte("\n")); found || len(head) > 0 {
		m.many = isFromLine(line)
	}
	if m.many {
		m.b.ReadSlice('\n')
	}
	return m
}

var fromLine = regexp.MustCompile(`^From \S.*\b(?:19|20)\d\d\b`)

// isFromLine tells an mbox's separator from a sentence that begins with From: it ends in a year.
func isFromLine(line []byte) bool { return len(line) < 1000 && fromLine.Match(line) }

// next moves to the next mail and says whether there is one.
func (m *mbox) next() bool {
	if m.err != nil || m.done {
		return false
	}
	for m.begun && !m.ended { // what the reader of the last mail left
		if _, err := m.Read(make([]byte, 4096)); err != nil {
			break
		}
	}
	if _, err := m.b.Peek(1); err != nil {
		m.done = true
		return false // an input without a byte is no mail
	}
	m.begun, m.ended, m.blank, m.line = true, false, true, nil
	return true
}

// Read implements io.Reader for the current mail.
func (m *mbox) Read(p []byte) (int, error) {
	if m.ended {
		return 0, io.EOF
	}
	if len(m.line) == 0 {
		if err := m.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, m.line)
	m.line = m.line[n:]
	return n, nil
}

// fill reads the next line, or the next piece of a long one.
func (m *mbox) fill() error {
	line, err := m.b.ReadSlice('\n')
	if len(line) == 0 {
		m.ended, m.done = true, true
		if err != nil && !errors.Is(err, io.EOF) {
			m.err = err
			return err
		}
		return io.EOF
	}
	whole := !m.long
	m.long = line[len(line)-1] != '\n' && !errors.Is(err, io.EOF)
	if m.many && whole {
		if m.blank && isFromLine(line) {
			m.ended = true
			return io.EOF
		}
		line = unquoteFrom(line)
	}
	m.blank = whole && strings.Trim(string(line[:min(len(line), 2)]), "\r\n") == ""
	m.line = line
	return nil
}

// unquoteFrom takes the mark away that an mbox puts before lines that look like its separator.
func unquoteFrom(line []byte) []byte {
	if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
		return line[1:]
	}
	return line
}
