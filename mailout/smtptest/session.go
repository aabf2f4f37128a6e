package smtptest

import (
	"crypto/subtle"
	"io"
	"regexp"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one client's connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	user   string
	mail   Mail
}

var _ smtp.AuthSession = (*session)(nil)

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	if err := s.next(OnHello).give(c); err != nil {
		return nil, err
	}
	return &session{server: s, conn: c}, nil
}

func (s *session) AuthMechanisms() []string {
	var offered []string
	if s.server.opts.Users != nil {
		offered = append(offered, sasl.Plain, sasl.Login)
	}
	if s.server.opts.Token != nil {
		offered = append(offered, xoauth2, sasl.OAuthBearer)
	}
	return offered
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		want, known := s.server.opts.Users[user]
		if !known || subtle.ConstantTimeCompare([]byte(want), []byte(password)) != 1 {
			return smtp.ErrAuthFailed
		}
		return s.loggedIn(user)
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	case xoauth2, sasl.OAuthBearer:
		return &tokenServer{session: s}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) loggedIn(user string) error {
	if err := s.server.next(OnAuth).give(s.conn); err != nil {
		return err
	}
	s.user = user
	return nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.opts.RequireAuth && s.user == "" {
		return smtp.ErrAuthRequired
	}
	if err := s.server.next(OnMail).give(s.conn); err != nil {
		return err
	}
	s.mail = Mail{From: from, User: s.user}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.server.next(to, AnyRecipient).give(s.conn); err != nil {
		return err
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data, s.mail.At = data, time.Now()
	answer := s.server.next(AfterData)
	if answer.accepts() {
		// Taken before the answer: one that comes late or never leaves its sender unsure.
		if err := s.server.take(s.mail); err != nil {
			return temporary(err)
		}
	}
	return answer.give(s.conn)
}

// temporary makes an answer of a handler's error.
func temporary(err error) error {
	if answer, ok := err.(*smtp.SMTPError); ok {
		return answer
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
}

func (s *session) Reset() { s.mail = Mail{} }

func (s *session) Logout() error { return nil }

// loginServer is the LOGIN mechanism, which some mail programs have alone.
type loginServer struct {
	check func(user, password string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch {
	case l.step == 1 && len(response) == 0:
		return []byte("Username:"), false, nil
	case l.user == "":
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

// xoauth2 is the mechanism of Google and Microsoft.
const xoauth2 = "XOAUTH2"

// tokenServer is XOAUTH2 and OAUTHBEARER (RFC 7628): a refused token is answered with the cause, and with no only once the
// client has answered that.
type tokenServer struct {
	session *session
	refused bool
}

var tokenResponse = regexp.MustCompile("^(?:user=|n,a=)([^,\x01]*),?\x01auth=Bearer ([^\x01]*)\x01\x01$")

func (t *tokenServer) Next(response []byte) (challenge []byte, done bool, err error) {
	m := tokenResponse.FindSubmatch(response)
	switch {
	case t.refused:
		return nil, true, smtp.ErrAuthFailed
	case response == nil:
		return []byte{}, false, nil
	case m == nil || t.session.server.opts.Token == nil || !t.session.server.opts.Token(string(m[1]), string(m[2])):
		t.refused = true
		return []byte(`{"status":"400","schemes":"Bearer"}`), false, nil
	}
	return nil, true, t.session.loggedIn(string(m[1]))
}
