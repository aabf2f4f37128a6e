package tickets_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

// oneMail is an evidence store that holds one mail, under its hash.
type oneMail struct {
	tickets.Evidence
	raw []byte
}

func (o oneMail) Open(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(o.raw)), nil
}

func (o oneMail) arrival(n int, at time.Time) tickets.Arrival {
	sum := sha256.Sum256(o.raw)
	a := tickets.Arrival{At: at, Mailbox: "report", UIDValidity: 1, UID: uint32(n + 1)}
	a.From, a.Froms = tickets.Address{Address: fmt.Sprintf("ani%d@dinkes.baliprov.example", n)}, 1
	a.Subject, a.Text = fmt.Sprintf("laporan %d", n), strings.Repeat("Halaman depan situs kami diganti sejak pagi tadi. ", 20)
	a.NewText, a.Body = a.Text, a.Text
	a.MessageID, a.Fingerprint = fmt.Sprintf("m%d@dinkes.baliprov.example", n), fmt.Sprintf("f%d", n)
	a.SHA256, a.Size = hex.EncodeToString(sum[:]), int64(len(o.raw))
	return a
}

// The size of the record is ADUAN_AUDIT_TICKETS where that is set; 1,500 tickets suffice to see whether memory grows with it.
func TestMemoryOfAnAuditDoesNotGrowWithTheRecord(t *testing.T) {
	total := 1500
	if n, err := strconv.Atoi(os.Getenv("ADUAN_AUDIT_TICKETS")); err == nil {
		total = n
	}
	ticketstest.EachStore(t, uncapped, func(t *testing.T, d *ticketstest.Desk) {
		evidence, begun := oneMail{d.Evidence, bytes.Repeat([]byte("x"), 2000)}, time.Now()
		for n := 0; n < total; n += 50 {
			var batch []tickets.Arrival
			for i := n; i < min(total, n+50); i++ {
				batch = append(batch, evidence.arrival(i, d.Now()))
			}
			if _, err := d.Store.File(t.Context(), d.Now(), batch...); err != nil {
				t.Fatal(err)
			}
		}
		filed := time.Since(begun)
		var first, most uint64
		begun = time.Now()
		a, err := d.AuditWith(t.Context(), tickets.Auditing{Evidence: evidence, Progress: func(done, _ int) {
			if done%250 > 0 && done != 50 {
				return
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			if first == 0 {
				first = m.HeapAlloc
			}
			most = max(most, m.HeapAlloc)
		}})
		if err != nil || len(a.Faults) > 0 || a.Tickets != total || a.Messages != total || a.Ledger != total {
			t.Fatalf("%+v, %v", a, err)
		}
		t.Logf("%d tickets: filed in %v, audited in %v, live heap %.1f MB after the first page and %.1f MB at most, %s", total, filed, time.Since(begun), float64(first)/1e6, float64(most)/1e6, highWater())
		if most > first+8<<20 {
			t.Errorf("the live heap grew from %d to %d bytes", first, most)
		}
	})
}

// highWater is the most memory that the process ever held, on Linux.
func highWater() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "peak not known"
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmHWM") {
			return "peak of the whole test " + strings.Join(strings.Fields(line)[1:], " ")
		}
	}
	return "peak not known"
}
