package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// session is one connection, logged in and with the folder open.
type session struct {
	*worker
	guard   *guard
	client  *imapclient.Client
	arrived chan struct{} // holds a value when the server told of new mail
	caps    imap.CapSet

	folder, processed, failed string // as this server spells them
	folderFault               error  // why a folder could not be made
	box                       Selection
	noIdle                    bool // the server refused IDLE
	looked                    bool // what is found on record from now on, another process puts there
	expunged                  bool // what a fault left half moved was looked for
}

// connect makes a session. Every step ends when ctx does.
func (w *worker) connect(ctx context.Context) (*session, error) {
	s := &session{worker: w, arrived: make(chan struct{}, 1)}
	if err := s.dial(ctx); err != nil {
		return nil, s.fault("connect", err, true)
	}
	stop := context.AfterFunc(ctx, func() { s.guard.kill(context.Cause(ctx)) })
	defer stop()
	steps := []struct {
		op string
		do func(context.Context) error
	}{
		{"greet", s.greet}, {"log in", s.logIn}, {"find the folders", s.findFolders}, {"open the folder", s.open},
	}
	for _, step := range steps {
		if err := s.step(ctx, step.op, step.do); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// close ends the connection. No command may be in flight.
func (s *session) close() {
	s.guard.kill(net.ErrClosed)
	if s.client != nil {
		// The connection is closed already; what Close says about it is of no interest.
		_ = s.client.Close()
	}
}

// fault dresses an error, and puts the connection's own fault in the place of what the
// library made of it.
func (s *session) fault(op string, err error, lost bool) error {
	if err == nil {
		return nil
	}
	if s.guard != nil {
		if cause := s.guard.fault(); cause != nil {
			err, lost = cause, true
		}
	}
	return &Error{Op: op, Mailbox: s.cfg.Name, Err: err, lost: lost}
}

func (s *session) dial(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return err
	}
	if s.cfg.TLS == Implicit {
		secure := tls.Client(conn, s.tlsConfig())
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return err
		}
		conn = secure
	}
	s.guard = newGuard(conn, s.cfg.Timeout)
	return nil
}

func (s *session) tlsConfig() *tls.Config {
	c := &tls.Config{}
	if s.cfg.TLSConfig != nil {
		c = s.cfg.TLSConfig.Clone()
	}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(s.cfg.Addr)
	}
	if c.NextProtos == nil && s.cfg.TLS == Implicit {
		c.NextProtos = []string{"imap"}
	}
	return c
}

func (s *session) greet(context.Context) error {
	options := &imapclient.Options{TLSConfig: s.tlsConfig(), UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				s.announce()
			}
		},
	}}
	if s.cfg.TLS == StartTLS {
		client, err := imapclient.NewStartTLS(s.guard, options)
		if err != nil {
			return err
		}
		s.client = client
		return nil
	}
	s.client = imapclient.New(s.guard, options)
	return s.client.WaitGreeting()
}

func (s *session) announce() {
	select {
	case s.arrived <- struct{}{}:
	default:
	}
}

func (s *session) logIn(ctx context.Context) error {
	if s.client.State() != imap.ConnStateAuthenticated {
		if err := s.authenticate(ctx); err != nil {
			return err
		}
	}
	// Asked for anew: what a server can do changes with the log-in, and the library may
	// still hold the answer from before.
	caps, err := s.client.Capability().Wait()
	s.caps = caps
	return err
}

func (s *session) authenticate(ctx context.Context) error {
	if s.cfg.Token != nil {
		return s.authenticateByToken(ctx)
	}
	caps := s.client.Caps()
	if slices.Contains(caps.AuthMechanisms(), "PLAIN") {
		return s.client.Authenticate(sasl.NewPlainClient("", s.cfg.Username, s.cfg.Password))
	}
	if caps.Has(imap.CapLoginDisabled) {
		return errors.New("the server allows no log-in on this connection; it may want TLS")
	}
	return s.client.Login(s.cfg.Username, s.cfg.Password).Wait()
}

// findFolders spells the folder names as the server does and makes those that are missing.
// That one cannot be made does not keep mail from being taken in: it is trouble, and tried
// again at the next poll.
func (s *session) findFolders(context.Context) error {
	delimiter, prefix, err := s.namespace()
	if err != nil {
		return err
	}
	s.folder = spell(s.cfg.Folder, delimiter, prefix)
	s.processed = spell(s.cfg.Processed, delimiter, prefix)
	s.failed = spell(s.cfg.Failed, delimiter, prefix)
	if s.folder == s.processed || s.folder == s.failed {
		return fmt.Errorf("folder %s is worked on and filed to at once", s.folder)
	}
	return s.makeFolders()
}

// spell turns a name with "/" between its levels into the server's own form.
func spell(name, delimiter, prefix string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	if delimiter != "" {
		name = strings.ReplaceAll(name, "/", delimiter)
	}
	if !strings.HasPrefix(name, prefix) {
		name = prefix + name
	}
	return name
}

// namespace is where a user's own folders are (RFC 2342).
func (s *session) namespace() (delimiter, prefix string, err error) {
	if s.caps.Has(imap.CapNamespace) {
		data, err := s.client.Namespace().Wait()
		if err != nil {
			return "", "", err
		}
		if len(data.Personal) > 0 {
			own := data.Personal[0]
			return character(own.Delim), own.Prefix, nil
		}
	}
	list, err := s.client.List("", "", nil).Collect()
	if err != nil || len(list) == 0 {
		return "", "", err
	}
	return character(list[0].Delim), "", nil
}

func character(r rune) string {
	if r == 0 {
		return ""
	}
	return string(r)
}

// makeFolders makes the missing ones. Only a lost connection is an error.
func (s *session) makeFolders() error {
	s.folderFault = nil
	for _, name := range []string{s.processed, s.failed} {
		err := s.makeFolder(name)
		if s.guard.fault() != nil {
			return err
		}
		if err != nil {
			s.folderFault = s.fault("make folder "+name, err, false)
		}
	}
	return nil
}

func (s *session) makeFolder(name string) error {
	list, err := s.client.List("", name, nil).Collect()
	if err != nil {
		return err
	}
	for _, found := range list {
		there := !slices.Contains(found.Attrs, imap.MailboxAttrNonExistent) && !slices.Contains(found.Attrs, imap.MailboxAttrNoSelect)
		if found.Mailbox == name && there {
			return nil
		}
	}
	err = s.client.Create(name, nil).Wait()
	if err != nil && refusal(err) != imap.ResponseCodeAlreadyExists {
		return err
	}
	// So that people see it in their mail program; it works without.
	_ = s.client.Subscribe(name).Wait()
	return nil
}

// refusal is the response code of a NO or BAD; "" for one without a code, or another error.
func refusal(err error) imap.ResponseCode {
	var refused *imap.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

func (s *session) open(context.Context) error {
	data, err := s.client.Select(s.folder, nil).Wait()
	if err != nil {
		return err
	}
	if data.UIDValidity == 0 {
		return errors.New("the server keeps no UIDs")
	}
	s.box = Selection{Mailbox: s.cfg.Name, UIDValidity: data.UIDValidity}
	return nil
}
