package main

import (
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aduan/tickets"
)

// template is the commented settings that init writes; {{…}} are filled in.
//
//go:embed aduan.toml
var template string

// answers are what init writes into the settings.
type answers struct{ name, address, imap, smtp, username, prefix, constituency string }

func (p *program) initialise() *cobra.Command {
	var a answers
	var rotate bool
	c := &cobra.Command{Use: "init", Short: "Write commented settings, make the key, create the database", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		if rotate {
			return p.rotateKey()
		}
		if err := p.writeSettings(a); err != nil {
			return err
		}
		parts, err := p.open(c.Context())
		if err != nil {
			return err
		}
		defer parts.close()
		fmt.Fprintf(p.out, "%s, the key and the database are there. Next: check the settings, write the passwords into their files (chmod 600),\nregister staff with `aduan staff add`, then run `aduan serve`.\n", p.config)
		return nil
	}}
	f := c.Flags()
	f.StringVar(&a.name, "name", "Baliprov-CSIRT", "the team's `NAME`")
	f.StringVar(&a.address, "address", "aduan@csirt.example", "the report `ADDRESS`")
	f.StringVar(&a.imap, "imap", "imaps://mail.example:993", "the mailbox's `SERVER`")
	f.StringVar(&a.smtp, "smtp", "smtp://mail.example:587", "the relay's `SERVER`")
	f.StringVar(&a.username, "username", "", "the `USER` of both; the report address if left out")
	f.StringVar(&a.prefix, "prefix", "BALIPROV-CSIRT", "the `PREFIX` of ticket numbers")
	f.StringVar(&a.constituency, "constituency", "baliprov.example", "the constituency's `DOMAINS`, parted by commas")
	f.BoolVar(&rotate, "rotate-key", false, "only put a new key before the old ones: it signs, all verify")
	return c
}

// writeSettings never overwrites: what is there may be in use.
func (p *program) writeSettings(a answers) error {
	if !tickets.ValidAddress(a.address) {
		return wrongUse(fmt.Errorf("--address %q is no mail address", a.address))
	}
	if a.username == "" {
		a.username = a.address
	}
	var domains []string
	for _, d := range strings.Split(a.constituency, ",") {
		if d = strings.TrimSpace(d); d != "" {
			domains = append(domains, fmt.Sprintf("%q", d))
		}
	}
	text := strings.NewReplacer("{{name}}", a.name, "{{address}}", a.address, "{{reply_address}}", strings.Replace(a.address, "@", "+{token}@", 1), "{{imap}}", a.imap,
		"{{smtp}}", a.smtp, "{{username}}", a.username, "{{prefix}}", a.prefix, "{{constituency}}", strings.Join(domains, ", ")).Replace(template)
	folder := filepath.Dir(p.config)
	for _, file := range []struct{ path, text string }{
		{p.config, text},
		{filepath.Join(folder, "aduan.key"), newKey()},
		{filepath.Join(folder, "imap.secret"), "change-me\n"},
		{filepath.Join(folder, "smtp.secret"), "change-me\n"},
	} {
		if err := writeNew(file.path, file.text); err != nil {
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
