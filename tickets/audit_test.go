package tickets_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func TestAuditFindsEveryKindOfTampering(t *testing.T) {
	rows := []struct {
		about string
		query string
		words string
	}{
		{"an event's data", `UPDATE event SET data = '{"message": 1}' WHERE seq = 2`, "was changed"},
		{"an event's actor", `UPDATE event SET actor = 'x@y.example' WHERE seq = 3`, "was changed"},
		{"an event's time", `UPDATE event SET at = at + 1 WHERE seq = 1`, "was changed"},
		{"an event's state", `UPDATE event SET to_state = 'closed' WHERE seq = 2`, "was changed"},
		{"an event's hash", `UPDATE event SET hash = prev WHERE seq = 2`, "event 2"},
		{"an event's link", `UPDATE event SET prev = hash WHERE seq = 3`, "does not follow"},
		{"the last event gone", `DELETE FROM event WHERE seq = (SELECT MAX(seq) FROM event)`, "last events are missing"},
		{"an event in the middle gone", `DELETE FROM event WHERE seq = 2`, "event 2 is missing"},
		{"all events gone", `DELETE FROM event`, "no events"},
		{"the ticket's state", `UPDATE ticket SET state = 'rejected'`, "its events say"},
		{"a message gone", `DELETE FROM message WHERE id = 2`, "message 2 is missing"},
		{"a mail that was sent gone", `DELETE FROM message WHERE direction = 'out'`, "that was sent is missing"},
		{"a message's text", `UPDATE message SET text = 'Lain.' WHERE id = 1`, "was changed"},
		{"a message's passed-on text", `UPDATE message SET body = 'Lain.' WHERE id = 1`, "was changed"},
		{"a message's sender", `UPDATE message SET from_address = 'x@y.example' WHERE id = 1`, "was changed"},
		{"a message's proof", `UPDATE message SET proof = 'dkim' WHERE id = 1`, "was changed"},
		{"a message's visibility", `UPDATE message SET visibility = 'internal' WHERE id = 1`, "its events say public"},
		{"a message's text and digest", `UPDATE message SET text = 'Lain.', digest = 'x' WHERE id = 1`, "message 1"},
		{"a mail that went out, in text", `UPDATE message SET text = 'Lain.' WHERE direction = 'out'`, "was changed"},
		{"a message moved to no ticket", `UPDATE message SET ticket = 0 WHERE id = 1`, "message 1 is missing"},
		{"a message put in", `INSERT INTO message (ticket, at, direction, visibility, from_address, from_name, recipients, subject, text, new_text, body, automatic, proof, proof_detail, sha256, size, message_id, fingerprint, digest)
			SELECT ticket, at, direction, visibility, from_address, from_name, recipients, subject, text, new_text, body, automatic, proof, proof_detail, sha256, size, message_id, 'other', digest FROM message WHERE id = 2`, "named by no event"},
		{"an attachment's name", `UPDATE attachment SET filename = 'lain.png'`, "was changed"},
		{"an attachment gone", `DELETE FROM attachment`, "was changed"},
		{"a ticket gone", `UPDATE counter SET last = last + 1`, "numbers were given"},
	}
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		for _, row := range rows {
			t.Run(row.about, func(t *testing.T) {
				d := fresh(t, d)
				caseWithAttachment(t, d)
				tamper(t, d, row.query)
				if got := strings.Join(faults(t, d), "\n"); !strings.Contains(got, row.words) {
					t.Errorf("found %q, want %q", got, row.words)
				}
			})
		}
	})
}

// fresh opens another empty store on the same kind of database.
func fresh(t *testing.T, d *ticketstest.Desk) *ticketstest.Desk {
	t.Helper()
	if strings.HasPrefix(d.URL, "sqlite:") {
		return ticketstest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "aduan.db"), nil)
	}
	return ticketstest.Open(t, ticketstest.PostgreSQL(t), nil)
}

func caseWithAttachment(t *testing.T, d *ticketstest.Desk) tickets.Number {
	t.Helper()
	out := d.File(d.Mail(ani, "Situs diretas", "Isi.", func(a *tickets.Arrival) {
		a.Attachments = []tickets.Attachment{{Filename: "layar.png", ContentType: "image/png", Size: 3, SHA256: strings.Repeat("ab", 32), Place: "2"}}
	}))
	d.File(signed(d, fd, string(out.Ticket), "Dokumentasi.", command("verify")))
	d.Deliver()
	d.WantClean()
	return out.Ticket
}

func TestAuditFindsChangedAndMissingEvidence(t *testing.T) {
	ticketstest.EachStore(t, nil, func(t *testing.T, d *ticketstest.Desk) {
		n := caseWithAttachment(t, d)
		sum := d.Show(n).Messages[0].SHA256
		folder := t.TempDir()
		copied, err := tickets.NewFolder(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range d.Show(n).Messages {
			if _, _, err := tickets.PutEvidence(t.Context(), copied, strings.NewReader(d.Read(m.SHA256))); err != nil {
				t.Fatal(err)
			}
		}
		d.Evidence = copied
		d.WantClean()
		file := filepath.Join(folder, sum[:2], sum)
		if err := os.Chmod(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("lain"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(faults(t, d), "\n"); !strings.Contains(got, sum+") was changed") {
			t.Errorf("found %q", got)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(faults(t, d), "\n"); !strings.Contains(got, sum+") is missing") {
			t.Errorf("found %q", got)
		}
	})
}

func TestAuditCountsWhatItLookedAt(t *testing.T) {
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		for range 3 {
			in(t, d, c)
		}
		d.File(d.Mail(ticketstest.Address, "Sendiri", "Isi.")) // belongs to no ticket
		a, err := d.Audit(t.Context(), d.Evidence)
		if err != nil || a.Tickets != 3 || a.Events == 0 || len(a.Faults) > 0 {
			t.Errorf("audited %+v, %v", a, err)
		}
		tamper(t, d, `UPDATE message SET text = 'Lain.' WHERE ticket = 0`)
		if got := strings.Join(faults(t, d), "\n"); !strings.Contains(got, "without a ticket was changed") {
			t.Errorf("found %q", got)
		}
		if n, _ := d.Count(`SELECT COUNT(*) FROM message`); a.Messages != int(n) {
			t.Errorf("looked at %d messages of %d", a.Messages, n)
		}
	})
}
