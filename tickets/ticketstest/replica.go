package ticketstest

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// Pair is a PostgreSQL server and its synchronous streaming replica: what is committed on the one is on the disk of the other.
type Pair struct {
	URL     string // names both; a connection goes to the one that takes writes
	Primary *Cluster
	Replica *Cluster
}

// StartPair starts a pair that ends with the test. Where PostgreSQL is not installed the test is skipped, or fails when
// ADUAN_REQUIRE_PEERS is set.
func StartPair(t testing.TB) *Pair {
	t.Helper()
	if _, err := binaries(); err != nil && os.Getenv("ADUAN_REQUIRE_PEERS") == "" {
		t.Skipf("PostgreSQL: %v", err)
	}
	p := &Pair{}
	var err error
	if p.Primary, err = StartPostgreSQL("-c", "fsync=off"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Primary.Stop)
	if p.Replica, err = startReplica(p.Primary); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Replica.Stop)
	if err := p.synchronise(); err != nil {
		t.Fatal(err)
	}
	p.URL = fmt.Sprintf("postgres://aduan@127.0.0.1,127.0.0.1/postgres?port=%d,%d&sslmode=disable&target_session_attrs=read-write", p.Primary.port, p.Replica.port)
	return p
}

const replicaName = "replica"

// startReplica copies a running server and starts the copy as its replica.
func startReplica(primary *Cluster) (*Cluster, error) {
	from := fmt.Sprintf("host=127.0.0.1 port=%d user=aduan application_name=%s", primary.port, replicaName)
	return makeCluster([]string{"-c", "fsync=off", "-c", "primary_conninfo=" + from, "-c", "wal_retrieve_retry_interval=200ms"}, func(c *Cluster) *exec.Cmd {
		return c.program("pg_basebackup", "-D", c.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(primary.port), "-U", "aduan", "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
	})
}

// synchronise lets commits wait for the replica, and returns when they do.
func (p *Pair) synchronise() error {
	db, err := sql.Open("postgres", p.Primary.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range []string{"ALTER SYSTEM SET synchronous_standby_names = '" + replicaName + "'", "SELECT pg_reload_conf()"} {
		if _, err := db.Exec(statement); err != nil {
			return fmt.Errorf("wait for the replica: %w", err)
		}
	}
	for range 600 {
		var synchronous bool
		if err = db.QueryRow("SELECT COUNT(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'").Scan(&synchronous); err == nil && synchronous {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("the replica did not become synchronous: %w", err)
}

// FailOver kills the primary and makes the replica take its place.
func (p *Pair) FailOver() error {
	p.Primary.Kill()
	db, err := sql.Open("postgres", p.Replica.url)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.Exec("SELECT pg_promote(true, 60)"); err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	return nil
}
