package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"aduan/cmd/aduan/internal/oauth"
	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// relayLogin is the word for the relay after `aduan oauth login`.
const relayLogin = "smtp"

// checkAccounts makes the OAuth2 accounts. The relay's is the mailbox's where both are one: one log-in serves both.
func (s *settings) checkAccounts() error {
	var err error
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		if m.OAuth2 == nil {
			continue
		}
		if m.account, err = oauth.NewAccount(m.Name, m.Username, *m.OAuth2); err != nil {
			return fmt.Errorf("mailbox %s: %w", m.Name, err)
		}
	}
	if s.SMTP.OAuth2 == nil {
		return nil
	}
	if s.SMTP.account, err = oauth.NewAccount(relayLogin, s.SMTP.Username, *s.SMTP.OAuth2); err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	for _, m := range s.Mailboxes {
		if m.account != nil && m.account.Same(s.SMTP.account) {
			s.SMTP.account = m.account
			return nil
		}
	}
	for _, m := range s.Mailboxes {
		if m.Name == relayLogin && m.account != nil {
			return fmt.Errorf("mailbox %s: `aduan oauth login %s` means the relay: give the mailbox another name", m.Name, relayLogin)
		}
	}
	return nil
}

// accounts are the accounts of the settings, each once.
func (s *settings) accounts() []*oauth.Account {
	var all []*oauth.Account
	seen := map[string]bool{}
	add := func(a *oauth.Account) {
		if a != nil && !seen[a.Login] {
			seen[a.Login], all = true, append(all, a)
		}
	}
	for _, m := range s.Mailboxes {
		add(m.account)
	}
	add(s.SMTP.account)
	return all
}

// sources are where the access tokens of the accounts come from.
func sources(s *settings, store *tickets.Store) map[string]*oauth.Source {
	all := map[string]*oauth.Source{}
	for _, a := range s.accounts() {
		all[a.Login] = oauth.NewSource(a, store, nil)
	}
	return all
}

// token is where the tokens of an account come from; nil where the log-in is by password.
func (p *parts) token(a *oauth.Account) func(context.Context, string) (string, error) {
	if a == nil {
		return nil
	}
	return p.sources[a.Login].Token
}

func (p *program) oauth() *cobra.Command {
	return group("oauth", "Log in to mailboxes that want OAuth2", p.oauthLogin())
}

func (p *program) oauthLogin() *cobra.Command {
	return &cobra.Command{Use: "login MAILBOX", Short: "Obtain the tokens of a mailbox, or of the relay (smtp)", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		var known []string
		for _, a := range parts.settings.accounts() {
			if a.Login == args[0] {
				return p.logIn(c.Context(), parts, a)
			}
			known = append(known, a.Login)
		}
		if len(known) == 0 {
			known = []string{"none; password_file needs no log-in"}
		}
		return wrongUse(fmt.Errorf("there is no account %q with oauth2 in %s (there is: %s)", args[0], p.config, strings.Join(known, ", ")))
	}}
}

// logIn obtains the tokens and lets the servers judge them at once: a person may have logged in as somebody else.
func (p *program) logIn(ctx context.Context, parts *parts, a *oauth.Account) error {
	if err := oauth.LogIn(ctx, a, parts.store, p.in, p.out); err != nil {
		return err
	}
	for i, m := range parts.settings.Mailboxes {
		if m.account != a {
			continue
		}
		if err := mailin.TryLogIn(ctx, parts.mailboxes()[i].Mailbox); err != nil {
			return fmt.Errorf("the tokens are kept, but the mailbox does not take them: %w (is it the account %s that logged in, and is IMAP allowed for it?)", err, a.Username)
		}
		fmt.Fprintf(p.out, "Mailbox %s: the server takes the log-in as %s.\n", m.Name, a.Username)
	}
	if parts.settings.SMTP.account == a {
		relay := mailout.NewRelay(parts.relay())
		defer relay.Close()
		if err := relay.Check(ctx); err != nil {
			return fmt.Errorf("the tokens are kept, but the relay does not take them: %w (is it the account %s that logged in, and is SMTP AUTH allowed for it?)", err, a.Username)
		}
		fmt.Fprintf(p.out, "Relay: the server takes the log-in as %s.\n", a.Username)
	}
	fmt.Fprintln(p.out, "The tokens are on record. A gateway that runs uses them at its next try.")
	return nil
}
