package tickets_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// provesNothing are the columns that may be changed by hand without an audit's notice, with the reason; "*" is all of a table.
var provesNothing = map[string]string{
	"acknowledgement.*":   "counts what went to an address in the last day, for the caps; older rows say nothing",
	"lease.*":             "says who works a mailbox now; no correctness rests on it",
	"named_id.*":          "an index of what the raw mails name, to find siblings of a conversation",
	"reconciliation.*":    "the results of comparing the record, which are no part of it",
	"goose_db_version.*":  "the version of the schema; a wrong one keeps the program from starting",
	"notice.attempts":     "the tries so far: the claim's, which ends with the next one",
	"notice.next_at":      "when the next try is due",
	"notice.hurried":      "whether it is sent before others",
	"notice.leased_until": "until when a sender holds the notice",
	"journal.id":          "the order of all links: shown by the head of an earlier audit",
	"credential.*":        "secrets of other servers, sealed for themselves; no part of the record",
	"mailbox_reading.*":   "when a mailbox was last read to its end, for the alarm",
	"ticket_count.*":      "how many tickets each state has, for the metrics: the tickets themselves are in the journal",
	"reminder.*":          "which reminders were told: the notices themselves are in the journal",
	"digest.*":            "on which days the digest was told: the notices themselves are in the journal",
}

// rowsOf is in which order the rows of a table are tried, and which columns name one.
var rowsOf = map[string][]string{
	"attachment": {"message", "n"}, "chain": {"kind", "part"}, "confirmation": {"id"}, "counter": {"year"}, "dkim_sender": {"address"}, "event": {"ticket", "seq"},
	"failed_mail": {"id"}, "journal": {"id"}, "ledger": {"mailbox", "uid_validity", "uid"}, "mailbox": {"name", "uid_validity"}, "message": {"id"}, "notice": {"id"},
	"escalation": {"id"}, "counterpart": {"ticket", "address"}, "foreign_number": {"domain", "number", "ticket"},
	"participant": {"ticket", "address"}, "reply_address": {"id"}, "staff": {"id"}, "ticket": {"id"}, "undeliverable": {"address"},
}

// everyTable puts rows into every table of the record.
func everyTable(t *testing.T, d *ticketstest.Desk) {
	t.Helper()
	taken := answer(d, escalated(t, d).last[sector], "Diterima.")
	taken.Subject = "[BSSN-2026-00123] Laporan"
	d.File(taken)
	if _, err := d.SawMailbox(t.Context(), "report", 7, d.Now()); err != nil {
		t.Fatal(err)
	}
	report := d.Mail(ani, "Situs diretas", "Isi.", func(a *tickets.Arrival) {
		a.Mailbox, a.UIDValidity, a.UID, a.InReplyTo, a.ThreadIndex = "report", 7, 12, []string{"seen@elsewhere.example"}, strings.Repeat("ab", 22)
		a.Attachments = []tickets.Attachment{{Filename: "layar.png", ContentType: "image/png", Size: 3, SHA256: strings.Repeat("ab", 32), Place: "2", ContentID: "c@x"}, {Filename: "log.txt", ContentType: "text/plain", Size: 9, SHA256: strings.Repeat("cd", 32), Place: "3", Inline: true, Decoration: true}}
	})
	n := d.File(report).Ticket
	d.File(signed(d, fd, string(n), "Dokumentasi.", command("verify", "severity=high", "type=phishing", "iiv=yes")))
	d.File(signed(d, fd, string(n), "", command("cc", "dewi@baliprov.example")))
	d.File(signed(d, fd, string(n), "", command("forward", "budi")))
	d.File(signed(d, "budi@csirt.example", string(n), "Kapan mulai?", command("ask")))
	other := d.File(d.Mail("dewi@baliprov.example", "Surel palsu", "Isi.")).Ticket
	d.File(signed(d, fd, string(other), "", command("duplicate", string(n))))
	sent := d.Deliver()
	d.File(bounce(d, "failed", "5.1.1", func(a *tickets.Arrival) { a.Recipients = []string{sent[0].Sender} }))
	d.File(forged(d, fd, n, "", command("set", "severity=low")))                    // asks to confirm
	d.File(d.Mail(ticketstest.Address, "Sendiri", "Isi."))                          // belongs to no ticket
	d.File(signed(d, "wayan@csirt.example", "", "", command("away", "2026-12-24"))) // notices without a ticket
	for range 3 {
		if _, err := d.Faulted(t.Context(), tickets.Arrival{Mailbox: "report", UIDValidity: 7, UID: 13}, errors.New("rusak"), d.Now()); err != nil {
			t.Fatal(err)
		}
	}
	d.Pass(time.Minute)
	d.Deliver()
	d.WantClean()
}

// changes lists values that a column could be given by hand; the first that the database takes is tried.
func changes(v any) []any {
	switch v := v.(type) {
	case int64:
		return []any{v + 1, v - 1, int64(1), int64(2), int64(3), int64(4), int64(5)}
	case string:
		return []any{v + "x", "x"}
	}
	return nil
}

func named(table string, columns []string, values []any) (where string, args []any) {
	var parts []string
	for _, k := range rowsOf[table] {
		parts = append(parts, k+" = ?")
		args = append(args, values[slices.Index(columns, k)])
	}
	return strings.Join(parts, " AND "), args
}

func TestAuditFindsEveryColumnThatWasChangedByHand(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		everyTable(t, d)
		for _, table := range recordTables(t, d) {
			columns, values, err := d.Row(table, strings.Join(rowsOf[table], ", "), 0)
			if err != nil || values == nil {
				t.Errorf("%s: no row to change (%v)", table, err)
				continue
			}
			for i, column := range columns {
				if provesNothing[table+"."+column] == "" && !changed(t, d, table, columns, values, i) {
					t.Errorf("%s.%s was changed by hand, and the audit found nothing", table, column)
				}
			}
		}
		d.WantClean()
	})
}

// recordTables lists the tables whose rows prove something, and fails where one is unknown.
func recordTables(t *testing.T, d *ticketstest.Desk) (tables []string) {
	t.Helper()
	all, err := d.Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range all {
		switch {
		case provesNothing[table+".*"] != "":
		case rowsOf[table] == nil:
			t.Errorf("the table %s is new: let the journal know its rows (sealedTables), or say in this test why they prove nothing", table)
		default:
			tables = append(tables, table)
		}
	}
	return tables
}

// changed changes one column of a row by hand, says whether an audit finds it, and puts it back.
func changed(t *testing.T, d *ticketstest.Desk, table string, columns []string, values []any, i int) bool {
	t.Helper()
	where, args := named(table, columns, values)
	for _, v := range changes(values[i]) {
		if v == values[i] {
			continue
		}
		n, err := d.Exec(`UPDATE `+table+` SET `+columns[i]+` = ? WHERE `+where, append([]any{v}, args...)...)
		if err != nil || n != 1 {
			continue // a constraint of the database is in the way
		}
		found := faults(t, d)
		now := slices.Clone(values)
		now[i] = v
		where, args = named(table, columns, now)
		if n, err := d.Exec(`UPDATE `+table+` SET `+columns[i]+` = ? WHERE `+where, append([]any{values[i]}, args...)...); err != nil || n != 1 {
			t.Fatalf("put %s.%s back: %d rows, %v", table, columns[i], n, err)
		}
		return len(found) > 0
	}
	return true // the database takes no other value
}

func TestAuditFindsEveryRowThatWasTakenAway(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		everyTable(t, d)
		for _, table := range recordTables(t, d) {
			for _, direction := range []string{"", " DESC"} {
				order, taken := strings.Join(rowsOf[table], direction+", ")+direction, false
				for offset := 0; offset < 20 && !taken; offset++ { // some are held by a foreign key
					columns, values, err := d.Row(table, order, offset)
					if err != nil || values == nil {
						break
					}
					where, args := named(table, columns, values)
					if n, err := d.Exec(`DELETE FROM `+table+` WHERE `+where, args...); err != nil || n != 1 {
						continue
					}
					taken = true
					if len(faults(t, d)) == 0 {
						t.Errorf("%s %v was taken away, and the audit found nothing", table, args)
					}
					if err := d.Insert(table, columns, values); err != nil {
						t.Fatalf("put %s back: %v", table, err)
					}
				}
				if !taken && table != "ticket" {
					t.Errorf("%s: no row could be taken away", table)
				}
			}
		}
		d.WantClean()
	})
}

func TestAuditFindsARowThatWasPutIn(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		everyTable(t, d)
		for table := range tickets.SealedTables() {
			columns, values, err := d.Row(table, strings.Join(rowsOf[table], ", "), 0)
			if err != nil || values == nil {
				t.Fatalf("%s: no row (%v)", table, err)
			}
			for i, c := range columns { // another of each that must be unique
				switch {
				case slices.Contains([]string{"number", "message_id", "fingerprint", "address"}, c):
					values[i] = "lain-" + fmt.Sprint(values[i])
				case slices.Contains([]string{"id", "uid", "serial", "uid_validity", "generation"}, c):
					values[i] = values[i].(int64) + 4000
				case table == "confirmation" && c == "message":
					values[i] = values[i].(int64) - 1
				}
			}
			if err := d.Insert(table, columns, values); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
			if len(faults(t, d)) == 0 {
				t.Errorf("a row was put into %s by hand, and the audit found nothing", table)
			}
			where, args := named(table, columns, values)
			if n, err := d.Exec(`DELETE FROM `+table+` WHERE `+where, args...); err != nil || n != 1 {
				t.Fatalf("take %s away again: %d, %v", table, n, err)
			}
		}
		d.WantClean()
	})
}

func TestAuditFindsEventsThatChangedPlaces(t *testing.T) {
	ticketstest.EachStore(t, nationally, func(t *testing.T, d *ticketstest.Desk) {
		everyTable(t, d)
		for _, q := range []string{`UPDATE event SET seq = 900 WHERE ticket = 1 AND seq = 2`, `UPDATE event SET seq = 2 WHERE ticket = 1 AND seq = 3`, `UPDATE event SET seq = 3 WHERE ticket = 1 AND seq = 900`} {
			tamper(t, d, q)
		}
		if len(faults(t, d)) == 0 {
			t.Error("two events changed places, and the audit found nothing")
		}
	})
}

// wholeTicket takes the last ticket away with everything that hangs on it, and its number and its journal too.
func wholeTicket(t *testing.T, d *ticketstest.Desk) {
	t.Helper()
	last, err := d.Count(`SELECT MAX(id) FROM ticket`)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{`DELETE FROM confirmation WHERE ticket = ?`, `DELETE FROM attachment WHERE message IN (SELECT id FROM message WHERE ticket = ?)`,
		`DELETE FROM ledger WHERE message IN (SELECT id FROM message WHERE ticket = ?)`, `DELETE FROM message WHERE ticket = ?`, `DELETE FROM notice WHERE ticket = ?`,
		`DELETE FROM reply_address WHERE ticket = ?`, `DELETE FROM participant WHERE ticket = ?`, `DELETE FROM event WHERE ticket = ?`, `UPDATE counter SET last = last - 1 WHERE ? > 0`,
		`DELETE FROM ticket WHERE id = ?`, `DELETE FROM journal WHERE kind = 'ticket' AND part = ?`, `DELETE FROM chain WHERE kind = 'ticket' AND part = ?`} {
		if _, err := d.Exec(q, last); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func TestTailOfTheRecordThatVanishedWholeIsFoundByTheHeadOfAnEarlierAudit(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		d.File(d.Mail(ani, "Satu", "Isi."))
		d.Deliver()
		first := head(t, d, "")
		d.File(d.Mail(ani, "Dua", "Isi."))
		d.Deliver()
		second := head(t, d, first.Head)
		if len(second.Faults) > 0 || first.Head == second.Head {
			t.Fatalf("from %s to %s: %q", first.Head, second.Head, second.Faults)
		}
		wholeTicket(t, d)
		if got := head(t, d, "").Faults; len(got) > 0 {
			t.Logf("without a head: %q", got)
		}
		if got := head(t, d, first.Head).Faults; len(got) > 0 {
			t.Errorf("the record is a continuation of the first head: %q", got)
		}
		if got := strings.Join(head(t, d, second.Head).Faults, "\n"); !strings.Contains(got, "no continuation of "+second.Head) {
			t.Errorf("the last ticket vanished: %q", got)
		}
		d.File(d.Mail(ani, "Tiga", "Isi.")) // takes its place
		d.Deliver()
		if got := strings.Join(head(t, d, second.Head).Faults, "\n"); !strings.Contains(got, "no continuation of "+second.Head) {
			t.Errorf("another ticket took its place: %q", got)
		}
	})
}

func head(t *testing.T, d *ticketstest.Desk, earlier string) tickets.Audited {
	t.Helper()
	a, err := d.AuditWith(t.Context(), tickets.Auditing{Evidence: d.Evidence, Head: earlier})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestHeadThatIsNoneIsRefused(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for _, h := range []string{"x", "12", "12-", "-" + strings.Repeat("a", 64), "12-" + strings.Repeat("g", 64)} {
			var invalid *tickets.InvalidError
			if _, err := d.AuditWith(t.Context(), tickets.Auditing{Evidence: d.Evidence, Head: h}); !errors.As(err, &invalid) {
				t.Errorf("%q: %v", h, err)
			}
		}
	})
}
