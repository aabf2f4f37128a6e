// Package smtptest is an SMTP server for the demo and for tests: it takes mail on
// loopback, hands each to a function, and remembers all. Tests can order answers: refusals
// now or for ever, by recipient or after DATA, slow ones, and connections that are cut
// with the mail taken or not. It stores nothing; what a mail was accepted for is the
// business of the function that it is handed to.
package smtptest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Mail is one transaction that was accepted.
type Mail struct {
	From string    // envelope sender; empty for the null sender
	To   []string  // the recipients that were accepted
	Data []byte    // as it came, lines ending in CRLF, dots unstuffed
	User string    // who logged in; empty for nobody
	At   time.Time // when the last byte came
}

// Options say what the server offers. The zero value takes mail from everybody, without TLS.
type Options struct {
	Users map[string]string // name and password; nil offers no AUTH
	// Token says whether a user's OAuth2 access token is good; nil offers neither XOAUTH2 nor OAUTHBEARER.
	Token       func(user, token string) bool
	RequireAuth bool        // refuses mail from who has not logged in
	TLS         *tls.Config // for STARTTLS, or from the first byte with Implicit
	Implicit    bool        // TLS from the first byte
	Log         *log.Logger // protocol faults of clients; nil for none
	Forget      bool        // hands mails to the function alone: Mails and Wait know none
}

// Handler takes a mail. Its error becomes the answer: a *smtp.SMTPError as it is, another
// as 451. It may be called from several goroutines at once.
type Handler func(Mail) error

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	ln     net.Listener
	smtp   *smtp.Server
	opts   Options
	handle Handler

	mu      sync.Mutex
	mails   []Mail
	taken   chan struct{} // closed and replaced whenever a mail was taken
	answers map[string][]*Answer
	conns   int
}

// Start listens on addr ("127.0.0.1:0" for a free port of loopback) and serves until
// Close. handle may be nil.
func Start(addr string, handle Handler, opts Options) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for SMTP: %w", err)
	}
	if opts.Implicit {
		ln = tls.NewListener(ln, opts.TLS)
	}
	if handle == nil {
		handle = func(Mail) error { return nil }
	}
	s := &Server{ln: ln, opts: opts, handle: handle, taken: make(chan struct{}), answers: map[string][]*Answer{}}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.session))
	s.smtp.Domain = "localhost"
	s.smtp.MaxLineLength = 1 << 20 // mail programs write longer lines than they should
	s.smtp.AllowInsecureAuth = true
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.EnableDSN = true
	s.smtp.ErrorLog = opts.Log
	if opts.Log == nil {
		s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	}
	if !opts.Implicit {
		s.smtp.TLSConfig = opts.TLS
	}
	go s.smtp.Serve(ln)
	return s, nil
}

// Addr is the host and port that the server listens on.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close ends all connections and the server.
func (s *Server) Close() error {
	err := s.smtp.Close()
	// Where Serve had not begun yet, nobody else closes it.
	_ = s.ln.Close()
	return err
}

// Mails returns the mails that were taken so far, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Connections counts the connections that were made so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// Wait returns the mails once n of them were taken, or those there are with the error of ctx.
func (s *Server) Wait(ctx context.Context, n int) ([]Mail, error) {
	for {
		s.mu.Lock()
		taken, mails := s.taken, slices.Clone(s.mails)
		s.mu.Unlock()
		if len(mails) >= n {
			return mails, nil
		}
		select {
		case <-taken:
		case <-ctx.Done():
			return mails, fmt.Errorf("wait for mail %d, have %d: %w", n, len(mails), ctx.Err())
		}
	}
}

// take remembers a mail and hands it on.
func (s *Server) take(m Mail) error {
	if err := s.handle(m); err != nil {
		return err
	}
	if s.opts.Forget {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	close(s.taken)
	s.taken = make(chan struct{})
	return nil
}

// Delivered is the mail as it lies in the mailbox of one recipient: below the header
// fields that a delivering server adds (RFC 5321, section 4.4).
func (m Mail) Delivered(recipient string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", m.From, recipient)
	fmt.Fprintf(&b, "Received: from localhost by localhost with ESMTP for <%s>;\r\n\t%s\r\n", recipient, m.At.Format(time.RFC1123Z))
	b.Write(m.Data)
	return b.Bytes()
}

// Mailbox is the address whose mailbox a recipient's mail goes to: without what follows
// the first plus of the local part, in lower case.
func Mailbox(recipient string) string {
	at := strings.LastIndexByte(recipient, '@')
	if at < 0 {
		return strings.ToLower(recipient)
	}
	local, _, _ := strings.Cut(recipient[:at], "+")
	return strings.ToLower(local + recipient[at:])
}
