package ticketstest

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Growing are the tables whose rows grow with the mails of the years: a statement must not read one of them whole. What is
// pruned to the last day is none of them.
var Growing = []string{"ticket", "participant", "message", "attachment", "named_id", "ledger", "failed_mail", "event", "reminder", "reply_address", "notice",
	"undeliverable", "dkim_sender", "confirmation"}

// Working are the indexes that hold no more than what is being worked on: the notices that wait or failed, the unfinished
// tickets, the questions that have no answer. They may be read whole.
var Working = []string{"notice_due", "notice_stuck", "notice_unsettled", "notice_hurried", "ticket_unfinished", "ticket_due_at", "ticket_remind_at", "ticket_monitor_until", "ticket_asked_at",
	"failed_mail_unsettled"}

// Reading is one step of a statement's plan that reads a growing table, or an index of it, from one end to the other: without
// a value to look for, at most with a bound.
type Reading struct {
	Statement string
	Table     string
	Index     string // "" for the table itself
	Step      string // in the database's words
}

func (r Reading) String() string {
	return fmt.Sprintf("%s\n\t%s", strings.Join(strings.Fields(r.Statement), " "), r.Step)
}

// Readings asks a database how it goes about statements, and returns the steps that read a growing table whole. On PostgreSQL
// plans are those for any arguments, and whole tables are read only where no index leads to the rows; statements that lock
// rows are for one of the databases, and the other one's are passed over.
func Readings(ctx context.Context, url string, statements []string) ([]Reading, error) {
	read, driver, dsn := readingsSQLite, "sqlite", strings.TrimPrefix(url, "sqlite:")
	if !strings.HasPrefix(url, "sqlite:") {
		read, driver, dsn = readingsPostgreSQL, "postgres", url
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var out []Reading
	for _, text := range statements {
		if driver == "sqlite" && strings.Contains(text, " FOR UPDATE") {
			continue
		}
		found, err := read(ctx, c, text)
		if err != nil {
			return nil, fmt.Errorf("plan of %s: %w", text, err)
		}
		for _, r := range found {
			r.Statement = text
			if slices.Contains(Growing, r.Table) && !slices.Contains(Working, r.Index) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

var (
	namedTable = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?`)
	// AUTOMATIC is an index that is made for this one statement, out of all rows.
	sqliteStep = regexp.MustCompile(`^(SCAN|SEARCH) (\w+)(?: USING (AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?(?:INTEGER PRIMARY KEY|INDEX (\w+)))?`)
)

func readingsSQLite(ctx context.Context, c *sql.Conn, text string) ([]Reading, error) {
	names := map[string]string{}
	for _, m := range namedTable.FindAllStringSubmatch(text, -1) {
		names[m[1]] = m[1]
		if m[2] != "" {
			names[m[2]] = m[1]
		}
	}
	rows, err := c.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Reading
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return nil, err
		}
		m := sqliteStep.FindStringSubmatch(step)
		if m != nil && (m[1] == "SCAN" || m[3] != "" || !strings.Contains(step, "=?")) {
			out = append(out, Reading{Table: names[m[2]], Index: m[4], Step: step})
		}
	}
	return out, rows.Err()
}

// equality is a condition that names a value, not a bound.
var equality = regexp.MustCompile(`[^<>!]= `)

// node is one node of a plan of PostgreSQL.
type node struct {
	Type     string `json:"Node Type"`
	Relation string `json:"Relation Name"`
	Index    string `json:"Index Name"`
	Cond     string `json:"Index Cond"`
	Plans    []node `json:"Plans"`
}

func readingsPostgreSQL(ctx context.Context, c *sql.Conn, text string) ([]Reading, error) {
	for _, set := range []string{"SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off", "PREPARE plan AS " + sqlx.Rebind(sqlx.DOLLAR, text)} {
		if _, err := c.ExecContext(ctx, set); err != nil {
			return nil, err
		}
	}
	defer c.ExecContext(ctx, "DEALLOCATE plan")
	call := "plan"
	if n := strings.Count(text, "?"); n > 0 {
		call += "(NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	var answer []byte
	if err := c.QueryRowContext(ctx, "EXPLAIN (FORMAT JSON) EXECUTE "+call).Scan(&answer); err != nil {
		return nil, err
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(answer, &plans); err != nil {
		return nil, err
	}
	var out []Reading
	for _, p := range plans {
		p.Plan.readings("", &out)
	}
	return out, nil
}

// readings gathers what a plan reads whole; relation is that of the node above, which a scan of an index for a bitmap lacks.
func (n node) readings(relation string, out *[]Reading) {
	if n.Relation != "" {
		relation = n.Relation
	}
	if n.Type == "Seq Scan" || strings.Contains(n.Type, "Index") && !equality.MatchString(n.Cond) {
		*out = append(*out, Reading{Table: relation, Index: n.Index, Step: strings.Join([]string{n.Type, relation, n.Index}, " ")})
	}
	for _, below := range n.Plans {
		below.readings(relation, out)
	}
}
