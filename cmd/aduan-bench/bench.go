package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"aduan/mailin/dovecottest"
	"aduan/tickets/ticketstest"
)

// bench is what all sections work with.
type bench struct {
	options
	out, errOut io.Writer
	json        *json.Encoder // nil prints tables
	section     string
	rows        []row

	temp     string
	mails    *maker
	dovecot  *dovecottest.Server
	postgres *ticketstest.Cluster // nil where it is not installed, or not asked for
	filled   int                  // mails of 137 KB that lie in the first mailbox, in one folder or another
	runs     int                  // workspaces so far
	tidied   int                  // of which are removed
}

const mailPassword = "rahasia"

// open builds the gateway and starts the servers.
func (b *bench) open(ctx context.Context) (err error) {
	if b.folder != "" { // the servers' files go there too
		if b.folder, err = filepath.Abs(b.folder); err != nil {
			return err
		}
		os.Setenv("TMPDIR", b.folder)
	}
	if b.temp, err = os.MkdirTemp("", "aduan-bench"); err != nil {
		return err
	}
	if b.mails, err = newMaker(); err != nil {
		return err
	}
	if b.program == "" {
		b.program = filepath.Join(b.temp, "aduan")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.program, "aduan/cmd/aduan").CombinedOutput(); err != nil {
			return fmt.Errorf("build the gateway: %w: %s", err, out)
		}
	}
	users := map[string]string{reportAddress: mailPassword}
	for i := range b.boxes {
		users[boxUser(i)] = mailPassword
	}
	if b.dovecot, err = dovecottest.Run(dovecottest.Config{Users: users}); err != nil {
		return err
	}
	if !slices.Contains(b.chosenDatabases(), "postgres") {
		return nil
	}
	if b.postgres, err = ticketstest.StartPostgreSQL(); err != nil {
		fmt.Fprintf(b.errOut, "without PostgreSQL: %v\n", err)
	}
	return nil
}

func (b *bench) close() {
	if b.dovecot != nil {
		b.dovecot.Close()
	}
	if b.postgres != nil {
		b.postgres.Stop()
	}
	os.RemoveAll(b.temp)
}

func (b *bench) chosenDatabases() []string {
	return strings.FieldsFunc(b.databases, func(r rune) bool { return r == ',' || r == ' ' })
}

// installed are the databases that were asked for and are there.
func (b *bench) installed() []string {
	return slices.DeleteFunc(b.chosenDatabases(), func(name string) bool { return name == "postgres" && b.postgres == nil })
}

// workspace is a folder of its own with an empty database.
func (b *bench) workspace(database string) (folder, url string, err error) {
	b.runs++
	folder = filepath.Join(b.temp, fmt.Sprintf("run%d", b.runs))
	if err := os.Mkdir(folder, 0o700); err != nil {
		return "", "", err
	}
	switch database {
	case "sqlite":
		return folder, "sqlite:" + filepath.Join(folder, "aduan.db"), nil
	case "postgres":
		url, err = b.postgres.Schema()
		return folder, url, err
	}
	return "", "", fmt.Errorf("--databases %q: give sqlite or postgres", database)
}

// boxUser is the user of the i-th of many mailboxes.
func boxUser(i int) string { return fmt.Sprintf("kotak%d@csirt.example", i) }

// processedFolder is where Dovecot's Maildir++ keeps the folder Aduan/Processed.
func (b *bench) processedFolder(user string) string {
	return filepath.Join(b.dovecot.Maildir(user), ".Aduan.Processed")
}

// refill brings the first mailbox to n mails that nobody has seen yet: those that were filed away go back. Nothing is
// written anew, so that each run finds the same files.
func (b *bench) refill(n int) error {
	inbox := b.dovecot.Maildir(reportAddress)
	for _, from := range []string{filepath.Join(b.processedFolder(reportAddress), "cur"), filepath.Join(b.processedFolder(reportAddress), "new"), filepath.Join(inbox, "cur")} {
		names, err := os.ReadDir(from)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, f := range names {
			plain, _, _ := strings.Cut(f.Name(), ":") // flags
			if err := os.Rename(filepath.Join(from, f.Name()), filepath.Join(inbox, "new", plain)); err != nil {
				return err
			}
		}
	}
	for ; b.filled < n; b.filled++ {
		if err := b.dovecot.Put(reportAddress, b.mails.report(), time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// clear empties a mailbox.
func (b *bench) clear(user string) error {
	if user == reportAddress {
		b.filled = 0
	}
	for _, folder := range []string{b.dovecot.Maildir(user), b.processedFolder(user)} {
		for _, sub := range []string{"new", "cur"} {
			files, _ := filepath.Glob(filepath.Join(folder, sub, "*"))
			for _, f := range files {
				if err := os.Remove(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// awaitFiled waits until nothing lies in a user's inbox.
func (b *bench) awaitFiled(ctx context.Context, user string) error {
	for {
		left := 0
		for _, sub := range []string{"new", "cur"} {
			d, err := os.Open(filepath.Join(b.dovecot.Maildir(user), sub))
			if err != nil {
				return err
			}
			names, _ := d.Readdirnames(1)
			d.Close()
			left += len(names)
		}
		if left == 0 {
			return nil
		}
		if err := sleep(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
