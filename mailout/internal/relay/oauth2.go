package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wneessen/go-mail/smtp"
)

// tokenRefused means that the relay did not take an access token: another one may do.
type tokenRefused struct {
	token string
	err   error
}

func (t *tokenRefused) Error() string { return t.err.Error() }
func (t *tokenRefused) Unwrap() error { return t.err }

// errSameToken means that there is no other token to try.
var errSameToken = errors.New("there is no other access token")

// byToken takes an access token to the relay, by whichever of the two mechanisms it offers.
func (s *session) byToken(ctx context.Context, offered []string) (smtp.Auth, error) {
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		if !slices.Contains(offered, mechanism) {
			continue
		}
		token, err := s.cfg.Token(ctx, s.old)
		if err == nil && s.old != "" && token == s.old {
			err = errSameToken
		}
		return &tokenAuth{mechanism: mechanism, user: s.cfg.Username, token: token}, err
	}
	return nil, fmt.Errorf("the server offers %s, none of them for OAuth2", strings.Join(offered, " "))
}

// tokenAuth is XOAUTH2 and OAUTHBEARER (RFC 7628).
type tokenAuth struct{ mechanism, user, token string }

// Start implements smtp.Auth.
func (a *tokenAuth) Start(*smtp.ServerInfo) (string, []byte, error) {
	if a.mechanism == "XOAUTH2" {
		return a.mechanism, []byte("user=" + a.user + "\x01auth=Bearer " + a.token + "\x01\x01"), nil
	}
	return a.mechanism, []byte("n,a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(a.user) + ",\x01auth=Bearer " + a.token + "\x01\x01"), nil
}

// Next implements smtp.Auth.
func (a *tokenAuth) Next(_ []byte, more bool) ([]byte, error) {
	if more { // the reason of a failure, which is answered before the server refuses (section 3.2.3)
		return []byte{1}, nil
	}
	return nil, nil
}
