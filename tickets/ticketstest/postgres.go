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
	url    string
	folder string
	server *exec.Cmd
	mu     sync.Mutex
	schema int
}

// shared is the PostgreSQL of one test binary: that of ADUAN_POSTGRES, else one that it starts itself.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Main runs a package's tests and stops the database server that they started. Call it from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if shared.cluster != nil {
		shared.cluster.Stop()
	}
	os.Exit(code)
}

// PostgreSQL returns the URL of an empty schema of its own. Where PostgreSQL is not installed the test is skipped, or fails
// when ADUAN_REQUIRE_PEERS is set.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		if url := os.Getenv("ADUAN_POSTGRES"); url != "" {
			shared.cluster = &Cluster{url: url}
			return
		}
		shared.cluster, shared.err = StartPostgreSQL("-c", "fsync=off")
	})
	if shared.err != nil {
		if os.Getenv("ADUAN_REQUIRE_PEERS") != "" {
			t.Fatalf("PostgreSQL is required: %v", shared.err)
		}
		t.Skipf("PostgreSQL: %v", shared.err)
	}
	url, err := shared.cluster.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return url
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
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{}
	if c.folder, err = os.MkdirTemp("", "aduan-postgres"); err != nil {
		return nil, err
	}
	if err := c.start(bin, arguments); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(bin string, arguments []string) error {
	owner, err := c.unprivileged()
	if err != nil {
		return err
	}
	data := filepath.Join(c.folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "aduan", "-E", "UTF8", "--locale=C.UTF-8", "-N")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: owner}
	initdb.Dir = c.folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	port := freePort()
	var logged bytes.Buffer
	arguments = append([]string{"-D", data, "-k", c.folder, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"}, arguments...)
	server := exec.Command(filepath.Join(bin, "postgres"), arguments...)
	server.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGKILL}
	server.Dir, server.Stderr, server.Stdout = c.folder, &logged, &logged
	if err := server.Start(); err != nil {
		return err
	}
	c.server = server
	c.url = fmt.Sprintf("postgres://aduan@127.0.0.1:%d/postgres?sslmode=disable", port)
	if err := c.await(); err != nil {
		return fmt.Errorf("%w: %s", err, logged.String())
	}
	return nil
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
	if c.server != nil {
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
