package ticketstest

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver that makes schemas
)

// Cluster is a running PostgreSQL, or a database of somebody else's.
type Cluster struct {
	url       string
	folder    string
	bin       string              // where its programs are
	owner     *syscall.Credential // whom they run as; nil for ourselves
	port      int
	arguments []string // of postgres(1)
	server    *exec.Cmd
	mu        sync.Mutex
	schema    int
}

// shared is the PostgreSQL of one test binary: that of ADUAN_POSTGRES, else one that it starts itself.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// PostgreSQL returns the URL of an empty schema of its own. Where PostgreSQL is not installed the test is skipped, or fails
// when ADUAN_REQUIRE_PEERS is set.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	c, err := sharedCluster()
	if err != nil {
		if os.Getenv("ADUAN_REQUIRE_PEERS") != "" {
			t.Fatalf("PostgreSQL is required: %v", err)
		}
		t.Skipf("PostgreSQL: %v", err)
	}
	url, err := c.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// sharedCluster starts the test binary's PostgreSQL where that was not done before.
func sharedCluster() (*Cluster, error) {
	shared.once.Do(func() {
		if url := os.Getenv("ADUAN_POSTGRES"); url != "" {
			shared.cluster = &Cluster{url: url}
			return
		}
		shared.cluster, shared.err = StartPostgreSQL("-c", "fsync=off")
	})
	return shared.cluster, shared.err
}

// Schema returns the URL of an empty schema for checks that run after the tests; an error where PostgreSQL is not installed.
func Schema() (string, error) {
	c, err := sharedCluster()
	if err != nil {
		return "", err
	}
	return c.Schema()
}

// Schema makes an empty schema and returns its URL.
func (c *Cluster) Schema() (string, error) {
	c.mu.Lock()
	c.schema++
	name := fmt.Sprintf("aduan_%d_%d", os.Getpid(), c.schema)
	c.mu.Unlock()
	db, err := sql.Open("postgres", c.url)
	if err != nil {
		return "", err
	}
	defer db.Close()
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		return "", fmt.Errorf("create schema: %w", err)
	}
	u, err := url.Parse(c.url)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// StartPostgreSQL makes a cluster in a temporary folder and starts its server on a free port of loopback, with more
// arguments of postgres(1). Stop ends it and removes the folder.
func StartPostgreSQL(arguments ...string) (*Cluster, error) {
	return makeCluster(arguments, func(c *Cluster) *exec.Cmd {
		return c.program("initdb", "-D", c.data(), "-A", "trust", "-U", "aduan", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	})
}

// makeCluster makes a cluster by the command that fill gives, and starts its server.
func makeCluster(arguments []string, fill func(*Cluster) *exec.Cmd) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, port: freePort(), arguments: arguments}
	if c.folder, err = os.MkdirTemp("", "aduan-postgres"); err != nil {
		return nil, err
	}
	c.url = fmt.Sprintf("postgres://aduan@127.0.0.1:%d/postgres?sslmode=disable", c.port)
	if c.owner, err = c.unprivileged(); err == nil {
		var out []byte
		cmd := fill(c)
		if out, err = cmd.CombinedOutput(); err != nil {
			err = fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, out)
		}
	}
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// program is a program of PostgreSQL, run as the owner of the cluster.
func (c *Cluster) program(name string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), arguments...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	cmd.Dir = c.folder
	return cmd
}

// Start starts the server, also after Kill, on its port. It returns when the server answers.
func (c *Cluster) Start() error {
	var logged bytes.Buffer
	server := c.program("postgres", append([]string{"-D", c.data(), "-k", c.folder, "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"}, c.arguments...)...)
	server.SysProcAttr.Pdeathsig = syscall.SIGKILL
	server.Stderr, server.Stdout = &logged, &logged
	if err := server.Start(); err != nil {
		return err
	}
	c.server = server
	if err := c.await(); err != nil {
		return fmt.Errorf("%w: %s", err, logged.String())
	}
	return nil
}

// Kill ends the server at once, without a last word to anybody; Start starts it again.
func (c *Cluster) Kill() {
	if c.server != nil {
		c.server.Process.Signal(syscall.SIGQUIT)
		c.server.Wait()
		c.server = nil
	}
}

// unprivileged returns whom the server may run as: root may not.
func (c *Cluster) unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: %w", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(c.folder, uid, gid)
}

func (c *Cluster) await() error {
	db, err := sql.Open("postgres", c.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for range 600 {
		if err = db.Ping(); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("PostgreSQL did not start: %w", err)
}

// Stop ends the server that was started, if one was, and removes its folder.
func (c *Cluster) Stop() {
	c.Kill()
	if c.folder != "" {
		os.RemoveAll(c.folder)
	}
}

// binaries finds the folder of initdb and postgres: on the PATH, or where Debian keeps them, the newest first.
func binaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(found, func(a, b string) int { return strings.Compare(b, a) })
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, filepath.Dir(p))
	}
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("not installed (Debian package postgresql), and ADUAN_POSTGRES names no server")
}

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
