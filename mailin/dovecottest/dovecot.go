// Package dovecottest starts a real Dovecot for a test: on free ports of loopback, with
// Maildirs in a temporary folder and users of its own, IMAP with and without TLS, and
// LMTP for a relay that delivers into it. Nothing of the machine's own mail service is
// touched, and everything is gone when the test ends.
//
// Where no Dovecot is installed the test is skipped, unless ADUAN_REQUIRE_PEERS is 1:
// then it fails, so that a build machine cannot pass by lacking it. Run starts one outside
// of tests, for measuring.
package dovecottest

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"aduan/mailin/imaptest"
)

// Config says what differs from the usual.
type Config struct {
	Users      map[string]string // address and password; nil for one user aduan@csirt.example
	Separator  string            // between the levels of a folder name; "/" when empty
	Prefix     string            // of all folders but INBOX, such as "INBOX."
	Capability string            // what the server says that it can, in place of the truth
	Introspect string            // URL that is asked about OAuth2 access tokens (RFC 7662); empty takes passwords alone
	QuotaRule  string            // such as "Aduan/Processed:storage=1K"; empty for no quota
}

// Server is a running Dovecot.
type Server struct {
	Addr     string         // IMAP, plain and STARTTLS
	TLSAddr  string         // IMAP, TLS from the first byte
	LMTP     string         // LMTP for a relay; plus addresses go to the mailbox without the plus
	User     string         // the first user
	Password string         // of the first user
	Roots    *x509.CertPool // what a TLS client has to trust

	cfg  Config
	dir  string
	bin  string
	mail *user.User // who owns the Maildirs
	seq  atomic.Int64
	cmd  *exec.Cmd
	exit chan error
}

// ErrNotInstalled is returned where there is no Dovecot on the machine.
var ErrNotInstalled = errors.New("dovecot is not installed (Debian: dovecot-imapd)")

// Start starts Dovecot and ends it with the test.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := Run(cfg)
	switch {
	case errors.Is(err, ErrNotInstalled) && os.Getenv("ADUAN_REQUIRE_PEERS") == "":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Run starts Dovecot outside of tests; Close ends it and removes its files.
func Run(cfg Config) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	if cfg.Users == nil {
		cfg.Users = map[string]string{"aduan@csirt.example": "rahasia"}
	}
	if cfg.Separator == "" {
		cfg.Separator = "/"
	}
	s := &Server{cfg: cfg, bin: bin}
	for name := range cfg.Users {
		if s.User == "" || name < s.User {
			s.User, s.Password = name, cfg.Users[name]
		}
	}
	if err := s.prepare(); err != nil {
		s.Close()
		return nil, fmt.Errorf("prepare dovecot: %w", err)
	}
	if err := s.Restart(); err != nil {
		s.Close()
		return nil, fmt.Errorf("start dovecot: %w", err)
	}
	return s, nil
}

// Close ends the server and removes its mails and settings.
func (s *Server) Close() {
	if s.cmd != nil {
		s.kill()
		s.cmd = nil
	}
	os.RemoveAll(s.dir)
}

func find() (string, error) {
	for _, name := range []string{"dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrNotInstalled
}

// Restart starts a stopped server again, on the same ports.
func (s *Server) Restart() error {
	cmd := exec.Command(s.bin, "-F", "-c", s.path("dovecot.conf"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	// A group of its own, so that its children end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	exit := make(chan error, 1)
	go func() { exit <- cmd.Wait() }()
	s.cmd, s.exit = cmd, exit
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if greets(s.Addr) {
			// The first log-in starts what else there is, which takes a while on a busy machine.
			return s.tryPassword(s.User, s.cfg.Users[s.User])
		}
		select {
		case err := <-exit:
			s.cmd = nil
			return fmt.Errorf("dovecot ended at once (%v): %s%s", err, out.String(), s.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("dovecot does not answer: %s", s.Log())
}

func greets(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 4)
	n, _ := conn.Read(b)
	return string(b[:n]) == "* OK"
}

// Stop ends the server and its connections; Restart starts it again.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	// The process may be gone already; then there is nothing to end.
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exit:
	case <-time.After(300 * time.Millisecond):
		s.kill()
	}
	s.cmd = nil
}

// kill ends it with all its children, at once.
func (s *Server) kill() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.exit
	// It names a process that another may become.
	os.Remove(s.path("run/master.pid"))
}

// Log returns what Dovecot wrote.
func (s *Server) Log() string {
	b, _ := os.ReadFile(s.path("log"))
	return string(b)
}

// SetPassword changes a user's password and returns when the server knows of it.
func (s *Server) SetPassword(t testing.TB, name, password string) {
	t.Helper()
	s.cfg.Users[name] = password
	if err := s.writeUsers(); err != nil {
		t.Fatalf("change password: %v", err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		err := s.tryPassword(name, password)
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("change password: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *Server) tryPassword(name, password string) error {
	c, err := imapclient.DialInsecure(s.Addr, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Login(name, password).Wait()
}

// Deliver puts a mail into a user's inbox as a delivery agent does: written aside,
// then moved in (maildir(5)).
func (s *Server) Deliver(t testing.TB, name string, mail []byte) {
	t.Helper()
	s.DeliverAt(t, name, mail, time.Now())
}

// DeliverAt is Deliver with another internal date.
func (s *Server) DeliverAt(t testing.TB, name string, mail []byte, at time.Time) {
	t.Helper()
	if err := s.Put(name, mail, at); err != nil {
		t.Fatal(err)
	}
}

// Put is DeliverAt outside of tests.
func (s *Server) Put(name string, mail []byte, at time.Time) error {
	// Dovecot numbers what it finds together in the order of the names.
	file := fmt.Sprintf("%d.%09d.test,S=%d", time.Now().Unix(), s.seq.Add(1), len(mail))
	tmp, dest := filepath.Join(s.maildir(name), "tmp", file), filepath.Join(s.maildir(name), "new", file)
	if err := errors.Join(os.WriteFile(tmp, mail, 0o600), s.own(tmp), os.Chtimes(tmp, at, at), os.Rename(tmp, dest)); err != nil {
		return fmt.Errorf("deliver to %s: %w", name, err)
	}
	return nil
}

// Folder returns the mails of a folder (levels parted by the configured separator) in
// the order of their UIDs; none where there is no such folder.
func (s *Server) Folder(t testing.TB, name, folder string) [][]byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	mails, err := imaptest.ReadFolder(ctx, s.Addr, name, s.cfg.Users[name], folder)
	if err != nil && !strings.Contains(err.Error(), "doesn't exist") {
		t.Fatalf("read folder: %v", err)
	}
	return mails
}

// DeleteFolder deletes a folder of a user over IMAP.
func (s *Server) DeleteFolder(t testing.TB, name, folder string) {
	t.Helper()
	c, err := imapclient.DialInsecure(s.Addr, nil)
	if err != nil {
		t.Fatalf("delete folder: %v", err)
	}
	defer c.Close()
	if err := errors.Join(c.Login(name, s.cfg.Users[name]).Wait(), c.Delete(folder).Wait()); err != nil {
		t.Fatalf("delete folder %s: %v", folder, err)
	}
}

// Renumber gives the inbox of a user a new UIDVALIDITY, by taking the index away. The
// server has to be stopped.
func (s *Server) Renumber(t testing.TB, name string) {
	t.Helper()
	list := filepath.Join(s.maildir(name), "dovecot-uidlist")
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatalf("renumber: %v", err)
	}
	head, rest, _ := bytes.Cut(b, []byte("\n"))
	var changed []string
	for _, field := range strings.Fields(string(head)) {
		if v, ok := strings.CutPrefix(field, "V"); ok {
			n, _ := strconv.Atoi(v)
			field = fmt.Sprintf("V%d", n+1)
		}
		changed = append(changed, field)
	}
	caches, _ := filepath.Glob(filepath.Join(s.maildir(name), "dovecot.index*"))
	for _, c := range caches {
		os.Remove(c)
	}
	if err := errors.Join(os.WriteFile(list, append([]byte(strings.Join(changed, " ")+"\n"), rest...), 0o600), s.own(list)); err != nil {
		t.Fatalf("renumber: %v", err)
	}
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// Maildir is the folder of a user's mail; its subfolders "new" and "cur" hold the inbox.
func (s *Server) Maildir(name string) string { return s.maildir(name) }

func (s *Server) maildir(name string) string { return filepath.Join(s.dir, "mail", name, "Maildir") }
