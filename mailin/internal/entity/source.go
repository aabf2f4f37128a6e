package entity

import (
	"bytes"
	"hash"
	"io"
)

// lineMax is the longest line that is passed on whole; a longer one comes in pieces.
const lineMax = 32 << 10

// source cuts the raw mail into lines, and hashes it as it comes.
type source struct {
	r    io.Reader
	raw  hash.Hash // nil if nobody asks
	left int64     // bytes that may still be read
	done func() bool

	buf      []byte
	pos, end int
	size     int64
	eof      bool
	over     bool // there is more than left
	stopped  bool // done said so
	err      error
	cut      bool // the last line was a piece
	eol      byte // '\n', or '\r' in a mail that knows no LF
}

// next returns the next line with its line end, and whether it begins a line. It is valid until the next call.
func (s *source) next() (line []byte, start, ok bool) {
	if s.buf == nil {
		s.buf = make([]byte, lineMax)
		s.fill()
		s.eol = '\n'
		if bytes.IndexByte(s.buf[:s.end], '\n') < 0 && bytes.IndexByte(s.buf[:s.end], '\r') >= 0 {
			s.eol = '\r'
		}
	}
	for from := s.pos; ; {
		if i := bytes.IndexByte(s.buf[from:s.end], s.eol); i >= 0 {
			return s.take(from + i + 1)
		}
		if s.eof || s.pos == 0 && s.end == len(s.buf) {
			if s.pos == s.end {
				return nil, false, false
			}
			return s.take(s.end)
		}
		have := s.end - s.pos
		s.fill()
		from = s.pos + have
	}
}

func (s *source) take(to int) (line []byte, start, ok bool) {
	line, start = s.buf[s.pos:to], !s.cut
	s.cut = line[len(line)-1] != s.eol
	s.pos = to
	return line, start, true
}

// fill moves what is left to the front and reads on.
func (s *source) fill() {
	s.end = copy(s.buf, s.buf[s.pos:s.end])
	s.pos = 0
	for tries := 0; tries < 100 && s.end < len(s.buf) && !s.eof; tries++ {
		if s.done != nil && s.done() {
			s.stopped, s.eof = true, true
			return
		}
		room := s.buf[s.end:]
		if int64(len(room)) > s.left {
			room = room[:s.left+1] // one more, to know whether there is more
		}
		n, err := s.r.Read(room)
		if int64(n) > s.left {
			n, s.over, s.eof = int(s.left), true, true
		}
		if s.raw != nil {
			s.raw.Write(room[:n])
		}
		s.left, s.size, s.end = s.left-int64(n), s.size+int64(n), s.end+n
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
		}
		if n > 0 {
			return
		}
	}
	if s.end < len(s.buf) {
		s.eof = true // a reader that gives nothing has nothing
	}
}

// trimEOL takes the line end off, whatever it is.
func trimEOL(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}
