package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"aduan/tickets"
)

const (
	// early is how long before its end a token is renewed, at most a fifth of its life.
	early = 5 * time.Minute
	// rest is how long after a renewal for a refused token no other one is asked for, even though the server refuses the new
	// one too: a further one would not cure that, and providers count.
	rest = 5 * time.Minute
	// claimFor is how long one gateway may take for renewing.
	claimFor = 30 * time.Second
	// askFirst and askLast bound the waits after a provider that gave no token.
	askFirst, askLast = 5 * time.Second, 5 * time.Minute
)

// tokens are what is on record of an account.
type tokens struct {
	ClientID string    `json:"client_id"` // whom they were given to
	Access   string    `json:"access_token"`
	Refresh  string    `json:"refresh_token,omitempty"`
	Issued   time.Time `json:"issued"`
	Expiry   time.Time `json:"expiry,omitzero"` // zero: not told
}

// fresh says whether the access token is good for now, and not about to end.
func (t tokens) fresh(now time.Time) bool {
	if t.Access == "" {
		return false
	}
	return t.Expiry.IsZero() || now.Before(t.Expiry.Add(-min(early, t.Expiry.Sub(t.Issued)/5)))
}

// valid says whether the access token has not ended yet.
func (t tokens) valid(now time.Time) bool {
	return t.Access != "" && (t.Expiry.IsZero() || now.Before(t.Expiry))
}

// Source gives the access tokens of an account. It is safe for use by many goroutines.
type Source struct {
	account *Account
	record  Record
	clock   func() time.Time

	turn    chan struct{} // held by who works; a channel, so that waiting ends with its context
	unsaved *unsaved      // what could not be put on record
	forced  time.Time     // when a token was renewed that was refused before its time
	fault   error         // why the last try came to nothing
	of      int64         // the version on record at that try
	again   time.Time     // when the next try may be
	wait    time.Duration
}

// unsaved are tokens that the provider gave in the place of a version on record.
type unsaved struct {
	tokens
	from int64
}

// NewSource gives a source that keeps its tokens in record; clock nil is time.Now.
func NewSource(a *Account, record Record, clock func() time.Time) *Source {
	if clock == nil {
		clock = time.Now
	}
	return &Source{account: a, record: record, clock: clock, turn: make(chan struct{}, 1)}
}

// Token gives an access token. refused is one that the mail server did not take, or "". Its error is *LoginNeeded where only
// a person can help.
func (s *Source) Token(ctx context.Context, refused string) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	for {
		token, again, err := s.try(ctx, refused)
		if !again {
			return token, err
		}
		select { // another gateway is at it
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// try gives a token from the record, or makes one. again means that another gateway is making one.
func (s *Source) try(ctx context.Context, refused string) (token string, again bool, err error) {
	if err := s.saveLate(ctx); err != nil {
		return "", false, err
	}
	kept, version, err := s.load(ctx)
	if err != nil {
		return "", false, err
	}
	now := s.clock()
	if kept.fresh(now) && (kept.Access != refused || now.Before(s.forced.Add(rest))) {
		return kept.Access, false, nil
	}
	usable := kept.valid(now) && kept.Access != refused
	made, again, err := s.renew(ctx, kept, version)
	switch {
	case (again || err != nil) && usable: // the old one still serves; it was only early
		return kept.Access, false, nil
	case again:
		return "", true, nil
	}
	if err == nil && kept.fresh(now) {
		s.forced = now
	}
	return made.Access, false, err
}

// load reads the tokens on record.
func (s *Source) load(ctx context.Context) (tokens, int64, error) {
	var kept tokens
	c, err := s.record.Credential(ctx, s.account.key())
	if errors.Is(err, tickets.ErrSealed) { // as good as none, but there is something to replace
		return kept, c.Version, nil
	}
	if err != nil || c.Version == 0 {
		return kept, 0, err
	}
	if json.Unmarshal(c.Secret, &kept) != nil || kept.ClientID != s.account.config.ClientID {
		return tokens{}, c.Version, nil // of another registration of ours: its tokens are not for this one
	}
	return kept, c.Version, nil
}

// renew makes a new token and puts it on record before anybody uses it.
func (s *Source) renew(ctx context.Context, kept tokens, version int64) (_ tokens, again bool, err error) {
	if s.fault != nil && s.of == version && s.clock().Before(s.again) {
		return tokens{}, false, s.fault
	}
	if s.account.flow != FlowCredentials && kept.Refresh == "" {
		why := "nobody has logged in to " + s.account.Username + " yet"
		if version > 0 {
			why = "the tokens of " + s.account.Username + " cannot be used any more: the secret key or client_id changed, or the provider gave none to renew them with"
		}
		return tokens{}, false, &LoginNeeded{s.account.Login, why}
	}
	if version > 0 {
		claimed, err := s.record.ClaimCredential(ctx, s.account.key(), version, s.clock(), claimFor)
		if err != nil || !claimed {
			return tokens{}, err == nil, err
		}
	}
	given, err := s.ask(ctx, kept)
	if err != nil {
		return s.failed(ctx, err, version)
	}
	s.fault, s.wait = nil, 0
	renewed := made(s.account, given, kept.Refresh, s.clock())
	s.unsaved = &unsaved{renewed, version}
	return renewed, false, s.saveLate(ctx)
}

func (s *Source) ask(ctx context.Context, kept tokens) (*oauth2.Token, error) {
	if s.account.flow == FlowCredentials {
		return s.account.byCredentials(ctx)
	}
	return s.account.byRefresh(ctx, kept.Refresh)
}

// made are the tokens that a provider gave. One that gives no new refresh token lets the old one go on.
func made(a *Account, given *oauth2.Token, refresh string, now time.Time) tokens {
	t := tokens{ClientID: a.config.ClientID, Access: given.AccessToken, Refresh: given.RefreshToken, Issued: now, Expiry: given.Expiry}
	if t.Refresh == "" {
		t.Refresh = refresh
	}
	if given.ExpiresIn > 0 { // by our clock, as the library has it by its own
		t.Expiry = now.Add(time.Duration(given.ExpiresIn) * time.Second)
	}
	return t
}

// saveLate puts on record what could not be before. While it cannot be, no token is given out: the one on record may be
// used up, and this one would be lost with the process.
func (s *Source) saveLate(ctx context.Context) error {
	if s.unsaved == nil {
		return nil
	}
	text, err := json.Marshal(s.unsaved.tokens)
	if err != nil {
		return err
	}
	// The provider has replaced the old one already: this must not end half-way with the caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimFor)
	defer cancel()
	if _, err := s.record.SaveCredential(ctx, tickets.Credential{Name: s.account.key(), Version: s.unsaved.from, Secret: text}, s.clock()); err != nil {
		return fmt.Errorf("keep the new tokens of %s: %w", s.account.Login, err)
	}
	s.unsaved = nil // saved, or a newer one is there: then that is the one to use
	return nil
}

// failed notes that no token was given. Where another gateway was given one meanwhile, that is the one to use.
func (s *Source) failed(ctx context.Context, err error, version int64) (tokens, bool, error) {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if c, now := s.record.Credential(ctx, s.account.key()); now == nil && c.Version != version {
		return tokens{}, true, nil
	}
	// Whether or not it is given back, the claim ends by itself.
	_ = s.record.ReleaseCredential(context.WithoutCancel(ctx), s.account.key(), version)
	if ctx.Err() != nil {
		return tokens{}, false, err
	}
	switch {
	case final(err) && s.account.flow == FlowCredentials:
		err = fmt.Errorf("get an access token for %s: %s: correct client_id, client_secret_file, tenant or the application's rights, then try `aduan oauth login %s`", s.account.Username, said(err), s.account.Login)
	case final(err):
		err = &LoginNeeded{s.account.Login, fmt.Sprintf("the provider renews the tokens of %s no more (%s)", s.account.Username, said(err))}
	default:
		err = fmt.Errorf("get an access token for %s: %s", s.account.Username, said(err))
	}
	s.wait = min(max(2*s.wait, askFirst), askLast)
	s.fault, s.of, s.again = err, version, s.clock().Add(s.wait)
	return tokens{}, false, err
}
