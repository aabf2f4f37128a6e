package tickets_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// After the package's tests, the plan of every statement that they ran is read on both databases, and every statement in the
// package's source must be among these: none is left out.
func TestMain(m *testing.M) {
	ticketstest.Main(m, everyStatementIsSeen, noStatementReadsAGrowingTable)
}

// readings are the statements that may read a growing table whole, by a part of their text, with the reason.
var readings = []struct{ statement, reason string }{
	{"FROM ticket WHERE id > ? ORDER BY id LIMIT", "the audit and the list of all tickets read everything, in pages"},
	{"FROM counter c LEFT JOIN ticket t", "the audit compares all numbers of a year"},
	{"FROM ticket ORDER BY id DESC LIMIT 200", "the latest tickets: it ends after 200"},
	{"t.opened_at >= ? AND t.opened_at < ?", "the report of a month reads that month's tickets"},
	{"e.at >= ? AND e.at < ?", "the report of a month reads that month's changes of state"},
	{"SELECT COUNT(*) FROM ticket WHERE opened_at >= ?", "the states at a month's end are found backwards from today, as the last month's mostly are"},
	{"SELECT e.from_state, e.to_state, COUNT(*)", "likewise"},
	{"DELETE FROM undeliverable", "a retry of everything forgets all refusals"},
	{"SELECT COALESCE(MIN(opened_at), 0) FROM ticket", "the first row of an index"},
	{"ticket >= ? AND ticket <= ?", "the audit reads everything, in ranges of tickets"},
	{"ticket <= ? AND (ticket, id) > (?, ?)", "likewise, twenty messages at a time"},
	{"m.ticket <= ? AND (m.ticket, m.id) >= (?, ?)", "likewise, the attachments of these"},
	{"t.id >= ? AND t.id <= ?", "likewise"},
	{"WHERE id >= ? AND id <= ?", "likewise"},
	{"WHERE id >= ? AND id < ?", "likewise, where rows have no ticket"},
	{"WHERE 1 = 1", "likewise, of the small tables that are one part"},
	{"'ledger rows name a message'", "the audit counts what points nowhere"},
	{"SELECT kind, part FROM chain", "the audit lists the chains of all parts without a ticket"},
	{"SELECT COUNT(*) FROM ledger", "the audit tells how much it read"},
	{"SELECT COUNT(*) FROM message", "likewise"},
	{"SELECT COUNT(*) FROM ticket", "likewise; and how many were open before a month"},
	{"LIMIT 512 OFFSET ?", "a record from before the journal is taken into it once, in pages"},
	{"rendered AS sha256, -1 AS size FROM notice", "the daily reconciliation goes through all evidence, in pages"},
	{"sha256, -1 AS size FROM failed_mail", "likewise"},
	{"SELECT id, sha256, size FROM message", "likewise"},
}

func noStatementReadsAGrowingTable(statements map[string][]string) error {
	folder, err := os.MkdirTemp("", "aduan-plans")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	urls := map[string]string{"sqlite": "sqlite:" + filepath.Join(folder, "plans.db")}
	if url, err := ticketstest.Schema(); err == nil {
		urls["postgres"] = url
	} // else the tests on PostgreSQL were skipped and said so
	var errs []error
	excused := map[int]bool{}
	for dialect, url := range urls {
		found, err := planned(url, statements[dialect])
		errs = append(errs, err)
		for _, r := range found {
			if i := reasonFor(r.Statement); i >= 0 {
				excused[i] = true
				continue
			}
			errs = append(errs, fmt.Errorf("%s: a statement reads the whole of the table %s: give it an index, or a reason in the list of %s\n%s", dialect, r.Table, "plans_test.go", r))
		}
	}
	for i, r := range readings {
		if !excused[i] {
			errs = append(errs, fmt.Errorf("no statement with %q reads a whole table any more: take it off the list", r.statement))
		}
	}
	return errors.Join(errs...)
}

func planned(url string, statements []string) ([]ticketstest.Reading, error) {
	ctx := context.Background()
	store, err := tickets.OpenStore(ctx, url, ticketstest.Settings())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	if _, err := store.Migrate(ctx); err != nil {
		return nil, err
	}
	return ticketstest.Readings(ctx, url, statements)
}

func reasonFor(statement string) int {
	for i, r := range readings {
		if strings.Contains(statement, r.statement) {
			return i
		}
	}
	return -1
}

// sqlWords begin a statement or a piece of one. Texts with such a word that are none of the Store's statements are listed.
var sqlWords = regexp.MustCompile(`^\s*(?:WITH|SELECT|INSERT|UPDATE|DELETE|AND|FROM|WHERE) [a-zA-Z(*]`)

var noStatements = []string{"SELECT 1", "SELECT pg_advisory_lock", "SELECT pg_advisory_unlock", "SELECT pg_advisory_lock(", "SELECT clock_timestamp()"}

// smallTables have a row for each gateway or account and never grow; leases are written on a connection of their own.
var smallTables = regexp.MustCompile(`(?:FROM|INTO|UPDATE) (?:lease|credential)\b|^ WHERE holder = \$1$|^SELECT \* FROM $`)

// everyStatementIsSeen finds the statements in the package's source and fails where one of them was run by no test.
func everyStatementIsSeen(statements map[string][]string) error {
	seen := "\x00" + strings.Join(slices.Concat(slices.Collect(maps.Values(statements))...), "\x00") + "\x00"
	files, err := filepath.Glob("*.go")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			if sqlWords.MatchString(text) && !isNoStatement(text) && !smallTables.MatchString(text) && !strings.Contains(seen, constant(text)) {
				errs = append(errs, fmt.Errorf("%s: no test runs this statement, so its plan is not known: %s", set.Position(lit.Pos()), text))
			}
			return true
		})
	}
	return errors.Join(errs...)
}

// constant is the longest part of a format's text that stands in what it makes.
func constant(text string) string {
	longest := ""
	for part := range strings.SplitSeq(strings.ReplaceAll(text, "%s", "%d"), "%d") {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

func isNoStatement(text string) bool {
	for _, other := range noStatements {
		if text == other {
			return true
		}
	}
	return false
}

// A rule of this file holds only where the reader of plans sees what it is to find.
func TestPlansShowStatementsThatReadAWholeTable(t *testing.T) {
	bad := []string{
		`SELECT COUNT(*) FROM message WHERE subject = ?`,
		`SELECT state, COUNT(*) FROM ticket GROUP BY state`,
		`SELECT id FROM message m WHERE m.message_id = ?`,
		`SELECT id FROM message WHERE ticket > 0 AND at = ?`,
		`SELECT n.id FROM notice n JOIN message m ON m.sha256 = n.rendered WHERE n.id = ?`,
		`UPDATE ticket SET owner = 0 WHERE owner = ?`,
		`DELETE FROM ledger WHERE at < ?`,
	}
	good := []string{
		`SELECT id FROM message m WHERE m.message_id = ? AND m.message_id <> ''`,
		`SELECT id FROM notice WHERE state = 'queued' ORDER BY next_at, id LIMIT 10`,
		`SELECT m.id FROM ticket t JOIN message m ON m.ticket = t.id WHERE t.number = ?`,
	}
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for _, statement := range append(bad, good...) {
			found, err := ticketstest.Readings(context.Background(), d.URL, []string{statement})
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.Contains(strings.Join(bad, "\x00"), statement); want != (len(found) > 0) {
				t.Errorf("reads a whole table: %v, want %v: %s %v", !want, want, statement, found)
			}
		}
	})
}
