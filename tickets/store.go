package tickets

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"

	"aduan/migrations"
)

// ErrNotFound is returned where something that was asked for by name is not on record.
var ErrNotFound = errors.New("not found")

// ErrNewerDatabase is returned where a newer version of the program made the database.
var ErrNewerDatabase = errors.New("the database was made by a newer version of aduan: install that version, or restore the backup from before it")

// Settings are the team's facts that rules need.
type Settings struct {
	TeamName     string
	Mailbox      Mailbox
	Prefix       string
	Language     Language
	Location     *time.Location
	Constituency []string // domains, with their subdomains
	ReopenDays   int
	Keys         Keys
	DKIMOnly     bool // staff commands need DKIM: security.commands = "dkim"
	AcksPerHour  int  // to one address
	AcksPerDay   int  // to one address
	AcksDomain   int  // an hour, to one domain outside the constituency
	GiveUpAfter  time.Duration
	MailSize     int64 // bytes of attachments that go along with one mail; 0 is 10 MB
	Deadlines    Deadlines
	National     National
	Holidays     []string         // days without work, 2006-01-02 in the team's time zone
	Clock        func() time.Time // nil is time.Now
	Steady       func() time.Time // of claims and waits, never set back or forth; nil is Clock, else the database's or our own
	Lease        time.Duration    // of a claim on a notice; 0 is ten seconds
}

// Deadlines are lengths of working time; 0 is not watched.
type Deadlines struct {
	Verify        time.Duration // of a new report by Front Desk
	FirstResponse time.Duration // a person's first words to the reporter
	Update        time.Duration // something that the reporter hears, again and again while the case is worked on
	Hours         Hours
	Digest        time.Duration // after midnight: when staff are told daily how things stand; 0 for never
}

// Store keeps the record in SQLite or PostgreSQL. Its methods are whole use cases, each one transaction; they are safe
// for concurrent use.
type Store struct {
	Settings
	db      *pool // writes; one connection on SQLite
	read    *pool // reads beside the writer
	dialect dialect
	numbers Numbers
	wake    chan struct{}
	clocked chan struct{}
	url     string // of the database
	opened  time.Time
	sharing sharing

	mu      sync.Mutex
	columns map[string][]string // of sealed tables
}

// dialect is all that differs between the two databases.
type dialect struct {
	name      string           // of goose and of the folder of migrations
	lockRow   string           // at the end of a SELECT of a row that will be written
	skipRows  string           // likewise, but passing over rows that others hold
	leaseNow  string           // the clock of leases and claims, for one argument that Store.leaseNow gives
	retryable func(error) bool // the same transaction may succeed at once
	away      func(error) bool // the database is full, broken or out of reach: no statement is at fault
}

// sqliteBusy is SQLITE_BUSY itself: another process has held the lock for the whole busy_timeout. Its extended codes end at
// once and may go well at once, too.
const sqliteBusy = 5

var sqliteDialect = dialect{name: "sqlite", leaseNow: "?", retryable: func(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() != sqliteBusy && (e.Code()&0xff == sqliteBusy || e.Code()&0xff == 6) // SQLITE_BUSY_…, SQLITE_LOCKED
}, away: func(err error) bool {
	var e *sqlite.Error
	// SQLITE_BUSY, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
	return errors.As(err, &e) && slices.Contains([]int{sqliteBusy, 7, 8, 10, 11, 13, 14, 26}, e.Code()&0xff)
}}

var postgresDialect = dialect{name: "postgres", lockRow: " FOR UPDATE", skipRows: " FOR UPDATE SKIP LOCKED", leaseNow: "COALESCE(CAST(? AS BIGINT), " + leaseNow + ")", retryable: func(err error) bool {
	var e *pq.Error
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01") // serialization_failure, deadlock_detected
}, away: func(err error) bool {
	var e *pq.Error
	if errors.As(err, &e) { // connection, resources, operator intervention, system, configuration limits
		return e.Code == idleTransactionEnded || e.Code == readOnly || slices.Contains([]pqerror.Class{"08", "53", "57", "58", "F0", "XX"}, e.Code.Class())
	}
	var net net.Error
	return errors.As(err, &net) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}}

// idleTransactionEnded is what a server says of a transaction whose gateway fell silent; see idleInTransaction.
const idleTransactionEnded pqerror.Code = "25P03"

// readOnly is what a replica says that has not taken over yet.
const readOnly pqerror.Code = "25006"

// Away says whether an error means that the database cannot be used now, so that waiting helps: no connection, a server that
// starts or stops, too many clients, a full disk, a file that another process has locked. A wrong password, name or owner of
// a file is for the operator to mend.
func Away(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) { // SQLITE_BUSY, IOERR, FULL
		return slices.Contains([]int{sqliteBusy, 10, 13}, e.Code()&0xff)
	}
	return postgresDialect.away(err)
}

// OpenStore opens the database that a URL of the settings names: sqlite:FILE or postgres://…. It does not migrate.
func OpenStore(ctx context.Context, rawURL string, s Settings) (*Store, error) {
	st := &Store{Settings: s, numbers: NewNumbers(s.Prefix), url: rawURL, opened: time.Now(), wake: make(chan struct{}, 1), clocked: make(chan struct{}, 1), columns: map[string][]string{}}
	var err error
	switch {
	case strings.HasPrefix(rawURL, "sqlite:"):
		err = st.openSQLite(strings.TrimPrefix(strings.TrimPrefix(rawURL, "sqlite:"), "//"))
	case strings.HasPrefix(rawURL, "postgres://"), strings.HasPrefix(rawURL, "postgresql://"):
		st.dialect = postgresDialect
		st.db, err = newPool(openPostgreSQL(rawURL, silentFor))
		st.read = st.db
		if err == nil {
			st.db.SetMaxIdleConns(8)
			st.db.SetConnMaxIdleTime(5 * time.Minute)
		}
	default:
		return nil, fmt.Errorf("database.url %q: give sqlite:FILE or postgres://USER@HOST/NAME", redactURL(rawURL))
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", redactURL(rawURL), err)
	}
	if err := st.db.PingContext(ctx); err != nil {
		st.Close()
		return nil, fmt.Errorf("open database %s: %w", redactURL(rawURL), err)
	}
	return st, nil
}

func (s *Store) openSQLite(file string) error {
	if file == "" {
		return errors.New("sqlite: names no file")
	}
	if err := ownFile(file); err != nil {
		return err
	}
	sqlx.BindDriver("sqlite", sqlx.QUESTION)
	s.dialect = sqliteDialect
	// The settings stand in the DSN so that every connection has them; immediate transactions take the write lock at once,
	// because one that reads first cannot take it later while another writes.
	dsn := (&url.URL{Scheme: "file", Opaque: strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file)}).String() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_time_format=sqlite"
	var err error
	if s.db, err = newPool(sqlx.Open("sqlite", dsn+"&_txlock=immediate")); err != nil {
		return err
	}
	s.db.SetMaxOpenConns(1)
	if s.read, err = newPool(sqlx.Open("sqlite", dsn)); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	return nil
}

// ownFile creates the database where it is missing, so that only its owner may read it: the driver would let others.
func ownFile(file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// redactURL leaves the password out of a database URL that is going to be shown.
func redactURL(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Redacted()
	}
	return "(unreadable)"
}

// Close ends all connections.
func (s *Store) Close() error {
	var errs []error
	if s.read != nil && s.read != s.db {
		errs = append(errs, s.read.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(errs...)
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.GetContext(ctx, &one, "SELECT 1"); err != nil {
		return fmt.Errorf("ask the database: %w", err)
	}
	return nil
}

// Migrate brings the database to this program's version and returns it. ErrNewerDatabase where it is ahead of us.
func (s *Store) Migrate(ctx context.Context) (version int64, err error) {
	db, done, err := s.unhurriedPool()
	if err != nil {
		return 0, fmt.Errorf("migrate the database: %w", err)
	}
	defer done()
	unlock, err := s.lockMigrations(ctx, db)
	if err != nil {
		return 0, err
	}
	defer unlock()
	for i := range attempts {
		if version, err = s.migrate(ctx, db); err == nil || errors.Is(err, ErrNewerDatabase) || s.dialect.name != "sqlite" {
			return version, err
		}
		// Another process may have taken the same step first; then there is less to do the next time.
		if err := sleep(ctx, time.Duration(i+1)*50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return 0, err
}

func (s *Store) migrate(ctx context.Context, db *sql.DB) (version int64, err error) {
	p, err := s.migrations(db)
	if err != nil {
		return 0, err
	}
	if err := s.checkVersion(ctx, p); err != nil {
		return 0, err
	}
	if _, err := p.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate the database: %w", err)
	}
	if err := s.beginJournal(ctx); err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

// lockMigrations lets one process at a time migrate a PostgreSQL schema. goose's own lock would not do: it asks again only
// every few seconds, is one for all schemas of the server's database, and does not cover the making of its table.
func (s *Store) lockMigrations(ctx context.Context, db *sql.DB) (unlock func(), err error) {
	if s.dialect.name != "postgres" {
		return func() {}, nil // each step takes the file's write lock; who comes second tries again
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock the migrations: %w", err)
	}
	const key = `(hashtextextended('aduan migrate ' || current_schema(), 0))`
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock`+key); err != nil {
		c.Close()
		return nil, fmt.Errorf("lock the migrations: %w", err)
	}
	return func() {
		c.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock`+key)
		c.Close()
	}, nil
}

// CheckVersion says whether the database is of this program's version, without changing it.
func (s *Store) CheckVersion(ctx context.Context) error {
	p, err := s.migrations(s.db.DB.DB)
	if err != nil {
		return err
	}
	if err := s.checkVersion(ctx, p); err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	if pending {
		return errors.New("the database is of an older version: run `aduan migrate`")
	}
	return nil
}

func (s *Store) migrations(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations.Files, s.dialect.name)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	name := goose.DialectSQLite3
	if s.dialect.name == "postgres" {
		name = goose.DialectPostgres
	}
	p, err := goose.NewProvider(name, db, folder)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func (s *Store) checkVersion(ctx context.Context, p *goose.Provider) error {
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the database's version: %w", err)
	}
	sources := p.ListSources()
	if want := sources[len(sources)-1].Version; have > want {
		return fmt.Errorf("version %d, this program knows %d: %w", have, want, ErrNewerDatabase)
	}
	return nil
}

// errRace ends a transaction that met what another one wrote at the same moment: the next try sees it.
var errRace = errors.New("another transaction came first")

// attempts is how often a transaction that lost against another is tried.
const attempts = 5

// write runs do in one transaction and commits it; do may run again where the database asks for it, so it must not keep
// what it changed outside.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	var err error
	for i := range attempts {
		if err = s.writeOnce(ctx, do); err == nil || !s.dialect.retryable(err) && !errors.Is(err, errRace) {
			return err
		}
		if err := sleep(ctx, time.Duration(i+1)*20*time.Millisecond); err != nil {
			return err
		}
	}
	return err
}

func (s *Store) writeOnce(ctx context.Context, do func(*tx) error) error {
	t, err := s.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer t.Rollback()
	done := s.transaction(t, s.db)
	if err := do(done); err != nil {
		return err
	}
	if err := done.writeJournal(ctx); err != nil {
		return err
	}
	if err := done.writeCounts(ctx); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.db.keep(ctx, done)
	return s.committed(ctx)
}

// look runs do in a read-only transaction, so that what it reads is one moment's.
func (s *Store) look(ctx context.Context, do func(*tx) error) error {
	t, err := s.read.BeginTxx(ctx, &sql.TxOptions{Isolation: s.dialect.snapshot(), ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer t.Rollback()
	if err := s.unhurried(ctx, t); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	done := s.transaction(t, s.read)
	err = do(done)
	t.Rollback() // the connection is wanted
	s.read.keep(ctx, done)
	return err
}

func (d dialect) snapshot() sql.IsolationLevel {
	if d.name == "postgres" {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

// Wake tells that notices may be waiting.
func (s *Store) Wake() <-chan struct{} { return s.wake }

// Clocked tells that something else may be due next by the clock.
func (s *Store) Clocked() <-chan struct{} { return s.clocked }

func (s *Store) wakeSender() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake already
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
