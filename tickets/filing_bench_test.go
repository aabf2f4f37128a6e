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
