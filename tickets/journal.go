package tickets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
)

// sealedTable is a table whose rows the journal knows: what is in its columns is what a transaction of ours wrote last.
type sealedTable struct {
	name    string
	key     []string // columns that name a row
	apart   []string // columns that the digest leaves out
	because string   // why they may be left out
	home    homeRule
}

// homeRule says in which chain a table's rows stand.
type homeRule int

const (
	homeAlone  homeRule = iota // one chain for the whole table
	homeID                     // a chain for each thousand ids
	homeTicket                 // that of the ticket; where it is 0, a chain for each thousand ids
	homeLedger                 // a chain for each thousand UIDs of a folder
)

// partSize is how many rows without a ticket share a chain: an audit holds one part in memory.
const partSize = 1000

// sealedTables lists what the journal covers. A table that is not here is checked against what is, or proves nothing.
var sealedTables = []sealedTable{
	{name: "ticket", key: []string{"id"}, home: homeTicket},
	{name: "participant", key: []string{"ticket", "address"}, home: homeTicket},
	{name: "message", key: []string{"id"}, home: homeTicket,
		apart:   []string{"at", "direction", "from_address", "from_name", "recipients", "subject", "text", "new_text", "body", "automatic", "proof", "proof_detail", "sha256", "size", "message_id", "problems"},
		because: "the column digest is over them"},
	{name: "notice", key: []string{"id"}, home: homeTicket, apart: []string{"attempts", "next_at", "leased_until", "hurried"}, because: "they change with each try and with what waits behind it, and say only when the next is due"},
	{name: "reply_address", key: []string{"id"}, home: homeTicket},
	{name: "confirmation", key: []string{"id"}, home: homeTicket},
	{name: "escalation", key: []string{"id"}, home: homeTicket},
	{name: "counterpart", key: []string{"ticket", "address"}, home: homeTicket},
	{name: "foreign_number", key: []string{"domain", "number", "ticket"}, home: homeTicket},
	{name: "ledger", key: []string{"mailbox", "uid_validity", "uid"}, home: homeLedger},
	{name: "mailbox", key: []string{"name", "uid_validity"}, home: homeAlone},
	{name: "failed_mail", key: []string{"id"}, home: homeID},
	{name: "staff", key: []string{"id"}, home: homeID},
	{name: "dkim_sender", key: []string{"address"}, home: homeAlone},
	{name: "undeliverable", key: []string{"address"}, home: homeAlone},
}

// home names a chain of the journal.
type home struct {
	kind string
	part int64
}

func (h home) String() string { return fmt.Sprintf("%s %d", h.kind, h.part) }

// recordHome is the chain that names the others which belong to no ticket, so that none of them vanishes whole.
var recordHome = home{kind: "record"}

// homeOf is the chain of a row, by its values.
func (s sealedTable) homeOf(v map[string]any) home {
	switch s.home {
	case homeTicket:
		if s.name == "ticket" {
			return home{"ticket", integer(v["id"])}
		}
		if ticket := integer(v["ticket"]); ticket > 0 {
			return home{"ticket", ticket}
		}
		return home{s.name, integer(v["id"]) / partSize}
	case homeID:
		return home{s.name, integer(v["id"]) / partSize}
	case homeLedger:
		return home{ledgerKind(text(v["mailbox"]), integer(v["uid_validity"])), integer(v["uid"]) / partSize}
	}
	return home{s.name, 0}
}

func ledgerKind(mailbox string, uidValidity int64) string {
	return "ledger:" + mailbox + "/" + strconv.FormatInt(uidValidity, 10)
}

func integer(v any) int64 {
	n, _ := strconv.ParseInt(text(v), 10, 64)
	return n
}

// text is a column's value as both databases write it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return string(v)
	case bool:
		return strconv.Itoa(bit(v))
	}
	return fmt.Sprint(v)
}

// entry is what the journal says of one row.
type entry struct {
	Table, Key string
	Digest     string // "" where the row is gone
	Marks      string // three letters for each column, to name the one that was changed
}

// MarshalJSON writes an entry as a list: there are many.
func (e entry) MarshalJSON() ([]byte, error) {
	return json.Marshal([4]string{e.Table, e.Key, e.Digest, e.Marks})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *entry) UnmarshalJSON(b []byte) error {
	var l [4]string
	err := json.Unmarshal(b, &l)
	e.Table, e.Key, e.Digest, e.Marks = l[0], l[1], l[2], l[3]
	return err
}

// entry seals a row. Empty columns do not count, so that a column that a later version adds breaks no older seal as long as its
// default is 0 or ”.
func (s sealedTable) entry(v map[string]any) entry {
	h := sha256.New()
	e := entry{Table: s.name, Key: s.keyOf(v)}
	for _, c := range slices.Sorted(maps.Keys(v)) {
		if value := text(v[c]); value != "" && value != "0" {
			fmt.Fprintf(h, "%s=%d:%s", c, len(value), value)
			e.Marks += mark(c, value)
		}
	}
	e.Digest = base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:24])
	return e
}

func mark(column, value string) string {
	sum := sha256.Sum256([]byte(column + "=" + value))
	return base64.RawURLEncoding.EncodeToString(sum[:3])[:3]
}

// differs names the columns that do not read as an entry says; none where a column was emptied.
func (s sealedTable) differs(e entry, v map[string]any) []string {
	var marks, out []string
	for i := 0; i+3 <= len(e.Marks); i += 3 {
		marks = append(marks, e.Marks[i:i+3])
	}
	for _, c := range slices.Sorted(maps.Keys(v)) {
		if value := text(v[c]); value != "" && value != "0" && !slices.Contains(marks, mark(c, value)) {
			out = append(out, c)
		}
	}
	return out
}

func (s sealedTable) keyOf(v map[string]any) string {
	var parts []string
	for _, k := range s.key {
		parts = append(parts, text(v[k]))
	}
	return strings.Join(parts, "/")
}

// writtenRow names a row that a transaction wrote.
type writtenRow struct {
	table string
	key   []any
	alone bool // before this transaction it belonged to no ticket
}

// wrote notes that a transaction inserted, changed or deleted a row of a sealed table: before the commit the journal says how the
// row reads then. Rows are named by the key of their sealedTable.
func (t *tx) wrote(table string, key ...any) {
	if table == "staff" {
		t.people = nil
	}
	t.written = append(t.written, writtenRow{table: table, key: key})
}

// wroteAll is wrote for rows named by their ids.
func (t *tx) wroteAll(table string, ids []int64) {
	for _, id := range ids {
		t.wrote(table, id)
	}
}

// adopted notes that a row that belonged to no ticket gets one: its former chain says that it is gone.
func (t *tx) adopted(table string, id int64) {
	t.written = append(t.written, writtenRow{table, []any{id}, true})
}

// writeJournal ends a transaction's work: it reads back what was written and appends one link to each chain that this touches.
// Chains are locked in one order and last of all, so that no two transactions wait for each other.
func (t *tx) writeJournal(ctx context.Context) error {
	if len(t.written) == 0 {
		return nil
	}
	links := map[home][]entry{}
	for _, s := range sealedTables {
		if err := t.readBack(ctx, s, links); err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
	}
	t.written = nil
	homes := slices.SortedFunc(maps.Keys(links), compareHomes)
	heads, err := t.lockChains(ctx, homes)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	var begun []entry
	for _, h := range homes {
		if heads[h].Seq == 0 && h.kind != "ticket" {
			begun = append(begun, entry{Table: "chain", Key: h.String(), Digest: "begun"})
		}
	}
	if len(begun) > 0 {
		last, err := t.lockChains(ctx, []home{recordHome})
		if err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
		links[recordHome], heads[recordHome], homes = begun, last[recordHome], append(homes, recordHome)
	}
	if err := t.link(ctx, homes, heads, links); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func compareHomes(a, b home) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.part, b.part))
}

// readBack reads the written rows of one table and adds their entries to the links.
func (t *tx) readBack(ctx context.Context, s sealedTable, links map[home][]entry) error {
	var keys [][]any
	wanted, alone := map[string]bool{}, map[string]bool{}
	for _, w := range t.written {
		if w.table != s.name {
			continue
		}
		var parts []string
		for _, k := range w.key {
			parts = append(parts, text(k))
		}
		key := strings.Join(parts, "/")
		if alone[key] = alone[key] || w.alone; !wanted[key] {
			wanted[key], keys = true, append(keys, w.key)
		}
	}
	for piece := range powers(keys) {
		err := t.sealed(ctx, s, s.named(len(piece)), slices.Concat(piece...), func(v map[string]any) error {
			h, e := s.homeOf(v), s.entry(v)
			links[h] = append(links[h], e)
			if old := (home{s.name, integer(v["id"]) / partSize}); alone[e.Key] && old != h {
				links[old] = append(links[old], entry{Table: s.name, Key: e.Key})
			}
			delete(wanted, e.Key)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if s.home == homeAlone { // of the others no row is ever deleted, only an insert taken back
		for _, key := range slices.Sorted(maps.Keys(wanted)) {
			h := home{s.name, 0}
			links[h] = append(links[h], entry{Table: s.name, Key: key})
		}
	}
	return nil
}

// powers cuts a list into pieces whose lengths are powers of two up to 64, so that few statements are prepared.
func powers[T any](list []T) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for size := 64; len(list) > 0; {
			if len(list) < size {
				size /= 2
				continue
			}
			if !yield(list[:size]) {
				return
			}
			list = list[size:]
		}
	}
}

// named is the condition for n rows by their keys.
func (s sealedTable) named(n int) string {
	one := "(" + strings.Join(s.key, " = ? AND ") + " = ?)"
	return strings.Join(slices.Repeat([]string{one}, n), " OR ")
}

// sealed calls each with the sealed columns of the rows of a table.
func (t *tx) sealed(ctx context.Context, s sealedTable, where string, args []any, each func(map[string]any) error) error {
	columns, err := t.s.sealedColumns(ctx, s)
	if err != nil {
		return err
	}
	rows, err := t.rows(ctx, `SELECT `+strings.Join(columns, ", ")+` FROM `+s.name+` WHERE `+where, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", s.name, err)
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.SliceScan()
		if err != nil {
			return fmt.Errorf("read %s: %w", s.name, err)
		}
		v := make(map[string]any, len(columns))
		for i, c := range columns {
			v[c] = values[i]
		}
		if err := each(v); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rows runs a query whose rows are read one by one; nothing else may be asked until they are closed.
func (t *tx) rows(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	st, err := t.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryxContext(ctx, args...)
}

// sealedColumns are a table's columns as the database has them, without those that the digest leaves out.
func (s *Store) sealedColumns(ctx context.Context, table sealedTable) ([]string, error) {
	s.mu.Lock()
	columns := s.columns[table.name]
	s.mu.Unlock()
	if columns != nil {
		return columns, nil
	}
	rows, err := s.read.QueryxContext(ctx, `SELECT * FROM `+table.name+` WHERE 1 = 0`)
	if err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", table.name, err)
	}
	defer rows.Close()
	if columns, err = rows.Columns(); err != nil {
		return nil, fmt.Errorf("read the columns of %s: %w", table.name, err)
	}
	columns = slices.DeleteFunc(columns, func(c string) bool { return slices.Contains(table.apart, c) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.columns[table.name] = columns
	return columns, nil
}
