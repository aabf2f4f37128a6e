package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"aduan/cmd/aduan/internal/oauth"
	"aduan/mailin"
	"aduan/mailout"
	"aduan/tickets"
)

// settings is aduan.toml. What is left out has the default that defaults gives, or none. Relative paths are relative to the
// folder of the file.
type settings struct {
	Team struct {
		Name         string   `toml:"name"`
		Address      string   `toml:"address"`       // the report address
		ReplyAddress string   `toml:"reply_address"` // with {token}; "" where the server knows no plus addresses
		Language     string   `toml:"language"`      // id or en
		Timezone     string   `toml:"timezone"`
		Prefix       string   `toml:"prefix"`     // of ticket numbers
		Salutation   string   `toml:"salutation"` // lines around every mail to reporters
		Valediction  string   `toml:"valediction"`
		Colour       string   `toml:"colour"`       // of the mails, #rrggbb
		Constituency []string `toml:"constituency"` // domains; others' tickets are marked as from outside
		ReopenDays   int      `toml:"reopen_days"`  // in which an answer reopens a closed ticket
		Templates    string   `toml:"templates"`    // a folder whose files replace built-in ones
	} `toml:"team"`
	Database struct {
		URL string `toml:"url"` // sqlite:FILE or postgres://…
	} `toml:"database"`
	Evidence struct {
		URL         string `toml:"url"`        // file:FOLDER or s3://BUCKET?endpoint=URL
		AccessKey   string `toml:"access_key"` // of the bucket; where it is empty, the environment, ~/.aws and the machine's role are asked
		SecretKey   string `toml:"secret_key"`
		SecretKeyIn string `toml:"secret_key_file"`
	} `toml:"evidence"`
	Mailboxes []mailboxSettings `toml:"mailbox"`
	SMTP      struct {
		Server      string          `toml:"server"` // smtp:// is plain unless starttls is set; smtps:// is TLS
		StartTLS    bool            `toml:"starttls"`
		Username    string          `toml:"username"`
		Password    string          `toml:"password"`
		PasswordIn  string          `toml:"password_file"`
		OAuth2      *oauth.Settings `toml:"oauth2"`
		Rate        string          `toml:"rate"` // "60/minute"
		Connections int             `toml:"connections"`
		GiveUpAfter duration        `toml:"give_up_after"`
		MailSize    size            `toml:"mail_size"` // attachments that go along with one mail

		addr    string
		mode    mailout.TLSMode
		account *oauth.Account // nil where the log-in is by password
	} `toml:"smtp"`
	Security struct {
		Commands      string   `toml:"commands"`     // proof or dkim
		AuthservIDs   []string `toml:"authserv_ids"` // hosts whose Authentication-Results are believed
		Secret        string   `toml:"secret"`
		SecretIn      string   `toml:"secret_file"` // the keys that sign reply addresses
		MaxMessage    size     `toml:"max_message"`
		AcksPerHour   int      `toml:"acks_per_hour"`
		AcksPerDay    int      `toml:"acks_per_day"`
		AcksPerDomain int      `toml:"acks_per_domain"`
	} `toml:"security"`
	Deadlines *deadlineSettings `toml:"deadlines"`
	National  struct {
		Sector []string `toml:"sector"`
		Copy   []string `toml:"copy"`
	} `toml:"national"`
	HTTP struct {
		Listen string `toml:"listen"` // /healthz /readyz /metrics; "" for none
	} `toml:"http"`
	Log struct {
		Format string `toml:"format"` // text or json
		Level  level  `toml:"level"`
	} `toml:"log"`

	path     string
	location *time.Location
	keys     tickets.Keys
	rate     mailout.Rate
}

// mailboxSettings is one [[mailbox]].
type mailboxSettings struct {
	Name        string          `toml:"name"`
	Server      string          `toml:"server"` // imap:// is plain unless starttls is set; imaps:// is TLS
	StartTLS    bool            `toml:"starttls"`
	Username    string          `toml:"username"`
	Password    string          `toml:"password"`
	PasswordIn  string          `toml:"password_file"`
	OAuth2      *oauth.Settings `toml:"oauth2"`
	Folder      string          `toml:"folder"`
	Processed   string          `toml:"processed"`
	Failed      string          `toml:"failed"`
	Acknowledge duration        `toml:"acknowledge_within"`

	addr    string
	mode    mailin.TLSMode
	account *oauth.Account // nil where the log-in is by password
}

// deadlineSettings is [deadlines]: lengths of working time, and when that is.
type deadlineSettings struct {
	Verify        duration `toml:"verify"`
	FirstResponse duration `toml:"first_response"`
	Update        duration `toml:"update"`
	Hours         string   `toml:"hours"`
	Holidays      []string `toml:"holidays"`
	Digest        string   `toml:"digest"`
}

func defaults() *settings {
	s := &settings{}
	s.Team.Name, s.Team.Language, s.Team.Timezone, s.Team.Prefix, s.Team.ReopenDays = "CSIRT", "id", "Asia/Makassar", "CSIRT", 14
	s.Database.URL, s.Evidence.URL = "sqlite:aduan.db", "file:evidence"
	s.SMTP.Rate, s.SMTP.Connections, s.SMTP.GiveUpAfter, s.SMTP.MailSize = "60/minute", 2, duration{72 * time.Hour}, size(mailout.DefaultMailSize)
	s.Security.Commands, s.Security.SecretIn, s.Security.MaxMessage = "proof", "aduan.key", 50_000_000
	s.Security.AcksPerHour, s.Security.AcksPerDay, s.Security.AcksPerDomain = 5, 20, 100
	s.HTTP.Listen, s.Log.Format = "127.0.0.1:9090", "text"
	return s
}

// loadSettings reads and checks the settings whole, so that nothing starts on wrong ones.
func loadSettings(path string) (*settings, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, wrongUse(fmt.Errorf("there are no settings at %s: `aduan init` writes them, or give --config FILE", path))
	}
	if err != nil {
		return nil, wrongUse(fmt.Errorf("read settings: %w", err))
	}
	s, err := parseSettings(path, string(text))
	if err != nil {
		return nil, wrongUse(fmt.Errorf("%s: %w", path, err))
	}
	return s, nil
}

func parseSettings(path, text string) (*settings, error) {
	s := defaults()
	s.path = path
	meta, err := toml.Decode(text, s)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("line %d: there is no setting %q: see the commented settings that `aduan init` writes", lineOf(text, unknown[0]), unknown[0])
	}
	for _, check := range []func() error{s.checkTeam, s.checkSecrets, s.checkMailboxes, s.checkRelay, s.checkAccounts, s.checkSecurity, s.checkRest} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

var tomlTable = regexp.MustCompile(`^\s*\[+\s*([^\]]+?)\s*\]+`)

// lineOf finds the line that sets a key; the library does not tell it.
func lineOf(text string, key toml.Key) int {
	table := ""
	for i, line := range strings.Split(text, "\n") {
		if m := tomlTable.FindStringSubmatch(line); m != nil {
			if table = m[1]; table == key.String() {
				return i + 1
			}
			continue
		}
		name, _, found := strings.Cut(line, "=")
		full := strings.TrimPrefix(table+"."+strings.Trim(strings.TrimSpace(name), `"`), ".")
		if found && (full == key.String() || strings.HasPrefix(key.String(), full+".")) {
			return i + 1
		}
	}
	return 0
}

func (s *settings) checkTeam() error {
	t := &s.Team
	if !tickets.ValidAddress(t.Address) {
		return fmt.Errorf("team.address %q is no mail address: give the one that reports are sent to, and one only", t.Address)
	}
	if t.ReplyAddress != "" {
		if strings.Count(t.ReplyAddress, "{token}") != 1 || !tickets.ValidAddress(strings.Replace(t.ReplyAddress, "{token}", strings.Repeat("a", 32), 1)) {
			return fmt.Errorf("team.reply_address %q: give an address that holds {token} once, with at most 32 other characters before the @, such as %q", t.ReplyAddress, strings.Replace(t.Address, "@", "+{token}@", 1))
		}
	}
	if t.Language != "id" && t.Language != "en" {
		return fmt.Errorf("team.language %q: give id or en", t.Language)
	}
	var err error
	if s.location, err = time.LoadLocation(t.Timezone); err != nil || t.Timezone == "" {
		return fmt.Errorf("team.timezone %q is not known: give a name such as Asia/Makassar", t.Timezone)
	}
	if !regexp.MustCompile(`^[A-Z][A-Z0-9-]{0,30}[A-Z0-9]$`).MatchString(t.Prefix) {
		return fmt.Errorf("team.prefix %q: give capitals, digits and hyphens, such as BALIPROV-CSIRT", t.Prefix)
	}
	if strings.ContainsAny(t.Name, "\r\n") || t.Name == "" {
		return fmt.Errorf("team.name %q: give the team's name on one line", t.Name)
	}
	t.Templates = s.resolve(t.Templates)
	return nil
}

// resolve makes a path relative to the settings file's folder.
func (s *settings) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(s.path), path)
}

func (s *settings) checkMailboxes() error {
	names := map[string]bool{}
	for i := range s.Mailboxes {
		m := &s.Mailboxes[i]
		if m.Name == "" || names[m.Name] {
			return fmt.Errorf("mailbox %d: give it a name of its own (name = …): the record knows it by that", i+1)
		}
		names[m.Name] = true
		var err error
		if m.addr, m.mode, err = mailin.ParseServer(m.Server, m.StartTLS); err != nil {
			return fmt.Errorf("mailbox %s: %w", m.Name, err)
		}
		if m.Username == "" {
			return fmt.Errorf("mailbox %s: username is missing", m.Name)
		}
		if m.Acknowledge.Duration == 0 {
			m.Acknowledge.Duration = 24 * time.Hour
		}
	}
	return nil
}

func (s *settings) checkRelay() error {
	if s.SMTP.Server == "" {
		return errors.New("smtp.server is missing: give smtp://HOST:587 or smtps://HOST:465")
	}
	var err error
	if s.SMTP.addr, s.SMTP.mode, err = mailout.ParseServer(s.SMTP.Server, s.SMTP.StartTLS); err != nil {
		return fmt.Errorf("smtp.server: %w", err)
	}
	if s.SMTP.Connections < 1 || s.SMTP.Connections > 100 {
		return fmt.Errorf("smtp.connections %d: give 1 to 100", s.SMTP.Connections)
	}
	if s.rate, err = mailout.ParseRate(s.SMTP.Rate); err != nil {
		return fmt.Errorf("smtp.rate: %w", err)
	}
	return nil
}

func (s *settings) checkSecurity() error {
	if c := s.Security.Commands; c != "proof" && c != "dkim" {
		return fmt.Errorf("security.commands %q: give proof or dkim", c)
	}
	text := s.Security.Secret
	if text == "" {
		return errors.New("security.secret_file is missing: `aduan init` makes the key")
	}
	var err error
	if s.keys, err = tickets.ParseKeys(text); err != nil {
		return fmt.Errorf("security.secret_file %s: %w", s.Security.SecretIn, err)
	}
	return nil
}

func (s *settings) checkRest() error {
	if s.Log.Format != "text" && s.Log.Format != "json" {
		return fmt.Errorf("log.format %q: give text or json", s.Log.Format)
	}
	if s.Deadlines != nil {
		for _, d := range s.Deadlines.Holidays {
			if _, err := time.Parse("2006-01-02", d); err != nil {
				return fmt.Errorf("deadlines.holidays %q: give dates such as 2026-12-25", d)
			}
		}
		if _, err := s.Deadlines.deadlines(); err != nil {
			return err
		}
	}
	for _, a := range append(slices.Clone(s.National.Sector), s.National.Copy...) {
		if !tickets.ValidAddress(tickets.Key(a)) {
			return fmt.Errorf("national: %q is no mail address", a)
		}
		if s.record().Mailbox.Own(a) {
			return fmt.Errorf("national: %q is the team's own address: give those of the response teams to report to", a)
		}
	}
	if file, ok := strings.CutPrefix(s.Database.URL, "sqlite:"); ok {
		s.Database.URL = "sqlite:" + s.resolve(file)
	}
	if folder, ok := strings.CutPrefix(s.Evidence.URL, "file:"); ok {
		s.Evidence.URL = "file:" + s.resolve(folder)
	}
	return nil
}

// record is what the rules need of the settings.
func (s *settings) record() tickets.Settings {
	r := tickets.Settings{TeamName: s.Team.Name, Mailbox: tickets.Mailbox{Address: tickets.Key(s.Team.Address), Pattern: s.Team.ReplyAddress}, Prefix: s.Team.Prefix,
		Language: tickets.Language(s.Team.Language), Location: s.location, Constituency: s.Team.Constituency, ReopenDays: s.Team.ReopenDays, Keys: s.keys,
		DKIMOnly: s.Security.Commands == "dkim", AcksPerHour: s.Security.AcksPerHour, AcksPerDay: s.Security.AcksPerDay, AcksDomain: s.Security.AcksPerDomain,
		GiveUpAfter: s.SMTP.GiveUpAfter.Duration, MailSize: int64(s.SMTP.MailSize)}
	r.National = tickets.National{Sector: folded(s.National.Sector), Copy: folded(s.National.Copy)}
	if s.Deadlines != nil {
		r.Holidays = s.Deadlines.Holidays
		r.Deadlines, _ = s.Deadlines.deadlines() // checked when the settings were read
	}
	return r
}

// folded are addresses as the record compares them.
func folded(addresses []string) []string {
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = tickets.Key(a)
	}
	return out
}

// deadlines are the settings as the rules take them.
func (d *deadlineSettings) deadlines() (tickets.Deadlines, error) {
	out := tickets.Deadlines{Verify: d.Verify.Duration, FirstResponse: d.FirstResponse.Duration, Update: d.Update.Duration}
	var err error
	if d.Hours != "" {
		if out.Hours, err = tickets.ParseHours(d.Hours); err != nil {
			return out, fmt.Errorf("deadlines.hours: %w", err)
		}
	}
	if d.Digest == "" {
		return out, nil
	}
	if out.Digest, err = tickets.ParseClock(d.Digest); err == nil && (out.Digest <= 0 || out.Digest >= 24*time.Hour) {
		err = errors.New("give a time from 00:01 to 23:59, or \"\" for none")
	}
	if err != nil {
		return out, fmt.Errorf("deadlines.digest: %w", err)
	}
	return out, nil
}

// duration is a time.Duration as Go writes it: "24h", "90m".
type duration struct{ time.Duration }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) (err error) {
	if d.Duration, err = time.ParseDuration(string(text)); err != nil || d.Duration <= 0 {
		return fmt.Errorf("%q is no length of time: give one such as 24h or 90m", text)
	}
	return nil
}

// size is a number of bytes: "10MB", "500KB", "64MiB".
type size int64

// UnmarshalText implements encoding.TextUnmarshaler.
func (z *size) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1}} {
		if n, ok := strings.CutSuffix(s, unit.name); ok {
			v, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			if err != nil || v <= 0 || v > 1<<40/unit.bytes {
				break
			}
			*z = size(v * unit.bytes)
			return nil
		}
	}
	return fmt.Errorf("%q is no size: give one such as 10MB", s)
}

// level is a level of the log.
type level struct{ slog.Level }

// UnmarshalText implements encoding.TextUnmarshaler.
func (l *level) UnmarshalText(text []byte) error {
	if err := l.Level.UnmarshalText(text); err != nil {
		return fmt.Errorf("%q is no level: give debug, info, warn or error", text)
	}
	return nil
}
