package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// asProgram makes the test binary be the program: scripts start it as a process of its own.
const asProgram = "ADUAN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	if config := os.Getenv(asVictim); config != "" {
		if err := runVictim(config); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	ticketstest.Main(m)
}

// installation is a settings file with its secrets in a folder of its own.
type installation struct {
	config string
}

const settingsText = `[team]
name = "Baliprov-CSIRT"
address = "aduan@csirt.example"
reply_address = "aduan+{token}@csirt.example"
prefix = "BALIPROV-CSIRT"
salutation = "Om Suastiastu"
valediction = "Om Santih, Santih, Santih Om"
constituency = ["baliprov.example"]

[database]
url = %q

[[mailbox]]
name = "report"
server = "imap://%s"
username = "aduan@csirt.example"
password_file = "imap.secret"

[smtp]
server = "smtp://%s"
rate = "6000/minute"

[security]
secret_file = "aduan.key"

[http]
listen = ""

[log]
level = "debug"
`

// install writes settings into a folder.
func install(folder, database, imapAddr, relay string) (installation, error) {
	in := installation{config: filepath.Join(folder, "aduan.toml")}
	for name, text := range map[string]string{"aduan.toml": fmt.Sprintf(settingsText, database, imapAddr, relay), "imap.secret": password + "\n", "aduan.key": newKey()} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return in, err
		}
	}
	return in, nil
}

// add writes a further section into the settings.
func (in installation) add(t *testing.T, section string) {
	t.Helper()
	text, err := os.ReadFile(in.config)
	if err == nil {
		err = os.WriteFile(in.config, append(text, section...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// call runs the program in this process and returns what it printed.
func (in installation) call(t *testing.T, wantCode int, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := run(context.Background(), append(args, "--config", in.config), strings.NewReader(""), &out, &errOut); code != wantCode {
		t.Fatalf("aduan %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, out.String(), errOut.String())
	}
	return out.String()
}

// serve runs the gateway until the test ends, which fails unless the gateway ends well.
func (in installation) serve(t *testing.T) {
	t.Helper()
	in.serveLogged(t)
}

// serveLogged is serve that gives what the gateway logs.
func (in installation) serveLogged(t *testing.T) *journal {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log, done := &journal{}, make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"serve", "--config", in.config}, strings.NewReader(""), log, log)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != exitDone {
			t.Errorf("serve: exit code %d", code)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return log
}

// show reads a ticket as programs do.
func (in installation) show(t *testing.T, number string) tickets.File {
	t.Helper()
	var f tickets.File
	if err := json.Unmarshal([]byte(in.call(t, exitDone, "ticket", "show", number, "--json")), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// journal is a buffer that several may write to.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}
