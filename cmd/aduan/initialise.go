package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"aduan/cmd/aduan/internal/doctor"
	"aduan/tickets"
)

// template is the commented settings that init writes; {{…}} are filled in.
//
//go:embed aduan.toml
var template string

// answers are what init writes into the settings.
type answers struct {
	name, address, imap, smtp, username, prefix, constituency string
	language, timezone                                        string
	provider, tenant, clientID, clientSecret                  string // of OAuth2; "" for passwords
	imapPassword, smtpPassword                                string // "" for later
	frontDesk, frontDeskName                                  string // "" for later
}

func (p *program) initialise() *cobra.Command {
	var a answers
	var rotate, yes, ask bool
	c := &cobra.Command{Use: "init", Short: "Write commented settings, make the key, create the database", Args: cobra.NoArgs,
		Long: "Asks on a terminal for what no flag gives; with --yes, or without a terminal, it takes flags and defaults alone. Nothing that is there is overwritten.",
		RunE: func(c *cobra.Command, _ []string) error {
			if rotate {
				return p.rotateKey()
			}
			if err := p.mayInitialise(); err != nil {
				return err
			}
			if ask || !yes && p.keyboard() {
				if err := p.ask(c.Context(), &a, c.Flags().Changed); err != nil {
					return err
				}
			}
			return p.begin(c.Context(), a.complete())
		}}
	f := c.Flags()
	f.StringVar(&a.name, "name", "Baliprov-CSIRT", "the team's `NAME`")
	f.StringVar(&a.address, "address", "aduan@csirt.example", "the report `ADDRESS`")
	f.StringVar(&a.imap, "imap", "", "the mailbox's `SERVER`; imaps://mail.DOMAIN:993 if left out")
	f.StringVar(&a.smtp, "smtp", "", "the relay's `SERVER`; smtp://mail.DOMAIN:587 if left out")
	f.StringVar(&a.username, "username", "", "the `USER` of both; the report address if left out")
	f.StringVar(&a.prefix, "prefix", "BALIPROV-CSIRT", "the `PREFIX` of ticket numbers")
	f.StringVar(&a.constituency, "constituency", "baliprov.example", "the constituency's `DOMAINS`, parted by commas")
	f.StringVar(&a.language, "language", "id", "the `LANGUAGE` of mails: id or en")
	f.StringVar(&a.timezone, "timezone", "Asia/Makassar", "the team's time `ZONE`")
	f.StringVar(&a.provider, "oauth2", "", "the `PROVIDER` where mailbox and relay want OAuth2: microsoft or google")
	f.StringVar(&a.tenant, "oauth2-tenant", "", "the `TENANT` at Microsoft")
	f.StringVar(&a.clientID, "oauth2-client", "", "the `ID` of the application that was registered there")
	f.StringVar(&a.frontDesk, "front-desk", "", "the `EMAIL` of the first Front Desk person")
	f.StringVar(&a.frontDeskName, "front-desk-name", "Front Desk", "their `NAME`")
	f.BoolVar(&yes, "yes", false, "ask nothing")
	f.BoolVar(&ask, "ask", false, "ask even where there is no terminal")
	f.BoolVar(&rotate, "rotate-key", false, "only put a new key before the old ones: it signs, all verify")
	return c
}

// mayInitialise says early that settings are there already: nobody should answer questions for nothing.
func (p *program) mayInitialise() error {
	if _, err := os.Lstat(p.config); err == nil {
		return wrongUse(fmt.Errorf("%s is there already: it is not overwritten; edit it, or give another --config FILE", p.config))
	}
	return nil
}

// complete fills in what follows from the address.
func (a answers) complete() answers {
	domain := tickets.Domain(a.address)
	for _, d := range []struct {
		to     *string
		preset string
	}{{&a.username, a.address}, {&a.imap, "imaps://mail." + domain + ":993"}, {&a.smtp, "smtp://mail." + domain + ":587"}, {&a.smtpPassword, a.imapPassword}} {
		if *d.to == "" {
			*d.to = d.preset
		}
	}
	return a
}

// begin writes the settings, creates the database, registers the first person, and says what comes next.
func (p *program) begin(ctx context.Context, a answers) error {
	if err := p.writeSettings(a); err != nil {
		return err
	}
	parts, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer parts.close()
	fmt.Fprintf(p.out, "%s, the key and the database are there.\n", p.config)
	if a.frontDesk != "" {
		if err := parts.store.AddStaff(ctx, tickets.Staff{Address: a.frontDesk, Name: a.frontDeskName, Roles: []tickets.Role{tickets.FrontDesk}}, time.Now()); err != nil {
			return fmt.Errorf("register %s: %w", a.frontDesk, err)
		}
		fmt.Fprintf(p.out, "%s is registered: front-desk\n", a.frontDesk)
	}
	p.lookOver(ctx, parts, a)
	return nil
}

// lookOver lets the doctor see what can be seen yet, and tells the next two commands.
func (p *program) lookOver(ctx context.Context, parts *parts, a answers) {
	e := p.examination(ctx, parts.settings)
	defer e.close()
	checks := []func(context.Context) []doctor.Finding{e.checkDatabase, e.checkEvidence, e.checkStaff}
	if a.imapPassword != "" {
		checks = append(checks, func(ctx context.Context) []doctor.Finding { return e.checkMailbox(ctx, 0) }, e.checkRelay, e.checkDomain)
	}
	found := slices.DeleteFunc(carryOut(ctx, checks), func(f doctor.Finding) bool { return f.State == doctor.OK })
	doctor.Write(p.out, found)
	flag := ""
	if p.config != "aduan.toml" {
		flag = " --config " + p.config
	}
	switch {
	case a.provider != "":
		fmt.Fprintf(p.out, "Read the settings through once. Next:\n  aduan oauth login report%[1]s\n  aduan doctor --send-test%[1]s\n", flag)
	case a.imapPassword == "":
		fmt.Fprintf(p.out, "Read the settings through once, and write the passwords into imap.secret and smtp.secret beside them (mode 600). Next:\n  aduan doctor --send-test%[1]s\n  aduan serve%[1]s\n", flag)
	default:
		fmt.Fprintf(p.out, "Read the settings through once. Next:\n  aduan doctor --send-test%[1]s\n  aduan serve%[1]s\n", flag)
	}
}

// fill puts the answers into the template, as TOML writes strings.
func (a answers) fill() string {
	var domains []string
	for _, d := range strings.Split(a.constituency, ",") {
		if d = strings.TrimSpace(d); d != "" {
			domains = append(domains, `"`+tomlText(d)+`"`)
		}
	}
	imapLogin, smtpLogin := `password_file = "imap.secret"`, `password_file = "smtp.secret"`
	if a.provider != "" {
		imapLogin = fmt.Sprintf(`oauth2 = { provider = "%s", client_id = "%s" }`, tomlText(a.provider), tomlText(a.clientID))
		if a.tenant != "" {
			imapLogin = strings.Replace(imapLogin, ", client_id", `, tenant = "`+tomlText(a.tenant)+`", client_id`, 1)
		}
		if a.provider == "google" { // whose clients all have one
			imapLogin = strings.Replace(imapLogin, " }", `, client_secret_file = "oauth2.secret" }`, 1)
		}
		smtpLogin = imapLogin
	}
	return strings.NewReplacer("{{name}}", tomlText(a.name), "{{address}}", tomlText(a.address), "{{reply_address}}", tomlText(strings.Replace(a.address, "@", "+{token}@", 1)),
		"{{imap}}", tomlText(a.imap), "{{imap_starttls}}", upgrades(a.imap, "imap"), "{{imap_login}}", imapLogin, "{{smtp}}", tomlText(a.smtp), "{{smtp_starttls}}", upgrades(a.smtp, "smtp"),
		"{{smtp_login}}", smtpLogin, "{{username}}", tomlText(a.username), "{{prefix}}", tomlText(a.prefix), "{{constituency}}", strings.Join(domains, ", "),
		"{{language}}", tomlText(a.language), "{{timezone}}", tomlText(a.timezone)).Replace(template)
}

// tomlText is a text between the quotes of TOML's basic strings.
func tomlText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s)
}

// upgrades says whether a server's connection begins plain and has to become TLS: everywhere but on this machine.
func upgrades(server, scheme string) string {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != scheme {
		return "false"
	}
	ip := net.ParseIP(u.Hostname())
	return strconv.FormatBool(u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()))
}

// writeSettings never overwrites: what is there may be in use. The settings are tried before they are written.
func (p *program) writeSettings(a answers) error {
	if !tickets.ValidAddress(a.address) {
		return wrongUse(fmt.Errorf("--address %q is no mail address", a.address))
	}
	text, folder := a.fill(), filepath.Dir(p.config)
	if err := tryAnswers(text); err != nil {
		return wrongUse(err)
	}
	secret := func(password string) string {
		if password == "" {
			password = "change-me"
		}
		return password + "\n"
	}
	type file struct{ path, text string }
	files := []file{{p.config, text}, {filepath.Join(folder, "aduan.key"), newKey()}}
	switch a.provider {
	case "":
		files = append(files, file{filepath.Join(folder, "imap.secret"), secret(a.imapPassword)}, file{filepath.Join(folder, "smtp.secret"), secret(a.smtpPassword)})
	case "google":
		files = append(files, file{filepath.Join(folder, "oauth2.secret"), secret(a.clientSecret)})
	}
	for _, file := range files {
		if err := writeNew(file.path, file.text); err != nil {
			return err
		}
	}
	return nil
}

// tryAnswers reads settings without their secrets: an answer that cannot be used should not be written.
func tryAnswers(text string) error {
	s := defaults()
	if _, err := toml.Decode(text, s); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	for _, check := range []func() error{s.checkTeam, s.checkMailboxes, s.checkRelay, s.checkAccounts} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// writeNew writes a file that only its owner may read; one that is there is kept.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if filepath.Ext(path) == ".toml" {
			return wrongUse(fmt.Errorf("%s is there already: it is not overwritten; edit it, or give another --config FILE", path))
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func newKey() string {
	key := make([]byte, 32)
	rand.Read(key)
	return hex.EncodeToString(key) + "\n"
}

// rotateKey puts a new key before the old ones, in a file that is whole at every moment.
func (p *program) rotateKey() error {
	s, err := loadSettings(p.config)
	if err != nil {
		return err
	}
	if s.Security.SecretIn == "" {
		return wrongUse(errors.New("the key stands in the settings or the environment: put a new line of 64 hex digits before the others there"))
	}
	path := s.resolve(s.Security.SecretIn)
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	next := path + ".new"
	os.Remove(next)
	if err := writeNew(next, newKey()+string(old)); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("replace the key: %w", err)
	}
	fmt.Fprintf(p.out, "%s has a new key; restart `aduan serve` so that it signs with it\n", path)
	return nil
}
