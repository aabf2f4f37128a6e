package imaptest

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// The names under which Fail and Intercept know what a client asks for are those of
// RFC 9051, without UID: LOGIN, SELECT, STATUS, LIST, CREATE, APPEND, IDLE, SEARCH,
// FETCH, STORE, COPY, MOVE and EXPUNGE; and GREETING for a new connection.

// Fail lets the next n commands named op fail with err, a *imap.Error such as No makes.
func (s *Server) Fail(op string, n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults[op] = append(s.faults[op], err)
	}
}

// Heal takes back all faults that were ordered and not met yet.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.faults)
	s.intercept = nil
}

// Intercept has f called before each command of every client. Its error becomes the
// answer; it may also block, so that the server seems to hang. Nil ends it.
func (s *Server) Intercept(f func(op string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// No is a tagged NO with a response code such as "OVERQUOTA" or "UNAVAILABLE" (RFC 5530); the code may be empty.
func No(code, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCode(code), Text: text}
}

// Refusal is a BYE in place of the greeting.
func Refusal(text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeBye, Text: text}
}

// Drop cuts every connection without a word.
func (s *Server) Drop() {
	for _, c := range s.open() {
		c.NetConn().Close()
	}
}

// Bye ends every connection as a server does that shuts down (RFC 9051, section 7.1.5).
func (s *Server) Bye(text string) {
	for _, c := range s.open() {
		// The client may be gone already.
		_ = c.Bye(text)
	}
}

func (s *Server) open() []*imapserver.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	var l []*imapserver.Conn
	for c := range s.conns {
		l = append(l, c)
	}
	return l
}

// fault is the error that the next command named op has to fail with, if any.
func (s *Server) fault(op string) error {
	s.mu.Lock()
	intercept := s.intercept
	var err error
	if q := s.faults[op]; len(q) > 0 {
		err, s.faults[op] = q[0], q[1:]
	}
	s.mu.Unlock()
	if err == nil && intercept != nil {
		err = intercept(op)
	}
	return err
}
