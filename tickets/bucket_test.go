package tickets_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"aduan/tickets"
	"aduan/tickets/ticketstest"
)

func bucket(t *testing.T) (tickets.Evidence, *ticketstest.ObjectStore) {
	t.Helper()
	server := ticketstest.S3(t)
	return openBucket(t, server.URL, ticketstest.BucketKey), server
}

func openBucket(t *testing.T, url string, key tickets.AccessKey) tickets.Evidence {
	t.Helper()
	e, err := tickets.OpenEvidence(url, key)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestBucketKeepsEvidenceUnderItsHash(t *testing.T) {
	e, server := bucket(t)
	if err := e.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, raw := range [][]byte{[]byte("From: x\r\n\r\n\x00\xff"), {}, bytes.Repeat([]byte("surel "), 4_000_000)} {
		for range 2 { // a second time changes nothing
			sum, size, err := tickets.PutEvidence(t.Context(), e, bytes.NewReader(raw))
			if err != nil || size != int64(len(raw)) {
				t.Fatalf("%d bytes: %d, %v", len(raw), size, err)
			}
			if got := readEvidence(t, e, sum); !bytes.Equal(got, raw) {
				t.Errorf("%d of %d bytes came back, or others", len(got), len(raw))
			}
			if _, err := os.Stat(filepath.Join(server.Folder, sum[:2], sum)); err != nil {
				t.Error(err)
			}
		}
	}
}

func readEvidence(t *testing.T, e tickets.Evidence, sum string) []byte {
	t.Helper()
	r, err := e.Open(t.Context(), sum)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBucketKeepsManyDraftsTogetherBelowAPrefix(t *testing.T) {
	server := ticketstest.S3(t)
	e := openBucket(t, strings.Replace(server.URL, "evidence?", "evidence/bali/csirt?", 1), ticketstest.BucketKey)
	var drafts []tickets.Draft
	for i := range 50 {
		d, err := e.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer d.Discard()
		d.Write(bytes.Repeat([]byte{byte(i)}, 1000*i))
		drafts = append(drafts, d)
	}
	for range 2 {
		if err := e.Keep(t.Context(), drafts...); err != nil {
			t.Fatal(err)
		}
	}
	for i, d := range drafts {
		if got := readEvidence(t, e, d.Sum()); len(got) != 1000*i {
			t.Errorf("piece %d has %d bytes", i, len(got))
		}
		if _, err := os.Stat(filepath.Join(server.Folder, "bali", "csirt", d.Sum()[:2], d.Sum())); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatABucketDoesNotHoldIsNotFound(t *testing.T) {
	e, _ := bucket(t)
	for _, sum := range []string{"", "..", "../../new/check", strings.Repeat("a", 63), strings.Repeat("a", 64)} {
		if _, err := e.Open(t.Context(), sum); !errors.Is(err, tickets.ErrNotFound) {
			t.Errorf("%q: %v", sum, err)
		}
	}
}

func TestDraftsOfABucketLeaveNoFileBehind(t *testing.T) {
	e, _ := bucket(t)
	t.Setenv("TMPDIR", t.TempDir())
	d, err := e.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); runtime.GOOS == "linux" && len(left) != 0 {
		t.Errorf("%d files would outlive a crash", len(left))
	}
	d.Write([]byte("x"))
	d.Discard()
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
	if _, err := e.Open(t.Context(), d.Sum()); !errors.Is(err, tickets.ErrNotFound) {
		t.Errorf("a discarded draft is there: %v", err)
	}
}

func TestBucketThatGoesAwayFailsAndTheSameDraftIsKeptLater(t *testing.T) {
	e, server := bucket(t)
	d, err := e.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Discard()
	d.Write([]byte("surel"))
	server.Stop()
	if err := e.Keep(t.Context(), d); err == nil {
		t.Fatal("kept where no server is")
	}
	if err := e.Check(t.Context()); err == nil {
		t.Error("a server that is away can be written")
	}
	if _, err := e.Open(t.Context(), d.Sum()); err == nil || errors.Is(err, tickets.ErrNotFound) {
		t.Errorf("a server that is away says nothing of what it holds, not: %v", err)
	}
	server.Start()
	if err := e.Keep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got := readEvidence(t, e, d.Sum()); string(got) != "surel" {
		t.Errorf("%q", got)
	}
}

func TestServerThatHangsIsNotWaitedForWithoutEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := openBucket(t, "s3://evidence?region=x&endpoint=http://"+l.Addr().String(), ticketstest.BucketKey)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := e.Check(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, _, err := tickets.PutEvidence(ctx, e, strings.NewReader("surel")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestCheckOfABucketSaysWhatToDo(t *testing.T) {
	server := ticketstest.S3(t)
	for _, c := range []struct {
		url, want string
		key       tickets.AccessKey
	}{
		{strings.Replace(server.URL, "//evidence", "//other", 1), "there is no bucket other", ticketstest.BucketKey},
		{server.URL, "access_key", tickets.AccessKey{ID: "nobody", Secret: "x"}},
		{server.URL, "access_key", tickets.AccessKey{ID: ticketstest.BucketKey.ID, Secret: "wrong"}},
	} {
		if err := openBucket(t, c.url, c.key).Check(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v", c.url, c.key, err)
		}
	}
}

// BenchmarkBucket tells what a batch of mails costs on a server of the same machine.
func BenchmarkBucket(b *testing.B) {
	server := ticketstest.S3(b)
	e, err := tickets.OpenEvidence(server.URL, ticketstest.BucketKey)
	if err != nil {
		b.Fatal(err)
	}
	raw := make([]byte, 137_000)
	b.SetBytes(50 * int64(len(raw)))
	for b.Loop() {
		var drafts []tickets.Draft
		for range 50 {
			rand.Read(raw[:32])
			d, err := e.Create(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			d.Write(raw)
			drafts = append(drafts, d)
		}
		if err := e.Keep(b.Context(), drafts...); err != nil {
			b.Fatal(err)
		}
	}
}
