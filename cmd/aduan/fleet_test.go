package main

import (
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aduan/mailin/dovecottest"
	"aduan/mailin/imaptest"
	"aduan/mailout/smtptest"
	"aduan/tickets/ticketstest"
)

// fleet is several gateways on one PostgreSQL, one evidence store, some mailboxes and one relay.
type fleet struct {
	*testing.T
	folder    string
	database  string
	rate      string
	mailboxes []string
	server    mailServer
	relay     *smtptest.Server
	db        *sql.DB
	in        installation // the settings of the first gateway
}

// mailServer is the mail server that holds the mailboxes.
type mailServer struct {
	addr   string
	put    func(user string, raw []byte) error
	folder func(user, name string) [][]byte
}

// dovecotWith is a real mail server with these users.
func dovecotWith(t *testing.T, users map[string]string) mailServer {
	t.Helper()
	s := dovecottest.Start(t, dovecottest.Config{Users: users})
	return mailServer{s.Addr, func(user string, raw []byte) error { return s.Put(user, raw, time.Now()) },
		func(user, name string) [][]byte { return s.Folder(t, user, name) }}
}

// memoryWith is one in memory, which moves mails as the standard says and faster.
func memoryWith(t *testing.T, users map[string]string) mailServer {
	t.Helper()
	s, err := imaptest.Start("127.0.0.1:0", imaptest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for name, password := range users {
		s.AddUser(name, password)
	}
	return mailServer{s.Addr(), func(user string, raw []byte) error { return s.Deliver(user, "INBOX", raw, time.Time{}) },
		func(user, name string) [][]byte {
			mails, err := s.Messages(user, name)
			if err != nil {
				t.Error(err)
			}
			return mails
		}}
}

// process is one gateway as a process of its own.
type process struct {
	*testing.T
	cmd  *exec.Cmd
	http string // where it tells of itself
	log  *journal
	gone chan struct{} // closed when it has ended
}

func newFleet(t *testing.T, mailboxes int, database string) *fleet {
	t.Helper()
	return newFleetAt(t, mailboxes, database, dovecotWith)
}

func newFleetAt(t *testing.T, mailboxes int, database string, server func(*testing.T, map[string]string) mailServer) *fleet {
	t.Helper()
	users := map[string]string{}
	f := &fleet{T: t, folder: t.TempDir(), database: database, rate: "600000/minute"}
	for i := range mailboxes {
		name := fmt.Sprintf("kotak%d@csirt.example", i)
		users[name] = password
		f.mailboxes = append(f.mailboxes, name)
	}
	f.server = server(t, users)
	var err error
	if f.relay, err = smtptest.Start("127.0.0.1:0", nil, smtptest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.relay.Close() })
	if f.db, err = sql.Open("postgres", database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	if _, err := install(f.folder, database, f.server.addr, f.relay.Addr()); err != nil { // for its secrets
		t.Fatal(err)
	}
	f.in = f.install("aduan.toml", "", f.server.addr, f.relay.Addr())
	f.in.call(t, exitDone, "migrate")
	return f
}

// install writes the settings of one gateway; all share the folder.
func (f *fleet) install(file, listen, imap, relay string) installation {
	f.Helper()
	head, rest, _ := strings.Cut(fmt.Sprintf(settingsText, f.database, imap, relay), "[[mailbox]]")
	_, tail, _ := strings.Cut(rest, "[smtp]")
	var boxes strings.Builder
	for _, user := range f.mailboxes {
		fmt.Fprintf(&boxes, "[[mailbox]]\nname = %q\nserver = \"imap://%s\"\nusername = %q\npassword_file = \"imap.secret\"\n\n", user, imap, user)
	}
	settings := strings.NewReplacer(`listen = ""`, fmt.Sprintf("listen = %q", listen), "6000/minute", f.rate, `"debug"`, `"info"`).Replace(head + boxes.String() + "[smtp]" + tail)
	path := filepath.Join(f.folder, file)
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		f.Fatal(err)
	}
	return installation{config: path}
}

// start starts one more gateway. change may alter where it finds its servers.
func (f *fleet) start(name string, change ...func(imap, relay *string)) *process {
	f.Helper()
	imap, relay, listen := f.server.addr, f.relay.Addr(), freeAddr(f.T)
	for _, c := range change {
		c(&imap, &relay)
	}
	return f.install(name+".toml", listen, imap, relay).start(f.T, listen)
}

// start starts the gateway as a process of its own, which ends with the test.
func (in installation) start(t *testing.T, listen string) *process {
	t.Helper()
	p := &process{T: t, http: listen, log: &journal{}, gone: make(chan struct{})}
	p.cmd = exec.Command(os.Args[0], "serve", "--config", in.config)
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // its state tells
		close(p.gone)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.gone
		if t.Failed() {
			t.Logf("log of %s:\n%s", filepath.Base(in.config), p.log.String())
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) } // it may be gone already

// kill ends it at once, as the loss of its machine does.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.gone
}

// ended waits until it is gone and returns its exit code; -1 for one that a signal ended.
func (p *process) ended(within time.Duration) int {
	p.Helper()
	select {
	case <-p.gone:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		p.signal(syscall.SIGQUIT) // it says what it waits for
		<-p.gone
		p.Fatalf("still runs after %v", within)
		return 0
	}
}

// get asks it about itself; "" while it does not answer.
func (p *process) get(path string) (code int, text string) {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get("http://" + p.http + path)
	if err != nil {
		return 0, ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

func (p *process) ready() bool {
	code, _ := p.get("/readyz")
	return code == http.StatusOK
}

// held are the mailboxes whose lease it holds, and up those of them that it works.
func (p *process) held() int { return p.count("aduan_mailbox_held") }
func (p *process) up() int   { return p.count("aduan_mailbox_up") }

func (p *process) count(metric string) int {
	_, text := p.get("/metrics")
	return len(regexp.MustCompile(`(?m)^`+metric+`\{.*\} 1$`).FindAllString(text, -1))
}

// number asks the database for one.
func (f *fleet) number(query string) int {
	f.Helper()
	var n int
	if err := f.db.QueryRow(query).Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, within time.Duration, so func() bool) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}

// fleetOn is a fleet on the PostgreSQL of the tests.
func fleetOn(t *testing.T, mailboxes int) *fleet {
	t.Helper()
	return newFleet(t, mailboxes, ticketstest.PostgreSQL(t))
}
