package tickets_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"aduan/tickets"
)

func folder(t *testing.T) (*tickets.Folder, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "evidence")
	f, err := tickets.NewFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	return f, root
}

func TestEvidenceIsKeptUnderItsHash(t *testing.T) {
	f, root := folder(t)
	raw := []byte("From: x\r\n\r\n\x00\xff")
	sum, size, err := tickets.PutEvidence(t.Context(), f, bytes.NewReader(raw))
	want := sha256.Sum256(raw)
	if err != nil || sum != hex.EncodeToString(want[:]) || size != int64(len(raw)) {
		t.Fatalf("%s, %d, %v", sum, size, err)
	}
	r, err := f.Open(t.Context(), sum)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("read %q, %v", got, err)
	}
	left, err := os.ReadDir(filepath.Join(root, "new"))
	if err != nil || len(left) != 0 {
		t.Errorf("%d drafts are left, %v", len(left), err)
	}
	if info, err := os.Stat(root); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v; only the owner may read it", info.Mode(), err)
	}
}

func TestEvidenceOfEarlierVersionsIsReadAndListedWhereItLies(t *testing.T) {
	kept, root := folder(t)
	e, server := bucket(t)
	sum := sha256.Sum256([]byte("surel lama"))
	name := hex.EncodeToString(sum[:])
	for below, store := range map[string]tickets.Evidence{root: kept, server.Folder: e} {
		deep := filepath.Join(below, name[:2], name[2:4])
		if err := os.MkdirAll(deep, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(deep, name), []byte("surel lama"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := readEvidence(t, store, name); string(got) != "surel lama" {
			t.Errorf("%T reads %q", store, got)
		}
		var listed []string
		err := store.(tickets.EvidenceLister).Each(t.Context(), func(p tickets.EvidencePiece) error {
			listed = append(listed, p.SHA256)
			return nil
		})
		if err != nil || len(listed) != 1 || listed[0] != name {
			t.Errorf("%T lists %q, %v", store, listed, err)
		}
	}
}

func TestSameEvidenceTwiceIsOnePieceAndMendsATornOne(t *testing.T) {
	f, root := folder(t)
	sum, _, err := tickets.PutEvidence(t.Context(), f, strings.NewReader("surel"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, sum[:2], sum)
	if err := os.WriteFile(file, []byte("su"), 0o600); err != nil { // as a crash may leave it
		t.Fatal(err)
	}
	if again, _, err := tickets.PutEvidence(t.Context(), f, strings.NewReader("surel")); err != nil || again != sum {
		t.Fatalf("%s, %v", again, err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "surel" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestManyDraftsAreKeptTogether(t *testing.T) {
	f, _ := folder(t)
	var drafts []tickets.Draft
	for i := range 9 {
		d, err := f.Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer d.Discard()
		if _, err := d.Write(bytes.Repeat([]byte{byte(i)}, i)); err != nil {
			t.Fatal(err)
		}
		drafts = append(drafts, d)
	}
	for range 2 { // keeping again changes nothing
		if err := f.Keep(t.Context(), drafts...); err != nil {
			t.Fatal(err)
		}
	}
	for i, d := range drafts {
		if d.Size() != int64(i) {
			t.Errorf("draft %d has %d bytes", i, d.Size())
		}
		r, err := f.Open(t.Context(), d.Sum())
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
}

func TestDiscardedDraftLeavesNothing(t *testing.T) {
	f, root := folder(t)
	d, err := f.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.Write([]byte("x"))
	d.Discard()
	if _, err := f.Open(t.Context(), d.Sum()); !errors.Is(err, tickets.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(root, "new")); len(left) != 0 {
		t.Errorf("%d drafts are left", len(left))
	}
}

func TestNameThatIsNoHashIsNotFound(t *testing.T) {
	f, _ := folder(t)
	for _, sum := range []string{"", "..", "../../etc/passwd", strings.Repeat("Z", 64), strings.Repeat("a", 63), strings.Repeat("a", 64)} {
		if _, err := f.Open(t.Context(), sum); !errors.Is(err, tickets.ErrNotFound) {
			t.Errorf("%q: %v", sum, err)
		}
	}
}

func TestFolderThatWasTidiedIsMadeAgain(t *testing.T) {
	f, root := folder(t)
	if err := os.RemoveAll(root); err != nil {
		t.Fatal(err)
	}
	if _, _, err := tickets.PutEvidence(t.Context(), f, strings.NewReader("surel")); err != nil {
		t.Error(err)
	}
	if err := f.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSamePieceKeptByManyAtOnce(t *testing.T) {
	f, _ := folder(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, _, err := tickets.PutEvidence(t.Context(), f, strings.NewReader("surel")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestEvidenceURLThatNamesNoFolderIsRefused(t *testing.T) {
	for _, url := range []string{"", "file:", "s3:", "s3://?endpoint=x", "s3://b?endpont=x", "s3://id:key@b", "s3://b?endpoint=ftp://x", "http://x", "%"} {
		if _, err := tickets.OpenEvidence(url, tickets.AccessKey{}); err == nil {
			t.Errorf("%q was opened", url)
		}
	}
}
