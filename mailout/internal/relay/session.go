package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"aduan/tickets/waypoint"
)

// The steps of a transaction, as errors name them.
const (
	stepSender    = "MAIL"
	stepRecipient = "RCPT"
	stepData      = "DATA"
	stepContent   = "end of the mail"
)

// session is one open conversation with the relay, logged in and ready for a mail.
type session struct {
	cfg   *Config
	old   string   // an access token that the relay refused
	conn  net.Conn // the bare connection: closing it ends every wait at once, which smtp.Client.Close would queue behind
	smtp  *smtp.Client
	step  string    // of the transaction under way
	used  bool      // it has carried a mail, or was checked, before
	dirty bool      // a transaction was refused half-way: RSET is due
	since time.Time // idle since
}

// open connects, greets, encrypts and logs in; refused is an access token that the relay did not take. Its errors are
// *Unreachable, or the context's.
func open(ctx context.Context, cfg *Config, refused string) (_ *session, err error) {
	step := "connect"
	defer func() {
		switch {
		case err == nil:
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		default:
			err = &Unreachable{Addr: cfg.Addr, Step: step, Err: plain(err)}
		}
	}()
	dialer := net.Dialer{Timeout: cfg.Timeout}
	bare, err := dialer.DialContext(ctx, "tcp", cfg.Addr)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, old: refused, conn: bare, since: time.Now()}
	defer context.AfterFunc(ctx, func() { bare.Close() })()
	defer func() {
		if err != nil {
			bare.Close()
		}
	}()
	for _, do := range []struct {
		name string
		run  func(context.Context) error
	}{{"greeting", s.greet}, {"hello", s.hello}, {"STARTTLS", s.encrypt}, {"log-in", s.login}} {
		step = do.name
		s.await(cfg.Timeout)
		if err := do.run(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// await gives the server this long for its next answer.
func (s *session) await(d time.Duration) { s.conn.SetReadDeadline(time.Now().Add(d)) }

func (s *session) host() string {
	host, _, err := net.SplitHostPort(s.cfg.Addr)
	if err != nil {
		return s.cfg.Addr
	}
	return host
}

func (s *session) tlsConfig() *tls.Config {
	c := s.cfg.TLSConfig.Clone()
	if c == nil {
		c = &tls.Config{}
	}
	if c.ServerName == "" {
		c.ServerName = s.host()
	}
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}

func (s *session) greet(ctx context.Context) (err error) {
	var conn net.Conn = &writeDeadline{s.conn, s.cfg.Timeout}
	if s.cfg.TLS == Implicit {
		wrapped := tls.Client(conn, s.tlsConfig())
		if err := wrapped.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("begin TLS: %w", err)
		}
		conn = wrapped
	}
	s.await(s.cfg.Timeout)
	s.smtp, err = smtp.NewClient(conn, s.host())
	return err
}

// hello names us. Without a name of ours it is the address literal, which RFC 5321 section 4.1.4 asks for then; a bare host
// name is refused by many servers.
func (s *session) hello(context.Context) error {
	name := s.cfg.Hello
	if name == "" {
		name = "localhost"
		if local, ok := s.conn.LocalAddr().(*net.TCPAddr); ok && local.IP.To4() != nil {
			name = "[" + local.IP.String() + "]"
		} else if ok {
			name = "[IPv6:" + local.IP.String() + "]"
		}
	}
	return s.smtp.Hello(name)
}

// encrypt never falls back: a relay that offers no STARTTLS where the settings ask for it is not spoken to.
func (s *session) encrypt(context.Context) error {
	if s.cfg.TLS != StartTLS {
		return nil
	}
	if offered, _ := s.smtp.Extension("STARTTLS"); !offered {
		return errors.New("the server does not offer it, and nothing is sent without")
	}
	return s.smtp.StartTLS(s.tlsConfig())
}

// login picks a mechanism that the server offers. On an encrypted connection PLAIN comes first: it works with every kind of
// stored password; on a plain one the mechanisms that do not show the password do.
func (s *session) login(ctx context.Context) error {
	if s.cfg.Username == "" {
		return nil
	}
	_, offer := s.smtp.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offer))
	if len(mechanisms) == 0 {
		return errors.New("the server offers no log-in here (is TLS missing, or the port another?)")
	}
	auth, err := s.mechanism(ctx, mechanisms)
	if err != nil {
		return err
	}
	s.await(s.cfg.Timeout)
	if err := s.smtp.Auth(auth); err != nil {
		r := refusal(err)
		if used, ok := auth.(*tokenAuth); ok && r != nil {
			return &tokenRefused{token: used.token, err: fmt.Errorf("as %s: %w (it did not take the access token)", s.cfg.Username, r)}
		}
		if r != nil && r.Code >= 500 {
			return fmt.Errorf("as %s: %w (check username and password)", s.cfg.Username, r)
		}
		return fmt.Errorf("as %s: %w", s.cfg.Username, plain(err))
	}
	return nil
}

func (s *session) mechanism(ctx context.Context, offered []string) (smtp.Auth, error) {
	user, password := s.cfg.Username, s.cfg.Password
	if s.cfg.Token != nil {
		return s.byToken(ctx, offered)
	}
	order := []string{"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"}
	if s.cfg.TLS == Plain {
		order = []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}
	}
	for _, name := range order {
		if !slices.Contains(offered, name) {
			continue
		}
		switch name {
		case "PLAIN":
			return smtp.PlainAuth("", user, password, s.host(), true), nil
		case "LOGIN":
			return smtp.LoginAuth(user, password, s.host(), true), nil
		case "SCRAM-SHA-256":
			return smtp.ScramSHA256Auth(user, password), nil
		case "SCRAM-SHA-1":
			return smtp.ScramSHA1Auth(user, password), nil
		default:
			return smtp.CRAMMD5Auth(user, password), nil
		}
	}
	return nil, fmt.Errorf("the server offers %s, none of them known here", strings.Join(offered, " "))
}

// envelope opens a mail transaction up to the point where the server asks for the mail. Nothing is lost when it fails, and
// the same may be asked of another session.
func (s *session) envelope(ctx context.Context, sender, recipient string) (io.WriteCloser, error) {
	s.step = stepSender
	if s.dirty {
		s.await(s.cfg.Timeout)
		if err := s.smtp.Reset(); err != nil {
			return nil, fmt.Errorf("reset: %v", err) // never a refusal: it says nothing about this mail
		}
	}
	wide := !ascii(sender) || !ascii(recipient)
	if offered, _ := s.smtp.Extension("SMTPUTF8"); wide && !offered {
		s.step = stepRecipient
		return nil, &Refusal{Code: 553, Status: "5.6.7", Permanent: true,
			Text: "the relay takes no addresses with letters outside ASCII (SMTPUTF8)"}
	}
	// Asked for where it is needed alone: it obliges every server on the way (RFC 6531 section 3.1).
	s.smtp.SkipSMTPUTF8(!wide)
	s.dirty = true
	s.await(s.cfg.Timeout)
	if err := s.smtp.Mail("<" + sender + ">"); err != nil {
		return nil, err
	}
	waypoint.Pass(ctx, waypoint.SenderTaken)
	s.step = stepRecipient
	s.await(s.cfg.Timeout)
	if err := s.smtp.Rcpt("<" + recipient + ">"); err != nil {
		return nil, err
	}
	waypoint.Pass(ctx, waypoint.RecipientTaken)
	s.step = stepData
	s.await(s.cfg.Timeout)
	return s.smtp.Data()
}

// content sends the mail and waits for the server to take it; words are what it said then. Dots are stuffed and bare line
// feeds become CRLF; a mail that has CRLF arrives as it is.
func (s *session) content(ctx context.Context, w io.WriteCloser, mail io.Reader) (words string, err error) {
	waypoint.Pass(ctx, waypoint.DataAsked)
	s.step = stepContent
	source := &sourceReader{r: mail}
	_, err = io.Copy(w, source)
	if source.err != nil {
		// The end of data must not be written: half a mail would pass for a whole one.
		s.conn.Close()
		return "", &SourceError{source.err}
	}
	// Where writing failed the server may have said why before it hung up: ask, but not for long.
	waypoint.Pass(ctx, waypoint.ContentSent)
	patience := s.cfg.Timeout * finalPatience
	if err != nil {
		patience = time.Second
	}
	s.await(patience)
	if closeErr := w.Close(); closeErr != nil {
		if err != nil && refusal(closeErr) == nil {
			closeErr = err
		}
		return "", closeErr
	}
	if err != nil { // a 250 to a mail that was not written whole is none
		return "", err
	}
	waypoint.Pass(ctx, waypoint.MailTaken)
	s.dirty = false
	if d, ok := w.(*smtp.DataCloser); ok {
		words = oneLine("250 " + d.ServerResponse())
	}
	return words, nil
}

// alive asks whether an idle session still stands, and does not wait long for the answer.
func (s *session) alive() bool {
	s.await(min(s.cfg.Timeout, 5*time.Second))
	return s.smtp.Noop() == nil
}

// quit takes leave in a second at most.
func (s *session) quit() {
	s.conn.SetDeadline(time.Now().Add(time.Second))
	_ = s.smtp.Quit() // a courtesy: whether it was heard changes nothing
	s.conn.Close()
}

// writeDeadline gives every write of its own a deadline: a server that stops reading in the middle of a mail must not hold a
// worker for ever, while a slow one that keeps reading may take as long as it needs.
type writeDeadline struct {
	net.Conn
	timeout time.Duration
}

func (c *writeDeadline) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// sourceReader remembers that it was the mail's source that failed, not the relay.
type sourceReader struct {
	r   io.Reader
	err error
}

func (r *sourceReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
