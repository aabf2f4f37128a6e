package oauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"aduan/cmd/aduan/internal/oauth/oauthtest"
	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

const user = "aduan@csirt.example"

func TestMain(m *testing.M) { ticketstest.Main(m) }

func accountAt(t *testing.T, p *oauthtest.Server, change func(*Settings)) *Account {
	t.Helper()
	s := Settings{ClientID: p.Client, TokenURL: p.URL + "/token", DeviceURL: p.URL + "/device"}
	if change != nil {
		change(&s)
	}
	a, err := NewAccount("report", user, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// loggedIn is an account whose person has logged in with a browser, which takes no time.
func loggedIn(t *testing.T, p *oauthtest.Server, d *ticketstest.Desk) *Account {
	t.Helper()
	a := accountAt(t, p, func(s *Settings) { s.DeviceURL, s.AuthURL = "", p.URL+"/authorize" })
	logIn(t, a, d)
	return a
}

func logIn(t *testing.T, a *Account, d *ticketstest.Desk) {
	t.Helper()
	told := &asked{came: make(chan string, 1)}
	came := told.came
	go func() {
		answer, err := http.Get(<-came)
		if err != nil {
			t.Error(err)
			return
		}
		answer.Body.Close()
	}()
	if err := LogIn(t.Context(), a, d.Store, strings.NewReader(""), told); err != nil {
		t.Fatal(err)
	}
}

func mustToken(t *testing.T, s *Source, refused string) string {
	t.Helper()
	token, err := s.Token(t.Context(), refused)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestDeviceLogInTellsAddressAndCodeAndTheTokenIsRenewedBeforeItEnds(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		a := accountAt(t, p, nil)
		p.Approve()
		var told bytes.Buffer
		if err := LogIn(t.Context(), a, d.Store, strings.NewReader(""), &told); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(told.String(), "/activate") || !strings.Contains(told.String(), "ABCD-EFGH") || !strings.Contains(told.String(), "as "+user) {
			t.Errorf("the person is told %q", told.String())
		}
		at := time.Now()
		s := NewSource(a, d.Store, func() time.Time { return at })
		first := mustToken(t, s, "")
		at = at.Add(50 * time.Minute)
		if again := mustToken(t, s, ""); again != first || p.Grants("refresh_token") != 0 {
			t.Errorf("a token that is good was renewed: %d", p.Grants("refresh_token"))
		}
		at = at.Add(6 * time.Minute) // four minutes before its end
		second := mustToken(t, s, "")
		if second == first || !p.Good(user, second) {
			t.Error("the token was not renewed before its end")
		}
		at = at.Add(56 * time.Minute) // only who saved the replaced refresh token gets further
		if third := mustToken(t, NewSource(a, d.Store, func() time.Time { return at }), ""); third == second || p.Grants("reuse") != 0 {
			t.Errorf("the replaced refresh token was not kept: %d reuses", p.Grants("reuse"))
		}
	})
}

func TestGatewaysThatRenewAtOnceRenewOnceAndLoseNothing(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		a := loggedIn(t, p, d)
		later := func() time.Time { return time.Now().Add(2 * time.Hour) }
		var g sync.WaitGroup
		got := make([]string, 6)
		for i := range got {
			g.Go(func() {
				token, err := NewSource(a, d.Store, later).Token(t.Context(), "")
				if err != nil {
					t.Error(err)
				}
				got[i] = token
			})
		}
		g.Wait()
		for _, token := range got {
			if token != got[0] {
				t.Errorf("different tokens: %q", got)
			}
		}
		if p.Grants("refresh_token") != 1 || p.Grants("reuse") != 0 {
			t.Errorf("renewed %d times, %d of them with a used token", p.Grants("refresh_token"), p.Grants("reuse"))
		}
	})
}

func TestRefusedTokenIsRenewedOnceAndThenRests(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		a := loggedIn(t, p, d)
		at := time.Now().Add(10 * time.Minute)
		s := NewSource(a, d.Store, func() time.Time { return at })
		first := mustToken(t, s, "")
		second := mustToken(t, s, first)
		if second == first {
			t.Fatal("the refused token is given again")
		}
		if third := mustToken(t, s, second); third != second || p.Grants("refresh_token") != 1 {
			t.Errorf("a token that was just made is made anew: %d times", p.Grants("refresh_token"))
		}
		at = at.Add(6 * time.Minute)
		if fourth := mustToken(t, s, second); fourth == second {
			t.Error("after a rest it is not tried again")
		}
	})
}

func TestEndedLogInSaysWhatToDoAndLoggingInHealsIt(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		s := NewSource(accountAt(t, p, nil), d.Store, nil)
		check := func(about, want string) {
			t.Helper()
			_, err := s.Token(t.Context(), "")
			var needed *LoginNeeded
			if !errors.As(err, &needed) || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), ": run `aduan oauth login report`") {
				t.Errorf("%s: %v", about, err)
			}
		}
		check("before the first log-in", "nobody has logged in to "+user+" yet")
		a := loggedIn(t, p, d)
		mustToken(t, s, "")
		p.EndLogIn()
		s.clock = func() time.Time { return time.Now().Add(2 * time.Hour) }
		check("after the log-in ended", "invalid_grant the grant has ended")
		asked := p.Grants("refused")
		check("at once again", "invalid_grant")
		if p.Grants("refused") != asked {
			t.Error("the provider is asked without a pause")
		}
		logIn(t, a, d)
		s.clock = time.Now
		if token := mustToken(t, s, ""); !p.Good(user, token) {
			t.Error("the running source does not take the new log-in")
		}
	})
}

func TestProviderThatIsDownIsAskedAgainAndAGoodTokenStillServes(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		a := loggedIn(t, p, d)
		p.Down(true)
		at := time.Now().Add(57 * time.Minute)
		s := NewSource(a, d.Store, func() time.Time { return at })
		if token := mustToken(t, s, ""); !p.Good(user, token) {
			t.Error("a token that is good for minutes is not given")
		}
		at = at.Add(10 * time.Minute)
		_, err := s.Token(t.Context(), "")
		var needed *LoginNeeded
		if err == nil || errors.As(err, &needed) || !strings.Contains(err.Error(), "503") {
			t.Errorf("a provider that is down: %v", err)
		}
		p.Down(false)
		at = at.Add(askLast)
		if token := mustToken(t, s, ""); !p.Good(user, token) {
			t.Error("it is not asked again")
		}
	})
}

// brittle is a record that cannot be written for a while.
type brittle struct {
	Record
	broken bool
}

func (b *brittle) SaveCredential(ctx context.Context, c tickets.Credential, now time.Time) (bool, error) {
	if b.broken {
		return false, errors.New("disk full")
	}
	return b.Record.SaveCredential(ctx, c, now)
}

func TestTokenThatCannotBeKeptIsHeldAndKeptLater(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		a := loggedIn(t, p, d)
		r := &brittle{Record: d.Store, broken: true}
		at := time.Now().Add(2 * time.Hour)
		s := NewSource(a, r, func() time.Time { return at })
		for range 2 {
			if token, err := s.Token(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "disk full") {
				t.Errorf("token %q, %v: want none before it is kept", token, err)
			}
		}
		r.broken = false
		token := mustToken(t, s, "")
		if !p.Good(user, token) || p.Grants("refresh_token") != 1 || p.Grants("reuse") != 0 {
			t.Errorf("renewed %d times, %d with a used token", p.Grants("refresh_token"), p.Grants("reuse"))
		}
		if other := mustToken(t, NewSource(a, d.Store, func() time.Time { return at }), ""); other != token {
			t.Error("it is not on record")
		}
	})
}

func TestClientCredentialsNeedNoPerson(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		p := oauthtest.Start(t, user)
		a := accountAt(t, p, func(s *Settings) { s.DeviceURL, s.Flow, s.ClientSecret = "", FlowCredentials, p.Secret })
		if token := mustToken(t, NewSource(a, d.Store, nil), ""); !p.Good(user, token) {
			t.Error("the token is not good")
		}
		wrong := accountAt(t, p, func(s *Settings) { s.Flow, s.ClientSecret = FlowCredentials, "salah" })
		wrong.Login = "second"
		if _, err := NewSource(wrong, d.Store, nil).Token(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "client_secret_file") || strings.Contains(err.Error(), "salah") {
			t.Errorf("a wrong secret: %v", err)
		}
	})
}

// asked hands on what is told, and lets a test wait for it.
type asked struct {
	mu   sync.Mutex
	text bytes.Buffer
	came chan string
}

var authorize = regexp.MustCompile(`http\S+/authorize\S+`)

func (a *asked) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(p)
	if found := authorize.FindString(a.text.String()); found != "" && a.came != nil {
		a.came <- found
		a.came = nil
	}
	return len(p), nil
}

func TestBrowserLogInTakesTheAnswerFromTheBrowserOrFromTheTerminal(t *testing.T) {
	for about, pasted := range map[string]bool{"a browser on this machine": false, "a browser elsewhere": true} {
		t.Run(about, func(t *testing.T) {
			ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
				p := oauthtest.Start(t, user)
				a := accountAt(t, p, func(s *Settings) { s.DeviceURL, s.AuthURL = "", p.URL+"/authorize" })
				told, terminal := &asked{came: make(chan string, 1)}, newTerminal()
				browser := http.Client{}
				if pasted {
					browser.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				}
				came := told.came
				go func() {
					answer, err := browser.Get(<-came)
					if err != nil {
						t.Error(err)
						return
					}
					answer.Body.Close()
					if pasted {
						fmt.Fprintln(terminal, "http://127.0.0.1/?code=x&state=of-somebody-else")
						fmt.Fprintln(terminal, answer.Header.Get("Location"))
					}
				}()
				if err := LogIn(t.Context(), a, d.Store, terminal, told); err != nil {
					t.Fatal(err)
				}
				if token := mustToken(t, NewSource(a, d.Store, nil), ""); !p.Good(user, token) {
					t.Error("the token is not good")
				}
			})
		})
	}
}

// newTerminal is what a person types.
func newTerminal() io.ReadWriter {
	r, w := io.Pipe()
	return struct {
		io.Reader
		io.Writer
	}{r, w}
}

func TestWrongSettingsSayWhatToWrite(t *testing.T) {
	for about, row := range map[string]struct {
		s    Settings
		want string
	}{
		"an unknown provider":            {Settings{Provider: "yahoo", ClientID: "x"}, "give microsoft or google"},
		"no client":                      {Settings{Provider: "google"}, "oauth2.client_id is missing"},
		"microsoft without a tenant":     {Settings{Provider: "microsoft", ClientID: "x"}, "oauth2.tenant is missing"},
		"no endpoint":                    {Settings{ClientID: "x", ClientSecret: "y"}, "oauth2.token_url is missing"},
		"credentials without a secret":   {Settings{Provider: "microsoft", Tenant: "t", ClientID: "x", Flow: "client-credentials"}, "oauth2.client_secret_file is missing"},
		"a flow that Google has not":     {Settings{Provider: "google", ClientID: "x", ClientSecret: "y", Flow: "client-credentials"}, "Google has none"},
		"an unknown flow":                {Settings{Provider: "google", ClientID: "x", Flow: "password"}, "give device, code or client-credentials"},
		"a provider reached without TLS": {Settings{ClientID: "x", TokenURL: "http://login.example/token", DeviceURL: "https://login.example/device"}, "is no https:// address"},
	} {
		if _, err := NewAccount("report", user, row.s); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", about, err, row.want)
		}
	}
	a, err := NewAccount("report", user, Settings{Provider: "microsoft", Tenant: "csirt.example", ClientID: "x"})
	if err != nil || a.Flow() != FlowDevice || a.config.Endpoint.TokenURL != "https://login.microsoftonline.com/csirt.example/oauth2/v2.0/token" || len(a.config.Scopes) != 3 {
		t.Errorf("microsoft: %+v, %v", a, err)
	}
	if a, err = NewAccount("report", user, Settings{Provider: "google", ClientID: "x"}); err != nil || a.Flow() != FlowCode || strings.Join(a.config.Scopes, "") != "https://mail.google.com/" {
		t.Errorf("google: %+v, %v", a, err)
	}
}

func TestRefusedLogInSaysWhy(t *testing.T) {
	p := oauthtest.Start(t, user)
	p.Deny()
	if err := LogIn(t.Context(), accountAt(t, p, nil), nil, strings.NewReader(""), io.Discard); err == nil || !strings.Contains(err.Error(), "access_denied the person refused") {
		t.Errorf("refused: %v", err)
	}
}
