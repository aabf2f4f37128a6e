package tickets_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// BenchmarkFile takes in new reports in batches of fifty, each with an acknowledgement and word to Front Desk; an operation
// is one mail. What is measured beside the time is the record's: no mail is read and no evidence written.
func BenchmarkFile(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "aduan.db") },
		"postgres": func() string { return ticketstest.PostgreSQL(b) },
	} {
		b.Run(name, func(b *testing.B) {
			d := ticketstest.Open(b, url(), nil)
			one := d.Mail("warga@dinas.baliprov.example", "Situs diretas", strings.Repeat("Halaman depan diganti. ", 90))
			one.Attachments = []tickets.Attachment{{Filename: "layar.png", ContentType: "image/png", Size: 100_000, SHA256: strings.Repeat("ab", 32), Place: "2"}}
			var batch []tickets.Arrival
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				a := one
				a.From.Address = fmt.Sprintf("warga%d@dinas%d.baliprov.example", n, n%40)
				a.MessageID, a.SHA256, a.Fingerprint = fmt.Sprintf("m%d@bench.example", n), fmt.Sprintf("%064x", n), fmt.Sprintf("%064x", n)
				a.Mailbox, a.UIDValidity, a.UID = "report", 7, uint32(n+1)
				batch = append(batch, a)
				if len(batch) == 50 {
					if _, err := d.Store.File(b.Context(), d.Now(), batch...); err != nil {
						b.Fatal(err)
					}
					batch = batch[:0]
				}
			}
		})
	}
}

// BenchmarkJoin files answers in a record of a thousand tickets, each of which finds its ticket in another way; an operation
// is one mail in a transaction of its own.
func BenchmarkJoin(b *testing.B) {
	for about, find := range map[string]func(*tickets.Arrival, tickets.Notice){
		"reply address": func(a *tickets.Arrival, n tickets.Notice) { a.Recipients = []string{n.ReplyTo} },
		"References":    func(a *tickets.Arrival, n tickets.Notice) { a.References = []string{n.MessageID} },
		"subject":       func(a *tickets.Arrival, n tickets.Notice) { a.Subject = "Re: " + n.Subject },
	} {
		b.Run(about, func(b *testing.B) {
			d := ticketstest.Open(b, "sqlite:"+filepath.Join(b.TempDir(), "aduan.db"), uncapped)
			for n := range 1000 {
				d.File(d.Mail(fmt.Sprintf("warga%d@dinas.baliprov.example", n), "Situs diretas", "Halaman depan diganti."))
			}
			var acknowledged []tickets.Notice
			for _, n := range d.Deliver() {
				if n.Kind == tickets.KindAcknowledged {
					acknowledged = append(acknowledged, n)
				}
			}
			var answers []tickets.Arrival
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if len(answers) == 0 {
					b.StopTimer()
					for i, to := range acknowledged {
						a := d.Mail(to.To.Address, "Jawaban", "Masih begitu.", func(a *tickets.Arrival) { find(a, to) })
						a.Fingerprint = fmt.Sprintf("%064x", n+i)
						answers = append(answers, a)
					}
					b.StartTimer()
				}
				if out := d.File(answers[0]); out.Ticket == "" || out.Opened {
					b.Fatalf("the answer found no ticket: %+v", out)
				}
				answers = answers[1:]
			}
		})
	}
}
