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

// cluster is the PostgreSQL of one test binary: that of ADUAN_POSTGRES, else one that it starts itself.
type cluster struct {
	once   sync.Once
	url    string
	folder string
	server *exec.Cmd
	err    error
	schema int
	mu     sync.Mutex
}

var postgres cluster

// Main runs a package's tests and stops the database server that they started. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	postgres.stop()
	os.Exit(code)
}

// PostgreSQL returns the URL of an empty schema of its own. Where PostgreSQL is not installed the test is skipped, or fails
// when ADUAN_REQUIRE_PEERS is set.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	postgres.once.Do(postgres.start)
	if postgres.err != nil {
		if os.Getenv("ADUAN_REQUIRE_PEERS") != "" {
			t.Fatalf("PostgreSQL is required: %v", postgres.err)
		}
		t.Skipf("PostgreSQL: %v", postgres.err)
	}
	postgres.mu.Lock()
	postgres.schema++
	name := fmt.Sprintf("aduan_%d_%d", os.Getpid(), postgres.schema)
	postgres.mu.Unlock()
	db, err := sql.Open("postgres", postgres.url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatalf("create schema: %v", err)
	}
	u, err := url.Parse(postgres.url)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func (c *cluster) start() {
	if c.url = os.Getenv("ADUAN_POSTGRES"); c.url != "" {
		return
	}
	bin, err := binaries()
	if err != nil {
		c.err = err
		return
	}
	if c.folder, c.err = os.MkdirTemp("", "aduan-postgres"); c.err != nil {
		return
	}
	owner, err := c.unprivileged()
	if err != nil {
		c.err = err
		return
	}
	data := filepath.Join(c.folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "aduan", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	initdb.Dir = c.folder
	if out, err := initdb.CombinedOutput(); err != nil {
		c.err = fmt.Errorf("initdb: %w: %s", err, out)
		return
	}
	port := freePort()
	var logged bytes.Buffer
	c.server = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", c.folder, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200")
	c.server.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGKILL}
	c.server.Dir, c.server.Stderr, c.server.Stdout = c.folder, &logged, &logged
	if c.err = c.server.Start(); c.err != nil {
		return
	}
	c.url = fmt.Sprintf("postgres://aduan@127.0.0.1:%d/postgres?sslmode=disable", port)
	if c.err = c.await(); c.err != nil {
		c.err = fmt.Errorf("%w: %s", c.err, logged.String())
	}
}

// unprivileged returns whom the server may run as: root may not.
func (c *cluster) unprivileged() (*syscall.Credential, error) {
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

func (c *cluster) await() error {
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

func (c *cluster) stop() {
	if c.server != nil && c.server.Process != nil {
		c.server.Process.Signal(syscall.SIGQUIT)
		c.server.Wait()
	}
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
