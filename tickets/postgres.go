package tickets

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

const (
	// connectWithin bounds the making of one connection where the URL has no connect_timeout: of several hosts, one that
	// hangs must not keep us from the others.
	connectWithin = 5 * time.Second
	// silentFor is how long a statement may keep the server silent before the connection counts as dead. It is long enough
	// for every statement of ours; without it a server that hangs would hold a mailbox for ever, whatever its context says.
	silentFor = 2 * time.Minute
	// idleInTransaction ends transactions whose gateway fell silent, by the server: a frozen machine must not keep the locks
	// that all others need to open a ticket.
	idleInTransaction = 8 * time.Second
)

// openPostgreSQL opens connections that cannot hang: a server that is gone or silent for longer than silence (0: for ever)
// becomes an error, and the server for its part ends a transaction whose client is gone.
func openPostgreSQL(rawURL string, silence time.Duration) (*sqlx.DB, error) {
	cfg, err := pq.NewConfig(rawURL)
	if err != nil {
		return nil, err
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectWithin
		if silence > 0 {
			cfg.ConnectTimeout = min(connectWithin, silence)
		}
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, err
	}
	connector.Dialer(patientDialer{silence: silence})
	_, given := cfg.Runtime["idle_in_transaction_session_timeout"]
	return sqlx.NewDb(sql.OpenDB(session{connector, !given}), "postgres"), nil
}

// session is a connector whose connections begin with our settings. They are set by statements, as poolers refuse them in the
// first packet.
type session struct {
	*pq.Connector
	endsIdle bool
}

// Connect implements driver.Connector.
func (s session) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	// The server looks soon whether a silent client is still there.
	set := "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3"
	if s.endsIdle {
		set += fmt.Sprintf("; SET idle_in_transaction_session_timeout = %d", idleInTransaction.Milliseconds())
	}
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, set, nil); err != nil {
		conn.Close()
		return nil, fmt.Errorf("begin a session: %w", err)
	}
	return conn, nil
}

// patientDialer makes connections whose reads and writes end when the other side stays silent for too long. The driver's own
// contexts ask the server to cancel and then wait for it, which a dead one never answers.
type patientDialer struct{ silence time.Duration }

// DialContext implements pq.DialerContext.
func (d patientDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: time.Second, Count: 3}}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil || d.silence == 0 {
		return conn, err
	}
	return &patientConn{Conn: conn, silence: d.silence}, nil
}

// Dial implements pq.Dialer.
func (d patientDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialTimeout implements pq.Dialer.
func (d patientDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// patientConn gives every read and write a deadline; one that the driver sets for connecting holds where it is earlier.
type patientConn struct {
	net.Conn
	silence time.Duration

	mu    sync.Mutex
	outer time.Time
}

func (c *patientConn) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := time.Now().Add(c.silence)
	if !c.outer.IsZero() && c.outer.Before(d) {
		return c.outer
	}
	return d
}

func (c *patientConn) Read(b []byte) (int, error) {
	if err := c.Conn.SetReadDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *patientConn) Write(b []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(c.deadline()); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// SetDeadline implements net.Conn; it holds for reads and writes that begin from now on.
func (c *patientConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outer = t
	return nil
}

// committed is asked after each commit. Where the context ended meanwhile, the driver may have asked the server to cancel, and
// a server that waited for its replica then says "committed" of what only one machine has. Nobody may act on that: it counts as
// a fault, and the next look at the record finds out.
func (s *Store) committed(ctx context.Context) error {
	if s.dialect.name == "postgres" && ctx.Err() != nil {
		return fmt.Errorf("commit: %w", ctx.Err())
	}
	return nil
}

// replicated returns once what is on record now is as safe as a commit makes it. Reading shows also what was committed without
// its replica; a commit of our own waits for all that came before.
func (s *Store) replicated(ctx context.Context) error {
	if s.dialect.name != "postgres" {
		return nil
	}
	return s.writable(ctx)
}

// leaseNow is the argument of dialect.leaseNow: nil for the clock of the database, which all gateways share; on SQLite, or
// with a clock of one's own, the time of that.
func (s *Store) leaseNow() any {
	if s.dialect.name == "postgres" && s.Clock == nil && s.Steady == nil {
		return nil
	}
	return micros(s.steady())
}

// steady is a clock for claims and waits that goes on evenly while the time of day is set.
func (s *Store) steady() time.Time {
	switch {
	case s.Steady != nil:
		return s.Steady()
	case s.Clock != nil:
		return s.Clock()
	}
	return s.opened.Add(time.Since(s.opened))
}

// unhurriedPool is a pool for migrations: one step may keep the server busy for as long as it takes.
func (s *Store) unhurriedPool() (db *sql.DB, done func(), err error) {
	if s.dialect.name != "postgres" {
		return s.db.DB.DB, func() {}, nil
	}
	pool, err := openPostgreSQL(s.url, 0)
	if err != nil {
		return nil, nil, err
	}
	return pool.DB, func() { pool.Close() }, nil
}

// unhurried lets a reading transaction pause: it holds no lock that others wait for.
func (s *Store) unhurried(ctx context.Context, t *sqlx.Tx) error {
	if s.dialect.name != "postgres" {
		return nil
	}
	_, err := t.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0")
	return err
}
