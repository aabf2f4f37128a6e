package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/term"

	"aduan/cmd/aduan/internal/doctor"
	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// keyboard says whether somebody types the input.
func (p *program) keyboard() bool {
	f, is := p.in.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// asker asks one question after the other.
type asker struct {
	p     *program
	ctx   context.Context
	lines *bufio.Reader
	given func(flag string) bool // flags that were given are not asked for
	err   error                  // the first fault; nothing is asked after it
}

// ask asks for what no flag gives. Servers are guessed from the DNS of the report address.
func (p *program) ask(ctx context.Context, a *answers, given func(string) bool) error {
	q := &asker{p: p, ctx: ctx, lines: bufio.NewReader(p.in), given: given}
	fmt.Fprintln(p.out, "Enter takes what stands in brackets. All of it can be changed in the settings later.")
	q.text("name", "The team's name", &a.name, "CSIRT", notEmpty)
	q.text("address", "The address that reports are sent to", &a.address, "", isAddress)
	domain := tickets.Domain(a.address)
	q.text("prefix", "The prefix of ticket numbers", &a.prefix, prefixOf(a.name), nil)
	q.text("constituency", "The domains of those who report, parted by commas", &a.constituency, strings.TrimPrefix(domain, "csirt."), nil)
	q.text("language", "The language of mails, id or en", &a.language, "id", oneOf("id", "en"))
	q.text("timezone", "The time zone", &a.timezone, "Asia/Makassar", func(z string) error { _, err := time.LoadLocation(z); return err })
	guess := p.guessServers(ctx, domain)
	q.text("imap", "The mailbox's server", &a.imap, guess.imap, func(s string) error { _, _, err := mailin.ParseServer(s, false); return err })
	q.text("smtp", "The relay's server", &a.smtp, guess.smtp, func(s string) error { _, _, err := mailout.ParseServer(s, false); return err })
	q.text("username", "The user name of both", &a.username, a.address, notEmpty)
	q.text("oauth2", "Log in by password, or by OAuth2 at microsoft or google", &a.provider, guess.login, oneOf("password", "microsoft", "google"))
	if a.provider == "microsoft" {
		q.text("oauth2-tenant", "The tenant (the directory's id, or a domain of it)", &a.tenant, domain, notEmpty)
	}
	if a.provider != "" && a.provider != "password" {
		q.text("oauth2-client", "The client id of the application that is registered there", &a.clientID, "", notEmpty)
		if a.provider == "google" {
			q.secret("The client secret that came with it (Enter: later)", &a.clientSecret)
		}
	} else {
		a.provider = ""
		q.secret("The mailbox's password (Enter: later)", &a.imapPassword)
		if a.imapPassword != "" {
			q.secret("The relay's password (Enter: the same)", &a.smtpPassword)
		}
	}
	q.text("front-desk", "The address of the first Front Desk person (Enter: later)", &a.frontDesk, "", func(s string) error {
		if s == "" {
			return nil
		}
		return isAddress(s)
	})
	if a.frontDesk != "" {
		q.text("front-desk-name", "Their name", &a.frontDeskName, "Front Desk", notEmpty)
	}
	return q.err
}

// text asks until the answer will do.
func (q *asker) text(flag, question string, to *string, preset string, check func(string) error) {
	if q.err != nil || q.given(flag) {
		return
	}
	for {
		if preset == "" {
			fmt.Fprintf(q.p.out, "%s: ", question)
		} else {
			fmt.Fprintf(q.p.out, "%s [%s]: ", question, preset)
		}
		line, err := interruptible(q.ctx, func() (string, error) { return q.lines.ReadString('\n') })
		answer := strings.TrimSpace(line)
		if err != nil && (answer == "" || !errors.Is(err, io.EOF)) {
			q.err = wrongUse(errors.New("the questions were not all answered; nothing was written"))
			return
		}
		if answer == "" {
			answer = preset
		}
		if check != nil {
			if err := check(answer); err != nil {
				fmt.Fprintf(q.p.out, "  %v\n", err)
				continue
			}
		}
		*to = answer
		return
	}
}

// secret asks for a password, which a terminal does not show.
func (q *asker) secret(question string, to *string) {
	if q.err != nil {
		return
	}
	if !q.p.keyboard() {
		q.text("", question, to, "", nil)
		return
	}
	fmt.Fprintf(q.p.out, "%s: ", question)
	fd := int(q.p.in.(*os.File).Fd())
	if before, err := term.GetState(fd); err == nil {
		defer term.Restore(fd, before) // also where Ctrl-C comes in the middle of it
	}
	typed, err := interruptible(q.ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	fmt.Fprintln(q.p.out)
	if err != nil {
		q.err = fmt.Errorf("read the password: %w", err)
	}
	*to = string(typed)
}

// interruptible ends with ctx, while a terminal that is being read cannot be left.
func interruptible[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

func notEmpty(s string) error {
	if s == "" {
		return errors.New("an answer is needed")
	}
	return nil
}

func isAddress(s string) error {
	if !tickets.ValidAddress(s) {
		return fmt.Errorf("%q is no mail address", s)
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		for _, w := range words {
			if s == w {
				return nil
			}
		}
		return fmt.Errorf("give %s", strings.Join(words, " or "))
	}
}

// prefixOf makes a prefix of ticket numbers out of a name.
func prefixOf(name string) string {
	p := strings.Trim(regexp.MustCompile(`[^A-Z0-9]+`).ReplaceAllString(strings.ToUpper(name), "-"), "-")
	if len(p) < 2 || len(p) > 32 || p[0] < 'A' {
		return "CSIRT"
	}
	return p
}

// servers are a guess at where a domain's mail is.
type servers struct{ imap, smtp, login string }

// serviceResolver asks for the servers that a domain names for mail programs (RFC 6186, 8314); a *net.Resolver is one.
type serviceResolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// guessServers asks the DNS: known providers by the MX, then what the domain says of itself, then the usual name.
func (p *program) guessServers(ctx context.Context, domain string) servers {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var dns doctor.Resolver = net.DefaultResolver
	if p.dns != nil {
		dns = p.dns
	}
	mx, _ := dns.LookupMX(ctx, domain) // a guess may fail
	for _, m := range mx {
		switch host := strings.ToLower(strings.TrimSuffix(m.Host, ".")); {
		case strings.HasSuffix(host, ".mail.protection.outlook.com"):
			return servers{"imaps://outlook.office365.com:993", "smtp://smtp.office365.com:587", "microsoft"}
		case strings.HasSuffix(host, ".google.com"), strings.HasSuffix(host, ".googlemail.com"):
			return servers{"imaps://imap.gmail.com:993", "smtps://smtp.gmail.com:465", "google"}
		}
	}
	guess := servers{"imaps://mail." + domain + ":993", "smtp://mail." + domain + ":587", "password"}
	asks, can := dns.(serviceResolver)
	if !can {
		return guess
	}
	for _, service := range []struct {
		name, scheme string
		to           *string
	}{{"imaps", "imaps", &guess.imap}, {"submission", "smtp", &guess.smtp}, {"submissions", "smtps", &guess.smtp}} {
		_, found, err := asks.LookupSRV(ctx, service.name, "tcp", domain)
		if err == nil && len(found) > 0 && found[0].Target != "." {
			*service.to = fmt.Sprintf("%s://%s:%d", service.scheme, strings.TrimSuffix(found[0].Target, "."), found[0].Port)
		}
	}
	return guess
}
