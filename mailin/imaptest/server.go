// Package imaptest is an IMAP server in memory, for the demo and for tests.
//
// It is go-imap's in-memory server with its faults mended: mails come out byte by byte as
// they went in, also malformed ones; MOVE tells each expunged message once and bears UIDs
// that are gone; a delivery reaches a client in IDLE at once, is never missed between two
// commands and does not wait for a slow reader; UIDVALIDITY does not begin at 1 each time.
// It promises nothing about durability: what it holds is gone when it is closed.
//
// Faults can be ordered (Fail, Intercept, Drop, Bye), so that a client's way through
// them can be tested.
package imaptest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// Options say what the server offers. The zero value is a plain server with MOVE and UIDPLUS.
type Options struct {
	NoMove    bool        // leaves MOVE (RFC 6851) out
	NoUIDPlus bool        // leaves UIDPLUS (RFC 4315) out
	TLS       *tls.Config // for STARTTLS, or from the first byte with Implicit
	Implicit  bool        // TLS from the first byte
	Log       *log.Logger // protocol faults of clients; nil for none
}

// Server is a running server. Its methods may be called from any goroutine.
type Server struct {
	ln       net.Listener
	imap     *imapserver.Server
	inspect  *imapserver.Server
	pipes    *pipeListener
	moving   sync.Mutex // makes a MOVE one step for all sessions
	validity uint32     // added to every UIDVALIDITY

	mu        sync.Mutex
	accounts  map[string]*account
	conns     map[*imapserver.Conn]bool
	faults    map[string][]error
	intercept func(op string) error
	changed   chan struct{} // closed and replaced whenever a mailbox changed
}

type account struct {
	user     *imapmemserver.User
	password string // guarded by Server.mu

	mu   sync.Mutex
	raws map[place]raw
}

// Start listens on addr ("127.0.0.1:0" for a free port of loopback) and serves until Close.
func Start(addr string, opts Options) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for IMAP: %w", err)
	}
	if opts.Implicit {
		ln = tls.NewListener(ln, opts.TLS)
	}
	s := &Server{
		ln:       ln,
		pipes:    newPipeListener(),
		validity: uint32(time.Now().Unix()),
		accounts: map[string]*account{},
		conns:    map[*imapserver.Conn]bool{},
		faults:   map[string][]error{},
		changed:  make(chan struct{}),
	}
	s.imap = imapserver.New(s.options(opts, true))
	s.inspect = imapserver.New(s.options(Options{}, false))
	serve(s.imap, ln)
	serve(s.inspect, s.pipes)
	return s, nil
}

// serve returns once the server accepts connections: closing it earlier is a race in the library.
func serve(server *imapserver.Server, ln net.Listener) {
	accepting := make(chan struct{})
	go server.Serve(&announcing{Listener: ln, accepting: accepting})
	<-accepting
}

// announcing is a listener that tells of its first Accept.
type announcing struct {
	net.Listener
	once      sync.Once
	accepting chan struct{}
}

func (a *announcing) Accept() (net.Conn, error) {
	a.once.Do(func() { close(a.accepting) })
	return a.Listener.Accept()
}

func (s *Server) options(opts Options, faulty bool) *imapserver.Options {
	caps := imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapESearch: {}, imap.CapLiteralPlus: {}}
	if !opts.NoMove {
		caps[imap.CapMove] = struct{}{}
	}
	if !opts.NoUIDPlus {
		caps[imap.CapUIDPlus] = struct{}{}
	}
	logger := opts.Log
	if logger == nil {
		logger = log.New(io.Discard, "", 0)
	}
	o := &imapserver.Options{Caps: caps, Logger: logger, InsecureAuth: true, NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
		return s.newSession(c, faulty)
	}}
	if !opts.Implicit {
		o.TLSConfig = opts.TLS
	}
	return o
}

func (s *Server) newSession(c *imapserver.Conn, faulty bool) (imapserver.Session, *imapserver.GreetingData, error) {
	sess := &session{server: s, conn: c, faulty: faulty}
	if !faulty {
		return sess, nil, nil
	}
	if err := s.fault("GREETING"); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	s.conns[c] = true
	s.mu.Unlock()
	return sess, nil, nil
}

// Addr is the host and port that the server listens on.
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Close ends all connections and the server.
func (s *Server) Close() error {
	return errors.Join(s.imap.Close(), s.inspect.Close())
}

// AddUser makes a user with an empty INBOX. A second call for the same name changes the password alone.
func (s *Server) AddUser(name, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[name]; a != nil {
		a.password = password
		return
	}
	user := imapmemserver.NewUser(name, password)
	// A fresh user has no folders, so this cannot fail.
	_ = user.Create("INBOX", nil)
	s.accounts[name] = &account{user: user, password: password, raws: map[place]raw{}}
}

// HasUser tells whether a user of this name exists.
func (s *Server) HasUser(name string) bool {
	_, err := s.account(name)
	return err == nil
}

func (s *Server) account(name string) (*account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[name]; a != nil {
		return a, nil
	}
	return nil, fmt.Errorf("no user %q", name)
}

// Deliver puts a mail into a folder, as it is, and tells clients in IDLE at once.
// A zero time means now.
func (s *Server) Deliver(user, folder string, mail []byte, at time.Time) error {
	a, err := s.account(user)
	if err != nil {
		return fmt.Errorf("deliver a mail: %w", err)
	}
	if at.IsZero() {
		at = time.Now()
	}
	data, err := a.user.Append(folder, newLiteral(mail), &imap.AppendOptions{Time: at})
	if err != nil {
		return fmt.Errorf("deliver to %s of %s: %w", folder, user, err)
	}
	a.keep(data, raw{data: bytes.Clone(mail), at: at})
	s.tell()
	return nil
}

// CreateFolder makes an empty folder; levels of its name are parted by "/".
func (s *Server) CreateFolder(user, folder string) error {
	a, err := s.account(user)
	if err != nil {
		return err
	}
	return a.user.Create(folder, nil)
}

// DeleteFolder removes a folder with all that is in it. Sessions that have it selected are cut off.
func (s *Server) DeleteFolder(user, folder string) error {
	a, err := s.account(user)
	if err != nil {
		return err
	}
	err = a.user.Delete(folder)
	s.Drop()
	return err
}

// Renumber gives a folder a new UIDVALIDITY and its mails new UIDs, as a server does
// that lost its index. Their internal dates become now. All connections are cut.
func (s *Server) Renumber(user, folder string) error {
	mails, err := s.Messages(user, folder)
	if err != nil {
		return err
	}
	a, err := s.account(user)
	if err != nil {
		return err
	}
	if err := errors.Join(a.user.Delete(folder), a.user.Create(folder, nil)); err != nil {
		return fmt.Errorf("renumber %s of %s: %w", folder, user, err)
	}
	for _, m := range mails {
		if err := s.Deliver(user, folder, m, time.Time{}); err != nil {
			return err
		}
	}
	s.Drop()
	return nil
}

// Messages returns the mails of a folder in the order of their UIDs, those marked
// as deleted included.
func (s *Server) Messages(user, folder string) ([][]byte, error) {
	a, err := s.account(user)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	password := a.password
	s.mu.Unlock()
	conn, err := s.pipes.dial(context.Background())
	if err != nil {
		return nil, err
	}
	return read(conn, user, password, folder)
}

// tell wakes every session in IDLE.
func (s *Server) tell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}
