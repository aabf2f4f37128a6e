package smtptest

import (
	"errors"
	"time"

	"github.com/emersion/go-smtp"
)

// The points at which an answer can be ordered besides a recipient's address. RCPT for a
// recipient without an order of its own is AnyRecipient.
const (
	AnyRecipient = "RCPT"
	OnHello      = "EHLO" // the first thing that a client says
	OnAuth       = "AUTH" // after a right password
	OnMail       = "MAIL" // after MAIL FROM
	AfterData    = "DATA" // after the last byte of a mail
)

// Answer is what the server does at one point.
type Answer struct {
	Code     int    // 0 or 250 accepts
	Enhanced [3]int // the enhanced status code; made from Code when zero
	Text     string
	Delay    time.Duration // before anything else
	// Cut closes the connection in place of answering. After DATA the mail is taken all the
	// same when Code accepts it: its sender cannot know.
	Cut   bool
	Times int // how often; 0 for ever
}

// Order lets the server answer so at a point: an address for RCPT TO, or one of the
// constants. Several orders for one point are carried out one after the other.
func (s *Server) Order(point string, answers ...Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range answers {
		s.answers[point] = append(s.answers[point], &a)
	}
}

// Forget takes back all orders.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.answers)
}

// next is the first order that stands at one of the points.
func (s *Server) next(points ...string) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range points {
		q := s.answers[p]
		if len(q) == 0 {
			continue
		}
		a := q[0]
		if a.Times > 0 {
			if a.Times--; a.Times == 0 {
				s.answers[p] = q[1:]
			}
		}
		return *a
	}
	return Answer{}
}

func (a Answer) accepts() bool { return a.Code < 300 }

var errCut = errors.New("connection cut by order")

// give carries the answer out, as far as it is a matter of the connection. Its error goes
// to the client.
func (a Answer) give(c *smtp.Conn) error {
	if a.Delay > 0 {
		time.Sleep(a.Delay)
	}
	if a.Cut {
		c.Conn().Close()
		return errCut
	}
	if a.accepts() {
		return nil
	}
	enhanced := smtp.EnhancedCode(a.Enhanced)
	if enhanced == (smtp.EnhancedCode{}) {
		enhanced = smtp.EnhancedCode{a.Code / 100, 0, 0}
	}
	text := a.Text
	if text == "" {
		text = "refused by order"
	}
	return &smtp.SMTPError{Code: a.Code, EnhancedCode: enhanced, Message: text}
}
