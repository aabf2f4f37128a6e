// Package oauth gets the OAuth2 access tokens of mail accounts at Microsoft 365, Google and others (RFC 6749, 8628), keeps
// them and renews them.
//
// It promises:
//   - A token is renewed before it expires; one that the mail server refused is renewed once, and then at most every few
//     minutes, for ever. Nothing is switched off for good.
//   - A refresh token that its provider replaced is on record before the new access token is used. Where the record cannot be
//     written, the new token is held and written later; it is never thrown away.
//   - Of several gateways one renews; who comes later takes what it got.
//   - Logging in needs no token that works. A gateway that runs takes the new one at its next try.
//   - Every error says what to do where somebody has to do something; no error and no log line holds a token or a secret.
package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/oauth2/endpoints"

	"aduan/tickets"
)

// Settings are one oauth2 = { … } of the settings.
type Settings struct {
	Provider     string   `toml:"provider"` // microsoft, google, or "" with token_url
	Tenant       string   `toml:"tenant"`   // of Microsoft: the directory's id or a domain of it
	ClientID     string   `toml:"client_id"`
	ClientSecret string   `toml:"client_secret"`
	SecretIn     string   `toml:"client_secret_file"`
	Flow         string   `toml:"flow"` // device, code or client-credentials; "" for what fits the provider
	TokenURL     string   `toml:"token_url"`
	DeviceURL    string   `toml:"device_url"`
	AuthURL      string   `toml:"auth_url"`
	Scopes       []string `toml:"scopes"`
}

// The ways to the first token.
const (
	FlowDevice      = "device"             // RFC 8628: a code that a person types in at the provider, on any machine
	FlowCode        = "code"               // RFC 6749 section 4.1 with PKCE: a person's browser is sent back to us
	FlowCredentials = "client-credentials" // RFC 6749 section 4.4: the client's own right, without a person
)

// provider is what is known of one.
type provider struct {
	endpoint    func(tenant string) oauth2.Endpoint
	scopes      []string // of a person's log-in
	application []string // of client credentials; nil where the provider has none for mail
	flow        string
}

// providers are the two whose mail asks for OAuth2. Google's device flow does not give out the scope of mail, so there it is
// the code flow.
func providers(name string) (provider, bool) {
	switch name {
	case "microsoft":
		return provider{endpoint: endpoints.AzureAD, flow: FlowDevice, application: []string{"https://outlook.office365.com/.default"},
			scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"}}, true
	case "google":
		return provider{endpoint: func(string) oauth2.Endpoint { return endpoints.Google }, flow: FlowCode, scopes: []string{"https://mail.google.com/"}}, true
	case "":
		return provider{endpoint: func(string) oauth2.Endpoint { return oauth2.Endpoint{} }}, true
	}
	return provider{}, false
}

// Record keeps the tokens: the Store.
type Record interface {
	Credential(ctx context.Context, name string) (tickets.Credential, error)
	ClaimCredential(ctx context.Context, name string, version int64, now time.Time, lease time.Duration) (bool, error)
	ReleaseCredential(ctx context.Context, name string, version int64) error
	SaveCredential(ctx context.Context, c tickets.Credential, now time.Time) (bool, error)
}

// Account is one account at a provider.
type Account struct {
	// Login is the word after `aduan oauth login`; the tokens are on record under it too.
	Login string
	// Username is the account's address, which a person should log in with.
	Username string

	provider string
	flow     string
	config   oauth2.Config
}

// NewAccount checks the settings of an account. Its errors say what to write.
func NewAccount(login, username string, s Settings) (*Account, error) {
	p, known := providers(s.Provider)
	if !known {
		return nil, fmt.Errorf("oauth2.provider %q: give microsoft or google, or leave it out and give token_url", s.Provider)
	}
	if s.ClientID == "" {
		return nil, errors.New("oauth2.client_id is missing: register an application with the provider, which gives one")
	}
	if s.Provider == "microsoft" && s.Tenant == "" && s.TokenURL == "" {
		return nil, errors.New("oauth2.tenant is missing: give the directory's id, or a domain of it")
	}
	a := &Account{Login: login, Username: username, provider: s.Provider, flow: s.Flow}
	a.config = oauth2.Config{ClientID: s.ClientID, ClientSecret: s.ClientSecret, Endpoint: endpoint(p, s), Scopes: s.Scopes}
	if err := a.chooseFlow(p); err != nil {
		return nil, err
	}
	if a.config.Scopes == nil {
		a.config.Scopes = p.scopes
		if a.flow == FlowCredentials {
			a.config.Scopes = p.application
		}
	}
	return a, a.checkURLs()
}

// endpoint is the provider's, with what the settings say otherwise. Its parameters stand in the body, which all take: trying
// out where they belong would use a refresh token up.
func endpoint(p provider, s Settings) oauth2.Endpoint {
	e := p.endpoint(s.Tenant)
	for _, u := range []struct {
		to   *string
		from string
	}{{&e.TokenURL, s.TokenURL}, {&e.DeviceAuthURL, s.DeviceURL}, {&e.AuthURL, s.AuthURL}} {
		if u.from != "" {
			*u.to = u.from
		}
	}
	e.AuthStyle = oauth2.AuthStyleInParams
	return e
}

// chooseFlow takes what the settings say, else the provider's own, else what the URLs allow.
func (a *Account) chooseFlow(p provider) error {
	e := a.config.Endpoint
	if a.flow == "" {
		switch a.flow = p.flow; {
		case a.flow != "":
		case e.DeviceAuthURL != "":
			a.flow = FlowDevice
		case e.AuthURL != "":
			a.flow = FlowCode
		default:
			a.flow = FlowCredentials
		}
	}
	missing := map[string]string{FlowDevice: e.DeviceAuthURL, FlowCode: e.AuthURL, FlowCredentials: a.config.ClientSecret}
	names := map[string]string{FlowDevice: "device_url", FlowCode: "auth_url", FlowCredentials: "client_secret_file"}
	value, known := missing[a.flow]
	switch {
	case !known:
		return fmt.Errorf("oauth2.flow %q: give device, code or client-credentials", a.flow)
	case a.flow == FlowCredentials && a.provider == "google":
		return errors.New("oauth2.flow client-credentials: Google has none for mailboxes; leave flow out")
	case a.flow == FlowDevice && a.provider == "google":
		return errors.New("oauth2.flow device: Google gives no mail access by it; leave flow out")
	case value == "":
		return fmt.Errorf("oauth2.%s is missing: flow %s needs it", names[a.flow], a.flow)
	case e.TokenURL == "":
		return errors.New("oauth2.token_url is missing: give it, or a provider")
	}
	return nil
}

// checkURLs refuses addresses that would carry secrets in the clear; loopback is for tests and proxies.
func (a *Account) checkURLs() error {
	e := a.config.Endpoint
	for _, raw := range []string{e.TokenURL, e.DeviceAuthURL, e.AuthURL} {
		u, err := url.Parse(raw)
		plain := err == nil && u.Scheme == "http" && slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, u.Hostname())
		if err != nil || raw != "" && u.Scheme != "https" && !plain {
			return fmt.Errorf("oauth2: %q is no https:// address", raw)
		}
	}
	return nil
}

// Same says whether two accounts are one: then one log-in serves both.
func (a *Account) Same(b *Account) bool {
	return a.Username == b.Username && a.config.ClientID == b.config.ClientID && a.config.Endpoint.TokenURL == b.config.Endpoint.TokenURL &&
		a.flow == b.flow && slices.Equal(a.config.Scopes, b.config.Scopes)
}

// Flow is how the account's first token is obtained.
func (a *Account) Flow() string { return a.flow }

// key is the name under which the tokens are on record.
func (a *Account) key() string { return "oauth2 " + a.Login }

// httpTimeout is how long one answer of a provider may take.
const httpTimeout = 20 * time.Second

// online gives a context whose requests end.
func online(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Timeout: httpTimeout})
}

// byCredentials gets a token by the client's own right.
func (a *Account) byCredentials(ctx context.Context) (*oauth2.Token, error) {
	c := clientcredentials.Config{ClientID: a.config.ClientID, ClientSecret: a.config.ClientSecret, TokenURL: a.config.Endpoint.TokenURL, Scopes: a.config.Scopes, AuthStyle: a.config.Endpoint.AuthStyle}
	return c.Token(online(ctx))
}

// byRefresh gets a new token for a refresh token.
func (a *Account) byRefresh(ctx context.Context, refresh string) (*oauth2.Token, error) {
	return a.config.TokenSource(online(ctx), &oauth2.Token{RefreshToken: refresh}).Token()
}

// LoginNeeded means that a person has to log in: nothing was obtained yet, or the provider takes it no more.
type LoginNeeded struct {
	Login string // the word after `aduan oauth login`
	Why   string
}

// Error says what to do.
func (l *LoginNeeded) Error() string {
	return fmt.Sprintf("%s: run `aduan oauth login %s`", l.Why, l.Login)
}

// said is a provider's refusal in one line, without the request and its secrets.
func said(err error) string {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		var at *url.Error // its URL holds nothing secret, but is long
		if errors.As(err, &at) {
			return "the provider cannot be reached: " + at.Err.Error()
		}
		return tickets.CleanLine(err.Error())
	}
	words := strings.TrimSpace(refused.ErrorCode + " " + refused.ErrorDescription)
	if words == "" && refused.Response != nil {
		words = refused.Response.Status
	}
	return tickets.Shorten(tickets.CleanLine(words), 300)
}

// final says whether a refusal is about the grant or the client, so that asking again does not help (RFC 6749 section 5.2).
func final(err error) bool {
	var refused *oauth2.RetrieveError
	return errors.As(err, &refused) && slices.Contains([]string{"invalid_grant", "invalid_client", "unauthorized_client", "interaction_required", "invalid_scope"}, refused.ErrorCode)
}
