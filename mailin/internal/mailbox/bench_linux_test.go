package mailbox

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"aduan/mailin/dovecottest"
)

// BenchmarkDovecot takes in b.N mails of 137 KB that wait in a Maildir: once with the bytes
// thrown away, once written to files with one sync for each batch.
func BenchmarkDovecot(b *testing.B) {
	body := "From: pelapor@dinas.example\r\nSubject: laporan\r\n\r\n" + strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 137*1024/78)
	for _, row := range []struct {
		about  string
		urgent func(context.Context, [][]byte) []Urgency
		batch  func(dir string) *sink
	}{
		{"thrown away", nil, func(string) *sink { return &sink{} }},
		{"thrown away, headers looked at", func(context.Context, [][]byte) []Urgency { return nil }, func(string) *sink { return &sink{} }},
		{"written and synced", nil, func(dir string) *sink { return &sink{dir: dir} }},
	} {
		b.Run(row.about, func(b *testing.B) {
			s := dovecottest.Start(b, dovecottest.Config{Users: map[string]string{testUser: testPassword}})
			for range b.N {
				s.Deliver(b, testUser, []byte(body))
			}
			in := row.batch(b.TempDir())
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			cfg := Config{Name: "report", Addr: s.Addr, TLS: Plain, Username: testUser, Password: testPassword,
				Processed: processed, Failed: failed, Urgent: row.urgent, Logger: slog.New(slog.DiscardHandler)}
			cfg.Status = func(st Status) {
				// All is well only once the first round is over and everything is moved.
				if st.Trouble == "" {
					cancel()
				}
			}
			b.ResetTimer()
			begun, cpu := time.Now(), processor(b)
			if err := Run(ctx, cfg, in); err != nil {
				b.Fatal(err)
			}
			if n := in.filed.Load(); n != int64(b.N) {
				b.Fatalf("filed %d of %d", n, b.N)
			}
			b.ReportMetric(float64(b.N)/time.Since(begun).Seconds(), "mails/s")
			b.ReportMetric(float64((processor(b)-cpu).Microseconds())/float64(b.N), "cpu-µs/mail")
		})
	}
}

// processor is the time that this process had of the processors.
func processor(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// sink is the least that an intake can do.
type sink struct {
	dir   string // empty throws the mails away
	filed atomic.Int64
}

func (s *sink) Selected(context.Context, Selection) error { return nil }

func (s *sink) Known(context.Context, Selection, []uint32) (map[uint32]Verdict, error) {
	return nil, nil
}

func (s *sink) Begin(context.Context, Selection) (Batch, error) { return &sinkBatch{sink: s}, nil }

type sinkBatch struct {
	sink *sink
	uids []uint32
	last *os.File
}

func (b *sinkBatch) Stage(_ context.Context, e Envelope, r io.Reader) error {
	b.uids = append(b.uids, e.UID)
	if b.sink.dir == "" {
		_, err := io.Copy(io.Discard, r)
		return err
	}
	f, err := os.Create(filepath.Join(b.sink.dir, fmt.Sprint(e.UID)))
	if err != nil {
		return err
	}
	if b.last != nil {
		b.last.Close()
	}
	b.last = f
	_, err = io.Copy(f, r)
	return err
}

func (b *sinkBatch) File(context.Context) (map[uint32]Verdict, error) {
	if b.last != nil {
		if err := unix.Syncfs(int(b.last.Fd())); err != nil {
			return nil, err
		}
		b.last.Close()
	}
	verdicts := map[uint32]Verdict{}
	for _, uid := range b.uids {
		verdicts[uid] = Done
	}
	b.sink.filed.Add(int64(len(b.uids)))
	return verdicts, nil
}

func (b *sinkBatch) Discard() {}
