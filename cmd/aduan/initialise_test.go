package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		"a server without a scheme":              {"imaps://mail.example:993", "mail.example", "imaps://HOST:993"},
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
