package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aduan/mailin/dovecottest"
)

// call runs the program in a folder's settings and returns its exit code and what it said.
func call(t *testing.T, folder string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), append(args, "--config", filepath.Join(folder, "aduan.toml")), strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

func TestInitMakesSettingsThatLoad(t *testing.T) {
	folder := t.TempDir()
	if code, _, words := call(t, folder, "init", "--address", "lapor@csirt.example"); code != exitDone {
		t.Fatalf("exit %d: %s", code, words)
	}
	s, err := loadSettings(filepath.Join(folder, "aduan.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Team.ReplyAddress != "lapor+{token}@csirt.example" || len(s.Mailboxes) != 1 {
		t.Errorf("reply address %q, %d mailboxes", s.Team.ReplyAddress, len(s.Mailboxes))
	}
	if code, _, words := call(t, folder, "init"); code != exitWrongUse || !strings.Contains(words, "not overwritten") {
		t.Errorf("a second init: exit %d: %s", code, words)
	}
}

func TestRotatedKeySignsAndTheOldOneStillVerifies(t *testing.T) {
	folder := t.TempDir()
	call(t, folder, "init")
	before, err := os.ReadFile(filepath.Join(folder, "aduan.key"))
	if err != nil {
		t.Fatal(err)
	}
	if code, _, words := call(t, folder, "init", "--rotate-key"); code != exitDone {
		t.Fatalf("exit %d: %s", code, words)
	}
	after, _ := os.ReadFile(filepath.Join(folder, "aduan.key"))
	if !strings.HasSuffix(string(after), string(before)) || len(after) != 2*len(before) {
		t.Errorf("the new key does not stand before the old one: %q", after)
	}
	if info, _ := os.Stat(filepath.Join(folder, "aduan.key")); info.Mode().Perm() != 0o600 {
		t.Errorf("the key may be read by others: %s", info.Mode())
	}
	s, err := loadSettings(filepath.Join(folder, "aduan.toml"))
	if err != nil || len(s.keys) != 2 {
		t.Errorf("%d keys, %v", len(s.keys), err)
	}
}

func TestSettingsOfOthersAreRefused(t *testing.T) {
	for about, change := range map[string]struct{ old, new, words string }{
		"an unknown setting names its line":      {"reopen_days", "reopen_dayz", "there is no setting \"team.reopen_dayz\""},
		"an unknown section names its line":      {"[national]", "[nasional]", "there is no setting \"nasional"},
		"a wrong time zone":                      {"Asia/Makassar", "Asia/Denpasar", "Asia/Denpasar"},
		"a reply address without a token":        {"+{token}@", "@", "{token} once"},
		"a server without a scheme":              {"imaps://mail.csirt.example:993", "mail.example", "imaps://HOST:993"},
		"a size that is none":                    {`mail_size = "10MB"`, `mail_size = "big"`, "is no size"},
		"commands that are neither":              {`commands = "proof"`, `commands = "spf"`, "proof or dkim"},
		"a missing secret file":                  {`"aduan.key"`, `"other.key"`, "there is no file"},
		"a password from a missing variable":     {`password_file = "imap.secret"`, `password = "env:ADUAN_NOT_THERE"`, "ADUAN_NOT_THERE"},
		"a date that is none among the holidays": {"holidays = []", `holidays = ["besok"]`, "2026-12-25"},
		"an evidence store that is not known":    {"file:evidence", "ftp:evidence", "file:FOLDER"},
	} {
		t.Run(about, func(t *testing.T) {
			folder := t.TempDir()
			call(t, folder, "init")
			path := filepath.Join(folder, "aduan.toml")
			text, _ := os.ReadFile(path)
			changed := strings.Replace(string(text), change.old, change.new, 1)
			if changed == string(text) {
				t.Fatal("the settings hold nothing to change")
			}
			os.WriteFile(path, []byte(changed), 0o600)
			code, _, words := call(t, folder, "ticket", "list")
			if code != exitWrongUse || !strings.Contains(words, change.words) || strings.Contains(words, "goroutine") {
				t.Errorf("exit %d: %s", code, words)
			}
		})
	}
}

// mailDNS says of a domain where its mail is.
type mailDNS struct {
	quietDNS
	mx  string
	srv map[string]string // service → host
}

func (d mailDNS) LookupMX(context.Context, string) ([]*net.MX, error) {
	return []*net.MX{{Host: d.mx}}, nil
}

func (d mailDNS) LookupSRV(_ context.Context, service, _, name string) (string, []*net.SRV, error) {
	if host := d.srv[service]; host != "" {
		return "", []*net.SRV{{Target: host + ".", Port: 1234}}, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func TestInitAsksAndGuessesAndTriesWhatItWasTold(t *testing.T) {
	for _, row := range []struct {
		about string
		dns   mailDNS
		said  []string // line by line
		want  []string // in the settings
		files []string
	}{
		{"everything by itself", mailDNS{mx: "mx.csirt.example."}, []string{"Tim \"Siaga\"", "bukan alamat", "lapor@csirt.example", "", "", "", "", "", "", "", "", "", ""},
			[]string{`name = "Tim \"Siaga\""`, `prefix = "TIM-SIAGA"`, `constituency = ["example"]`, `server = "imaps://mail.csirt.example:993"`, `server = "smtp://mail.csirt.example:587"`, `username = "lapor@csirt.example"`, `password_file = "imap.secret"`},
			[]string{"imap.secret", "smtp.secret", "aduan.key"}},
		{"servers that the domain names", mailDNS{mx: "mx.host.example.", srv: map[string]string{"imaps": "imap.host.example", "submissions": "out.host.example"}},
			[]string{"CSIRT", "lapor@csirt.example", "", "dinas.example, kota.example", "fr", "en", "Asia/Jakarta", "", "", "", "", "", ""},
			[]string{`server = "imaps://imap.host.example:1234"`, `server = "smtps://out.host.example:1234"`, "starttls = false", `language = "en"`, `timezone = "Asia/Jakarta"`, `constituency = ["dinas.example", "kota.example"]`}, nil},
		{"Microsoft", mailDNS{mx: "csirt-example.mail.protection.outlook.com."}, []string{"CSIRT", "lapor@csirt.example", "", "", "", "", "", "", "", "", "", "client-1", "desk@csirt.example", "Meja"},
			[]string{`server = "imaps://outlook.office365.com:993"`, `oauth2 = { provider = "microsoft", tenant = "csirt.example", client_id = "client-1" }`}, []string{"aduan.key"}},
		{"Google", mailDNS{mx: "aspmx.l.google.com."}, []string{"CSIRT", "lapor@csirt.example", "", "", "", "", "", "", "", "", "client-1", "rahasia", ""},
			[]string{`server = "smtps://smtp.gmail.com:465"`, `oauth2 = { provider = "google", client_id = "client-1", client_secret_file = "oauth2.secret" }`}, []string{"oauth2.secret"}},
	} {
		t.Run(row.about, func(t *testing.T) {
			folder := t.TempDir()
			var out, errOut bytes.Buffer
			p := &program{in: strings.NewReader(strings.Join(row.said, "\n") + "\n"), out: &out, err: &errOut, dns: row.dns}
			root := p.root()
			root.SetArgs([]string{"init", "--ask", "--config", filepath.Join(folder, "aduan.toml")})
			if err := root.ExecuteContext(t.Context()); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			text := read(t, filepath.Join(folder, "aduan.toml"))
			for _, w := range row.want {
				if !strings.Contains(text, w) {
					t.Errorf("the settings lack %s:\n%s", w, text[:1500])
				}
			}
			for _, f := range row.files {
				if info, err := os.Stat(filepath.Join(folder, f)); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v", f, err)
				}
			}
			if _, err := loadSettings(filepath.Join(folder, "aduan.toml")); err != nil {
				t.Errorf("the settings do not load: %v", err)
			}
			if !strings.Contains(out.String(), "aduan doctor --send-test") || strings.Contains(out.String()+errOut.String(), "rahasia") {
				t.Errorf("it says\n%s", out.String())
			}
		})
	}
}

func TestInitThatIsNotAnsweredWritesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "aduan.toml")
	var out bytes.Buffer
	for _, args := range [][]string{{"--ask"}, {"--address", "bukan alamat"}, {"--timezone", "Asia/Denpasar"}, {"--imap", "pop3://mail.example"}, {"--oauth2", "microsoft"}} {
		if code := run(t.Context(), append([]string{"init", "--config", path}, args...), strings.NewReader("CSIRT\n"), &out, &out); code != exitWrongUse {
			t.Errorf("%q: exit code %d\n%s", args, code, out.String())
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("%d files were written, %v", len(entries), err)
	}
}

func TestInitWithPasswordsLetsTheDoctorTryThem(t *testing.T) {
	dovecot := dovecottest.Start(t, dovecottest.Config{Users: map[string]string{aduan: password}})
	var out bytes.Buffer
	p := &program{in: strings.NewReader(strings.Join([]string{"", "salah", "", "desk@csirt.example", ""}, "\n") + "\n"), out: &out, err: &out, dns: quietDNS{}}
	root := p.root()
	root.SetArgs([]string{"init", "--ask", "--config", filepath.Join(t.TempDir(), "aduan.toml"), "--name", "CSIRT", "--address", aduan, "--prefix", "CSIRT", "--constituency", "dinas.example", "--language", "id",
		"--timezone", "Asia/Makassar", "--imap", "imap://" + dovecot.Addr, "--smtp", "smtp://127.0.0.1:1", "--username", aduan})
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"FAULT    mailbox report   the server refuses the log-in as " + aduan, "nobody listens at 127.0.0.1 port 1", "desk@csirt.example is registered: front-desk", "aduan doctor --send-test", "aduan serve"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}
