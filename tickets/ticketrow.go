package tickets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ticketRow is one row of the table ticket.
type ticketRow struct {
	ID             int64
	Number         string
	Year, Serial   int
	State          State
	Subject        string
	Language       Language
	Reporter       string
	ReporterName   string `db:"reporter_name"`
	ReporterProven bool   `db:"reporter_proven"`
	Outside        bool
	Owner          int64
	Type           Type
	Severity       Severity
	Reported       Severity
	TLP            TLP
	IIV            bool
	FoundAt        int64 `db:"found_at"`
	OpenedAt       int64 `db:"opened_at"`
	DueAt          int64 `db:"due_at"` // the next of Clocks
	Clocks         string
	RemindAt       int64 `db:"remind_at"` // when a clock reminds somebody next
	EscalatedAt    int64 `db:"escalated_at"`
	Version        int
	ChangedAt      int64  `db:"changed_at"`
	ChangedBy      string `db:"changed_by"`
	ChangedMessage int64  `db:"changed_message"`
	MonitorUntil   int64  `db:"monitor_until"`
	AskedAt        int64  `db:"asked_at"`
	AskedMessage   int64  `db:"asked_message"`
	AskedAgain     bool   `db:"asked_again"`
	DuplicateOf    int64  `db:"duplicate_of"`
	Continues      int64
	EndedAt        int64  `db:"ended_at"`
	LastSeq        int    `db:"last_seq"`
	LastHash       string `db:"last_hash"`

	counted State // as which ticket_count holds it
}

const ticketColumns = `id, number, year, serial, state, subject, language, reporter, reporter_name, reporter_proven, outside, owner, type, severity, reported, tlp, iiv,
	found_at, opened_at, due_at, version, changed_at, changed_by, changed_message, monitor_until, asked_at, asked_message, asked_again, duplicate_of, continues, ended_at,
	last_seq, last_hash, clocks, remind_at, escalated_at`

// lockTicket reads a ticket that is going to be changed: nobody else changes it until the transaction ends.
func (t *tx) lockTicket(ctx context.Context, id int64) (*ticketRow, error) {
	var row ticketRow
	if err := t.get(ctx, &row, `SELECT `+ticketColumns+` FROM ticket WHERE id = ?`+t.s.dialect.lockRow, id); err != nil {
		return nil, fmt.Errorf("read ticket %d: %w", id, err)
	}
	row.counted = row.State
	return &row, nil
}

// ticketByNumber reads a ticket without locking it; ErrNotFound where there is none.
func (t *tx) ticketByNumber(ctx context.Context, n Number) (*ticketRow, error) {
	var row ticketRow
	err := t.get(ctx, &row, `SELECT `+ticketColumns+` FROM ticket WHERE number = ?`, strings.ToUpper(string(n)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("ticket %s: %w", n, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read ticket %s: %w", n, err)
	}
	return &row, nil
}

// newTicket takes the next number of the year and inserts the row. Numbers have no gaps: the counter is part of the
// transaction.
func (t *tx) newTicket(ctx context.Context, r *ticketRow) error {
	err := t.get(ctx, &r.Serial, `INSERT INTO counter (year, last) VALUES (?, 1) ON CONFLICT (year) DO UPDATE SET last = counter.last + 1 RETURNING last`, r.Year)
	if err != nil {
		return fmt.Errorf("take a number: %w", err)
	}
	r.Number = string(NewNumber(t.s.Prefix, r.Year, r.Serial))
	err = t.get(ctx, &r.ID, `INSERT INTO ticket (number, year, serial, state, subject, language, reporter, reporter_name, reporter_proven, outside, reported, tlp, opened_at, changed_at, continues)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		r.Number, r.Year, r.Serial, string(r.State), r.Subject, string(r.Language), r.Reporter, r.ReporterName, bit(r.ReporterProven), bit(r.Outside), string(r.Reported), string(r.TLP), r.OpenedAt, r.OpenedAt, r.Continues)
	if err != nil {
		return fmt.Errorf("open ticket %s: %w", r.Number, err)
	}
	t.wrote("ticket", r.ID)
	t.recount(r)
	return nil
}

// saveTicket writes back a row that lockTicket or newTicket gave.
func (t *tx) saveTicket(ctx context.Context, r *ticketRow) error {
	n, err := t.exec(ctx, `UPDATE ticket SET state = ?, subject = ?, language = ?, reporter = ?, reporter_name = ?, reporter_proven = ?, outside = ?, owner = ?, type = ?, severity = ?,
		tlp = ?, iiv = ?, found_at = ?, due_at = ?, version = ?, changed_at = ?, changed_by = ?, changed_message = ?, monitor_until = ?, asked_at = ?, asked_message = ?,
		asked_again = ?, duplicate_of = ?, ended_at = ?, last_seq = ?, last_hash = ?, clocks = ?, remind_at = ?, escalated_at = ? WHERE id = ?`,
		string(r.State), r.Subject, string(r.Language), r.Reporter, r.ReporterName, bit(r.ReporterProven), bit(r.Outside), r.Owner, string(r.Type), string(r.Severity),
		string(r.TLP), bit(r.IIV), r.FoundAt, r.DueAt, r.Version, r.ChangedAt, r.ChangedBy, r.ChangedMessage, r.MonitorUntil, r.AskedAt, r.AskedMessage,
		bit(r.AskedAgain), r.DuplicateOf, r.EndedAt, r.LastSeq, r.LastHash, r.Clocks, r.RemindAt, r.EscalatedAt, r.ID)
	if err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("save ticket %s: %d rows", r.Number, n))
	}
	t.wrote("ticket", r.ID)
	t.recount(r)
	return nil
}

// recount notes that a ticket is counted under its present state from now on.
func (t *tx) recount(r *ticketRow) {
	if t.counts == nil {
		t.counts = map[State]int{}
	}
	t.counts[r.State]++
	if r.counted != "" {
		t.counts[r.counted]--
	}
	r.counted = r.State
}

// writeCounts keeps the number of tickets of each state, so that nobody has to count them. It is a transaction's last step and
// goes in one order: all that change states wait for each other here, for as long as a commit takes, and never in a circle.
func (t *tx) writeCounts(ctx context.Context) error {
	for _, state := range slices.Sorted(maps.Keys(t.counts)) {
		if t.counts[state] == 0 {
			continue
		}
		_, err := t.exec(ctx, `INSERT INTO ticket_count (state, n) VALUES (?, ?) ON CONFLICT (state) DO UPDATE SET n = ticket_count.n + excluded.n`, string(state), t.counts[state])
		if err != nil {
			return fmt.Errorf("count tickets: %w", err)
		}
	}
	return nil
}

// participantRow is one row of the table participant.
type participantRow struct {
	Address, Name string
	Proven        bool
}

func (t *tx) participants(ctx context.Context, ticket int64) ([]participantRow, error) {
	var rows []participantRow
	err := t.all(ctx, &rows, `SELECT address, name, proven FROM participant WHERE ticket = ? AND removed_at = 0 ORDER BY added_at, address`, ticket)
	if err != nil {
		return nil, fmt.Errorf("read participants: %w", err)
	}
	return rows, nil
}
