package tickets

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Times of the leases. A gateway that died with its connections is replaced at once; one whose machine hangs or fell off the
// net within LeaseTerm, a beat, and leaseWait: nine seconds.
const (
	LeaseTerm = 6 * time.Second // a lease that is not renewed ends so long after its last renewal
	LeaseBeat = time.Second     // between two renewals
	leaseWait = 2 * time.Second // a gateway that has its share leaves a free mailbox to the others for so long
)

// Gateway is one process's place among all that share a database: it holds leases on mailboxes, so that each is worked by one
// process at a time.
//
// It promises that two living gateways share one lease for moments only, and that the lease of a dead gateway is free at once
// where the database server sees its connection end, and LeaseTerm after its last renewal otherwise. All times are those of
// the database's clock. It does not promise that a lease is held by one process only: a process may be frozen and wake up
// after its lease has passed on. Nothing rests on that; what was done with a mail, the ledger decides.
//
// On SQLite one process owns the file: it holds everything.
type Gateway struct {
	id        string
	wants     []string // mailboxes of its settings
	session   *sqlx.DB // one connection, whose advisory lock says that we live; nil on SQLite
	conn      *sqlx.Conn
	freeSince map[string]time.Time
}

// Standing is how the mailboxes are shared out at one moment.
type Standing struct {
	Mine      map[string]bool   // leases that this gateway holds
	Elsewhere map[string]string // mailbox → the gateway that holds it
	Give      string            // one of Mine that another gateway asks for as it has too few: stop work on it; "" for none
	Until     time.Time         // Mine is sure until then, by this machine's monotonic clock; the zero time for ever
	Gateways  int               // that live, this one included
	Place     int               // of this one among them, from 0
}

// Gateway makes a place among the gateways of this database, for a process that works these mailboxes. It holds nothing before
// its first Beat.
func (s *Store) Gateway(mailboxes []string) (*Gateway, error) {
	g := &Gateway{id: gatewayID(), wants: mailboxes, freeSince: map[string]time.Time{}}
	if s.dialect.name != "postgres" {
		return g, nil
	}
	var err error
	if g.session, err = openPostgreSQL(s.url, LeaseTerm/2); err != nil {
		return nil, fmt.Errorf("open a session for leases: %w", err)
	}
	g.session.SetMaxOpenConns(1)
	return g, nil
}

// gatewayID names a process so that people know where it runs, and differently at each start: a lease of a predecessor is
// never taken for its own.
func gatewayID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "gateway"
	}
	var chance [6]byte
	rand.Read(chance[:])
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), hex.EncodeToString(chance[:]))
}

// ID names the gateway in logs and to the others.
func (g *Gateway) ID() string { return g.id }

// What the rows of the table lease are, by the beginning of their name.
const (
	leaseGateway = "gateway " // somebody lives
	leaseMailbox = "mailbox " // somebody works a mailbox
	leaseWanted  = "wanted "  // somebody asks for a mailbox
)

const (
	// leaseNow is the database's clock in microseconds; it goes on within a transaction.
	leaseNow = `(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint`
	// leaseLock is the advisory lock of a living gateway's session, apart for each schema.
	leaseLock = `hashtextextended('aduan gateway ' || current_schema() || ' ' || %s, 0)`
)

var (
	leaseUntil = fmt.Sprintf(`%s + %d`, leaseNow, LeaseTerm.Microseconds())
	// Each is a transaction of its own, so that a gateway that freezes holds no lock on a row.
	leaseLive = `SELECT pg_advisory_lock(` + fmt.Sprintf(leaseLock, `$1::text`) + `)`
	leaseBury = `DELETE FROM lease WHERE holder <> '' AND holder <> $1 AND (until <= ` + leaseNow + ` OR pg_try_advisory_xact_lock(` + fmt.Sprintf(leaseLock, `holder`) + `))`
	leaseKeep = `UPDATE lease SET until = ` + leaseUntil + ` WHERE holder = $1`
	leaseSign = `INSERT INTO lease (name, holder, until) VALUES ($1, $2, ` + leaseUntil + `) ON CONFLICT (name) DO NOTHING`
	leaseDrop = `DELETE FROM lease WHERE name = $1 AND holder = $2`
	leaseList = `SELECT name, holder FROM lease WHERE holder <> '' AND until > ` + leaseNow
	leaseQuit = `DELETE FROM lease WHERE holder = $1`
)

// Beat renews what this gateway holds, buries gateways that died, takes mailboxes that are free, and says how things stand. It
// is called every LeaseBeat, by one goroutine at a time. A mailbox that another gateway asks for is given to it once it is not
// among those that are being worked. An error leaves what was held as it was until the last Standing's Until.
func (g *Gateway) Beat(ctx context.Context, working map[string]bool) (Standing, error) {
	if g.session == nil {
		all := Standing{Mine: map[string]bool{}, Gateways: 1}
		for _, m := range g.wants {
			all.Mine[m] = true
		}
		return all, nil
	}
	st, err := g.beat(ctx, working)
	if err != nil {
		g.hangUp()
		return Standing{}, fmt.Errorf("renew leases: %w", err)
	}
	return st, nil
}

func (g *Gateway) beat(ctx context.Context, working map[string]bool) (Standing, error) {
	if err := g.live(ctx); err != nil {
		return Standing{}, err
	}
	until := time.Now().Add(LeaseTerm)
	for _, step := range []struct {
		query string
		args  []any
	}{{leaseBury, []any{g.id}}, {leaseKeep, []any{g.id}}, {leaseSign, []any{leaseGateway + g.id, g.id}}} {
		if _, err := g.conn.ExecContext(ctx, step.query, step.args...); err != nil {
			return Standing{}, err
		}
	}
	v, err := g.view(ctx)
	if err != nil {
		return Standing{}, err
	}
	p := v.plan(g.wants, g.waited(v))
	if p.give != "" && !working[p.give] {
		p.drop, p.give = p.give, ""
	}
	if err := g.carryOut(ctx, v, p); err != nil {
		return Standing{}, err
	}
	return v.standing(p.give, until), nil
}

// live takes the lock that says that this process lives, once for each connection.
func (g *Gateway) live(ctx context.Context) error {
	if g.conn != nil {
		return nil
	}
	conn, err := g.session.Connx(ctx)
	if err != nil {
		return err
	}
	// A lease that a crash of the server forgets is taken anew: no renewal needs to wait for a disk or a replica.
	if _, err = conn.ExecContext(ctx, `SET synchronous_commit = off`); err == nil {
		_, err = conn.ExecContext(ctx, leaseLive, g.id)
	}
	if err != nil {
		conn.Close()
		return err
	}
	g.conn = conn
	return nil
}

// hangUp gives a connection up that is in doubt; the next Beat makes a new one.
func (g *Gateway) hangUp() {
	if g.conn != nil {
		g.conn.Raw(func(any) error { return errHangUp }) // the pool drops it, and the server the lock with it
		g.conn.Close()
		g.conn = nil
	}
}

func (g *Gateway) view(ctx context.Context) (leaseView, error) {
	var rows []struct{ Name, Holder string }
	if err := g.conn.SelectContext(ctx, &rows, leaseList); err != nil {
		return leaseView{}, err
	}
	v := leaseView{me: g.id, holder: map[string]string{}, asker: map[string]string{}}
	for _, r := range rows {
		if m, ok := strings.CutPrefix(r.Name, leaseMailbox); ok {
			v.holder[m] = r.Holder
		} else if m, ok := strings.CutPrefix(r.Name, leaseWanted); ok {
			v.asker[m] = r.Holder
		} else if strings.HasPrefix(r.Name, leaseGateway) {
			v.gateways = append(v.gateways, r.Holder)
		}
	}
	return v, nil
}

// waited says for which mailboxes we stood back long enough.
func (g *Gateway) waited(v leaseView) func(mailbox string) bool {
	for m := range v.holder {
		delete(g.freeSince, m)
	}
	return func(mailbox string) bool {
		since, seen := g.freeSince[mailbox]
		if !seen {
			since = time.Now()
			g.freeSince[mailbox] = since
		}
		return time.Since(since) >= leaseWait
	}
}

// carryOut takes, gives away, asks and takes back; what another took first stays with it.
func (g *Gateway) carryOut(ctx context.Context, v leaseView, p leasePlan) error {
	for _, m := range p.take {
		r, err := g.conn.ExecContext(ctx, leaseSign, leaseMailbox+m, g.id)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err == nil && n == 1 {
			v.holder[m] = g.id
			delete(g.freeSince, m)
		}
	}
	if p.drop != "" {
		if _, err := g.conn.ExecContext(ctx, leaseDrop, leaseMailbox+p.drop, g.id); err != nil {
			return err
		}
		delete(v.holder, p.drop)
	}
	for _, m := range p.unask {
		if _, err := g.conn.ExecContext(ctx, leaseDrop, leaseWanted+m, g.id); err != nil {
			return err
		}
	}
	if p.ask == "" {
		return nil
	}
	_, err := g.conn.ExecContext(ctx, leaseSign, leaseWanted+p.ask, g.id)
	return err
}

// Leave gives everything back at once and ends the session. A fault is of no matter: the leases end by themselves.
func (g *Gateway) Leave(ctx context.Context) {
	if g.session == nil {
		return
	}
	if g.conn != nil {
		if _, err := g.conn.ExecContext(ctx, leaseQuit, g.id); err != nil {
			g.hangUp()
		} else {
			g.conn.Close()
			g.conn = nil
		}
	}
	g.session.Close()
}
