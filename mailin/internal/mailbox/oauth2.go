package mailbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
)

// authenticateByToken logs in with an access token. One that the server refuses is remembered, so that the next connection
// asks for another.
func (s *session) authenticateByToken(ctx context.Context) error {
	s.guard.disarm() // getting a token is not the server's time
	token, err := s.cfg.Token(ctx, s.refused)
	s.guard.arm()
	if err != nil {
		return err
	}
	client := &tokenClient{user: s.cfg.Username, token: token}
	offered := s.client.Caps().AuthMechanisms()
	for _, mechanism := range []string{xoauth2, sasl.OAuthBearer} {
		if slices.Contains(offered, mechanism) {
			client.mechanism = mechanism
			break
		}
	}
	if client.mechanism == "" {
		return fmt.Errorf("the server takes no OAuth2 log-in on this connection (it offers %s)", strings.Join(offered, ", "))
	}
	err = s.client.Authenticate(client)
	var no *imap.Error
	switch {
	case err == nil:
		s.refused = ""
	case errors.As(err, &no):
		s.refused = token
		err = fmt.Errorf("the server refused the access token of %s: %w%s", s.cfg.Username, err, client.said)
	}
	return err
}

// xoauth2 is the mechanism that Google and Microsoft have beside OAUTHBEARER, or alone.
const xoauth2 = "XOAUTH2"

// tokenClient is the client of both mechanisms. The server tells the cause of a refusal in a challenge that has to be
// answered before it says no (RFC 7628 section 3.2.3).
type tokenClient struct {
	mechanism, user, token string
	said                   string // the server's challenge, in brackets
}

// Start implements sasl.Client.
func (c *tokenClient) Start() (mechanism string, first []byte, err error) {
	if c.mechanism == xoauth2 {
		return xoauth2, []byte("user=" + c.user + "\x01auth=Bearer " + c.token + "\x01\x01"), nil
	}
	return c.mechanism, []byte("n,a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(c.user) + ",\x01auth=Bearer " + c.token + "\x01\x01"), nil
}

// Next implements sasl.Client.
func (c *tokenClient) Next(challenge []byte) ([]byte, error) {
	c.said = fmt.Sprintf(" (%.200q)", challenge)
	return []byte{1}, nil
}
