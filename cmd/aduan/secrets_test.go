package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecretsThatOthersCanReadAreRefused(t *testing.T) {
	for _, row := range []struct {
		about string
		file  string
		text  string // what takes the place of the mailbox's password_file
	}{
		{"the key", "aduan.key", `password_file = "imap.secret"`},
		{"a password file", "imap.secret", `password_file = "imap.secret"`},
		{"settings that hold a password", "aduan.toml", `password = "rahasia"`},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "aduan.toml")
		p := &program{config: path}
		if err := p.writeSettings(answers{name: "CSIRT", address: "aduan@csirt.example", imap: "imaps://mail.example:993", smtp: "smtp://mail.example:587", username: "aduan", prefix: "CSIRT", language: "id", timezone: "Asia/Makassar"}); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(whole), `password_file = "imap.secret"`, row.text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadSettings(path); err != nil {
			t.Fatalf("%s, readable by its owner alone: %v", row.about, err)
		}
		if err := os.Chmod(filepath.Join(folder, row.file), 0o640); err != nil {
			t.Fatal(err)
		}
		_, err = loadSettings(path)
		if err == nil || !strings.Contains(err.Error(), "chmod 600") || strings.Contains(err.Error(), "rahasia") {
			t.Errorf("%s, readable by the group: %v, want a refusal that says what to do and not the secret", row.about, err)
		}
	}
}

func TestAccessKeyOfABucketIsWholeOrLeftToTheMachine(t *testing.T) {
	for _, row := range []struct{ about, section, want string }{
		{"a key without its secret", "access_key = \"id\"\n", "go together"},
		{"a secret without its key", "secret_key_file = \"imap.secret\"\n", "go together"},
		{"both", "access_key = \"id\"\nsecret_key_file = \"imap.secret\"\n", ""},
		{"none", "", ""},
		{"a file that is not there", "access_key = \"id\"\nsecret_key_file = \"s3.secret\"\n", "s3.secret"},
	} {
		in, err := install(t.TempDir(), "sqlite:aduan.db", "127.0.0.1:1", "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		in.add(t, "\n[evidence]\nurl = \"s3://evidence?endpoint=https://s3.example\"\n"+row.section)
		_, err = loadSettings(in.config)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", row.about, err, row.want)
		}
	}
}
