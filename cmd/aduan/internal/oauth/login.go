package oauth

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"aduan/tickets"
)

// LogIn obtains the first tokens of an account, or new ones in the place of such as do not work any more, and puts them on
// record. It tells the person on out what to do; in is where a person can paste an address. No token has to work for it.
func LogIn(ctx context.Context, a *Account, record Record, in io.Reader, out io.Writer) error {
	var given *oauth2.Token
	var err error
	switch a.flow {
	case FlowDevice:
		given, err = a.byDevice(ctx, out)
	case FlowCode:
		given, err = a.byCode(ctx, in, out)
	default:
		given, err = a.byCredentials(ctx)
	}
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) || ctx.Err() == nil && !errors.Is(err, errPerson) {
			return fmt.Errorf("log in to %s: %s", a.Username, said(err))
		}
		return fmt.Errorf("log in to %s: %w", a.Username, err)
	}
	if given.RefreshToken == "" && a.flow != FlowCredentials {
		return fmt.Errorf("log in to %s: the provider gave no refresh token, so the gateway would stand still within the hour: allow offline access for the application", a.Username)
	}
	return keep(ctx, record, a, made(a, given, "", time.Now()))
}

// keep puts tokens on record over whatever is there.
func keep(ctx context.Context, record Record, a *Account, t tokens) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	for range 10 { // a gateway may be renewing the old ones at the same time
		c, err := record.Credential(ctx, a.key())
		if err != nil && !errors.Is(err, tickets.ErrSealed) {
			return err
		}
		saved, err := record.SaveCredential(ctx, tickets.Credential{Name: a.key(), Version: c.Version, Secret: text}, time.Now())
		if err != nil || saved {
			return err
		}
	}
	return errors.New("keep the tokens: others change them all the time; stop the gateway, log in, start it")
}

// byDevice shows a code and waits until a person has typed it in at the provider.
func (a *Account) byDevice(ctx context.Context, out io.Writer) (*oauth2.Token, error) {
	ctx = online(ctx)
	asked, err := a.config.DeviceAuth(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "Open %s in any browser, log in as %s, and type in the code\n\n    %s\n\n", asked.VerificationURI, a.Username, asked.UserCode)
	if !asked.Expiry.IsZero() {
		fmt.Fprintf(out, "It is good for %d minutes. Waiting …\n", max(1, int(time.Until(asked.Expiry).Round(time.Minute).Minutes())))
	}
	given, err := a.config.DeviceAccessToken(ctx, asked)
	if errors.Is(err, context.DeadlineExceeded) && !asked.Expiry.IsZero() {
		return nil, fmt.Errorf("%w: nobody typed the code in; run it again", errPerson)
	}
	return given, err
}

// errPerson is the fault of what a person did or did not do.
var errPerson = errors.New("no log-in")

// byCode sends a person's browser to the provider, and takes the code that it brings back: at a port of our own where the
// browser runs on this machine, else by the address that the person pastes.
func (a *Account) byCode(ctx context.Context, in io.Reader, out io.Writer) (*oauth2.Token, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	host := "127.0.0.1"
	if a.provider == "microsoft" { // which takes any port of this name alone
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	config := a.config
	config.RedirectURL = "http://" + net.JoinHostPort(host, port)
	verifier, state := oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	address := config.AuthCodeURL(state, oauth2.AccessTypeOffline, oauth2.ApprovalForce, oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("login_hint", a.Username))
	fmt.Fprintf(out, "Open this address in a browser and log in as %s:\n\n%s\n\nThe browser ends at a page of %s. Where it cannot show that page, because it runs on another machine,\npaste the address that it shows here:\n", a.Username, address, config.RedirectURL)
	came, cancel := a.await(ctx, listener, in)
	defer cancel()
	for {
		select {
		case back := <-came:
			code, err := codeOf(back, state)
			if errors.Is(err, errForeign) {
				fmt.Fprintf(out, "%v; paste the whole address:\n", err)
				continue
			}
			if err != nil {
				return nil, err
			}
			return config.Exchange(online(ctx), code, oauth2.VerifierOption(verifier))
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// await gives the queries that come back, from the browser or as pasted lines.
func (a *Account) await(ctx context.Context, listener net.Listener, in io.Reader) (<-chan url.Values, func()) {
	ctx, cancel := context.WithCancel(ctx)
	came := make(chan url.Values)
	give := func(v url.Values) {
		select {
		case came <- v:
		case <-ctx.Done():
		}
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("state") != "" {
			fmt.Fprintln(w, "aduan has the answer: see the terminal. This page can be closed.")
			give(r.URL.Query())
		}
	})}
	go server.Serve(listener)
	go func() { // ends with the program where nobody pastes: a terminal cannot be left
		lines := bufio.NewScanner(in)
		for lines.Scan() && ctx.Err() == nil {
			if u, err := url.Parse(strings.TrimSpace(lines.Text())); err == nil && lines.Text() != "" {
				give(u.Query())
			}
		}
	}()
	return came, func() {
		cancel()
		wait, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		server.Shutdown(wait) // the browser is to read the last word
		server.Close()
	}
}

// errForeign is an address that is not the answer to this log-in.
var errForeign = errors.New("that is not the answer to this log-in")

// codeOf reads what the provider sent back (RFC 6749 section 4.1.2).
func codeOf(back url.Values, state string) (string, error) {
	switch {
	case back.Get("state") != state:
		return "", errForeign
	case back.Get("error") != "":
		return "", fmt.Errorf("%w: the provider says %s", errPerson, tickets.CleanLine(back.Get("error")+" "+back.Get("error_description")))
	case back.Get("code") == "":
		return "", errForeign
	}
	return back.Get("code"), nil
}
