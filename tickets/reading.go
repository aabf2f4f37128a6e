package tickets

import (
	"context"
	"fmt"
	"time"
)

// ReadingOverdue is how long a mailbox may stand unread before supervisors and Front Desk are told. A mailbox is looked at
// every minute at least; a server's restart or a slow night takes less.
const ReadingOverdue = 15 * time.Minute

// What supervisors and Front Desk are told of a mailbox that stands still.
var (
	warningUnread = answer{"Kotak surat %s tidak dapat dibaca sejak %s. Laporan yang masuk menunggu di sana; tidak ada yang hilang, tetapi tidak ada yang diterima sampai kotak surat itu terbaca lagi. Mohon beri tahu pengelola gateway: `aduan doctor` menyebut apa yang harus dilakukan.",
		"Mailbox %s could not be read since %s. Reports wait there; none is lost, but none is taken in until it is read again. Please tell whoever operates the gateway: `aduan doctor` says what to do."}
	warningNeverRead = answer{"Kotak surat %s belum pernah dapat dibaca (gateway berjalan sejak %s). Mohon beri tahu pengelola gateway: `aduan doctor` menyebut apa yang harus dilakukan.",
		"Mailbox %s could never be read (the gateway runs since %s). Please tell whoever operates it: `aduan doctor` says what to do."}
	warningReadAgain = answer{"Kotak surat %s terbaca lagi sejak %s.", "Mailbox %s is read again since %s."}
)

// Reading is when a mailbox was last read to its end, and what keeps it from being read.
type Reading struct {
	Mailbox string
	At      time.Time // zero: not in this process, or never
	Trouble string
}

// NoteReadings puts on record when mailboxes were last read, and tells supervisors and Front Desk once of each that stands
// unread for longer than ReadingOverdue, and once when it is read again. However many gateways note readings, each is told
// once. since is when this gateway started: it is given the same time before it complains.
func (s *Store) NoteReadings(ctx context.Context, readings []Reading, since, now time.Time) error {
	told := false
	for _, r := range readings {
		err := s.write(ctx, func(t *tx) error {
			item, err := t.noteReading(ctx, r, since, now)
			if told = told || item != nil; err != nil || item == nil {
				return err
			}
			f, err := newFiling(ctx, t, Arrival{At: now}, now)
			if err != nil {
				return err
			}
			f.tellFrontDesk(*item, "")
			for _, who := range f.staff.with(Supervisor) {
				if !who.Has(FrontDesk) && len(f.staff.with(FrontDesk)) > 0 { // else they were told already
					f.tellStaff(nil, who, *item)
				}
			}
			return f.settle(ctx)
		})
		if err != nil {
			return fmt.Errorf("note the reading of mailbox %s: %w", r.Mailbox, err)
		}
	}
	if told {
		s.wakeSender()
	}
	return nil
}

// noteReading returns what there is to tell, if anything. Who changes the row of an alarm is who tells.
func (t *tx) noteReading(ctx context.Context, r Reading, since, now time.Time) (*Item, error) {
	var row struct {
		ReadAt    int64 `db:"read_at"`
		AlarmedAt int64 `db:"alarmed_at"`
	}
	if err := t.get(ctx, &row, `INSERT INTO mailbox_reading (name, read_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE
		SET read_at = CASE WHEN excluded.read_at > mailbox_reading.read_at THEN excluded.read_at ELSE mailbox_reading.read_at END RETURNING read_at, alarmed_at`, r.Mailbox, micros(r.At)); err != nil {
		return nil, err
	}
	read, l := fromMicros(row.ReadAt), t.s.Language
	switch {
	case row.AlarmedAt > 0 && row.ReadAt > row.AlarmedAt:
		n, err := t.exec(ctx, `UPDATE mailbox_reading SET alarmed_at = 0 WHERE name = ? AND alarmed_at = ?`, r.Mailbox, row.AlarmedAt)
		if err != nil || n == 0 {
			return nil, err
		}
		return &Item{Kind: KindWarning, Text: warningReadAgain.say(l, r.Mailbox, FormatTime(read, t.s.Location, l))}, nil
	case row.AlarmedAt > 0, now.Sub(read) <= ReadingOverdue, now.Sub(since) <= ReadingOverdue:
		return nil, nil
	}
	n, err := t.exec(ctx, `UPDATE mailbox_reading SET alarmed_at = ? WHERE name = ? AND alarmed_at = 0`, micros(now), r.Mailbox)
	if err != nil || n == 0 {
		return nil, err
	}
	item := &Item{Kind: KindWarning, Text: warningUnread.say(l, r.Mailbox, FormatTime(read, t.s.Location, l))}
	if row.ReadAt == 0 {
		item.Text = warningNeverRead.say(l, r.Mailbox, FormatTime(since, t.s.Location, l))
	}
	if r.Trouble != "" {
		item.Lines = []string{Shorten(CleanLine(r.Trouble), 300)}
	}
	return item, nil
}

// Readings returns when each mailbox was last read to its end; one that never was is missing.
func (s *Store) Readings(ctx context.Context) (map[string]time.Time, error) {
	var rows []struct {
		Name   string
		ReadAt int64 `db:"read_at"`
	}
	err := s.look(ctx, func(t *tx) error {
		rows = nil
		return t.all(ctx, &rows, `SELECT name, read_at FROM mailbox_reading WHERE read_at > 0`)
	})
	if err != nil {
		return nil, fmt.Errorf("read when mailboxes were read: %w", err)
	}
	read := map[string]time.Time{}
	for _, r := range rows {
		read[r.Name] = fromMicros(r.ReadAt)
	}
	return read, nil
}
