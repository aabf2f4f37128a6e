package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// postfixMain is a relay that takes mail from loopback and hands all of it to one LMTP server.
const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/log
maillog_file_prefixes = %[1]s
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.csirt.example
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
lmtp_tls_security_level = none
virtual_mailbox_domains = csirt.example, dinkes.baliprov.example
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:%[2]s
smtp_host_lookup = native
`

// postfixMaster has the services that such a relay needs, none of them in a chroot.
const postfixMaster = `%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// startPostfix starts a real Postfix that delivers to an LMTP server, and returns its address. It has its own folder and port
// and ends with the test; the machine's own mail service is not touched. Without Postfix, or without the rights that its master
// needs, the test is skipped, unless ADUAN_REQUIRE_PEERS is 1.
func startPostfix(t *testing.T, lmtp string) string {
	t.Helper()
	lacking := t.Skip
	if os.Getenv("ADUAN_REQUIRE_PEERS") != "" {
		lacking = t.Fatal
	}
	bin, err := exec.LookPath("postfix")
	if err != nil {
		bin, err = exec.LookPath("/usr/sbin/postfix")
	}
	if err != nil {
		lacking("postfix is not installed (Debian: postfix)")
	}
	if os.Geteuid() != 0 {
		lacking("only root can start postfix")
	}
	// Not t.TempDir: Postfix's own users must get in.
	dir, err := os.MkdirTemp("", "postfix")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	addr := freeAddr(t)
	writePostfix(t, dir, lmtp, addr)
	if out, err := postfix(bin, dir, "start"); err != nil {
		t.Fatalf("start postfix: %v\n%s\n%s", err, out, postfixLog(dir))
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(postfixLog(dir))
		}
		if out, err := postfix(bin, dir, "abort"); err != nil {
			t.Errorf("end postfix: %v\n%s", err, out)
		}
	})
	if err := await(func() (bool, error) { err := greeted(addr); return err == nil, err }); err != nil {
		t.Fatalf("postfix does not answer: %v\n%s", err, postfixLog(dir))
	}
	return addr
}

func writePostfix(t *testing.T, dir, lmtp, addr string) {
	t.Helper()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		t.Fatalf("own the data of postfix: %v %s", err, out)
	}
	for name, text := range map[string]string{"main.cf": fmt.Sprintf(postfixMain, dir, lmtp), "master.cf": fmt.Sprintf(postfixMaster, addr)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// postfix gives a command. Its output goes to a file, as the server keeps a pipe open that it inherits.
func postfix(bin, dir, command string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := os.Create(filepath.Join(dir, command+".out"))
	if err != nil {
		return "", err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, bin, "-c", dir, command)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
	err = cmd.Run()
	text, _ := os.ReadFile(out.Name())
	return string(text), err
}

func postfixLog(dir string) string {
	b, _ := os.ReadFile(filepath.Join(dir, "log"))
	return string(b)
}

func greeted(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	b := make([]byte, 4)
	if _, err := conn.Read(b); err != nil || !bytes.HasPrefix(b, []byte("220")) {
		return fmt.Errorf("greeting %q: %w", b, err)
	}
	return nil
}

// freeAddr finds a port of loopback that nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
