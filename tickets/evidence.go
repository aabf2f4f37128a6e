package tickets

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aduan/tickets/waypoint"
)

// Evidence keeps mails as they came, under the SHA-256 of their bytes. What Keep has returned for survives a crash.
type Evidence interface {
	// Create begins a new piece.
	Create(ctx context.Context) (Draft, error)
	// Keep makes drafts durable under their hashes, all of them or an error; it pays the price of the disk once for all.
	Keep(ctx context.Context, drafts ...Draft) error
	// Open reads a piece; the error is ErrNotFound where there is none.
	Open(ctx context.Context, sha256 string) (io.ReadCloser, error)
	// Check says whether the store can be written now.
	Check(ctx context.Context) error
}

// Draft is a piece of evidence that is being written. Discard it or Keep it.
type Draft interface {
	io.Writer
	// Sum is the SHA-256 (hex) of what was written so far.
	Sum() string
	// Size is how many bytes were written so far.
	Size() int64
	// Discard drops the draft; after Keep it does nothing.
	Discard()
}

// PutEvidence keeps what r holds and returns its hash and size.
func PutEvidence(ctx context.Context, e Evidence, r io.Reader) (sum string, size int64, err error) {
	d, err := e.Create(ctx)
	if err != nil {
		return "", 0, err
	}
	defer d.Discard()
	if _, err := io.Copy(d, r); err != nil {
		return "", 0, fmt.Errorf("write evidence: %w", err)
	}
	if err := e.Keep(ctx, d); err != nil {
		return "", 0, err
	}
	return d.Sum(), d.Size(), nil
}

// OpenEvidence opens the store that a URL of the settings names: file:FOLDER, or s3://BUCKET?endpoint=URL, which the key opens.
func OpenEvidence(rawURL string, key AccessKey) (Evidence, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("read evidence.url: %w", err)
	}
	switch u.Scheme {
	case "s3":
		return NewBucket(u, key)
	case "file":
	default:
		return nil, fmt.Errorf("evidence.url %q: give file:FOLDER or s3://BUCKET?endpoint=https://HOST", rawURL)
	}
	folder := u.Opaque
	if folder == "" {
		folder = u.Path
	}
	return NewFolder(folder)
}

// Folder is an evidence store on a local disk: ab/abcd… below its root. A second level of folders would make a new one for nearly
// every mail of the first thousands, which costs more than the mail itself.
type Folder struct{ root string }

// NewFolder opens the store in a folder, which it creates; only the owner may read it.
func NewFolder(root string) (*Folder, error) {
	if root == "" {
		return nil, errors.New("evidence.url names no folder: give file:FOLDER")
	}
	if err := os.MkdirAll(filepath.Join(root, "new"), 0o700); err != nil {
		return nil, fmt.Errorf("create the evidence folder: %w", err)
	}
	return &Folder{root}, nil
}

// Create implements Evidence.
func (f *Folder) Create(ctx context.Context) (Draft, error) {
	file, err := f.begin()
	if errors.Is(err, fs.ErrNotExist) { // somebody tidied up
		if err = os.MkdirAll(filepath.Join(f.root, "new"), 0o700); err == nil {
			file, err = f.begin()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("begin evidence: %w", err)
	}
	waypoint.Pass(ctx, waypoint.EvidenceBegun)
	return &fileDraft{file: file, hash: sha256.New()}, nil
}

// begin opens a file for a draft: one without a name where the system has such, which no crash leaves behind.
func (f *Folder) begin() (*os.File, error) {
	folder := filepath.Join(f.root, "new")
	if file, err := openNameless(folder); err == nil {
		return file, nil
	}
	return os.CreateTemp(folder, "*")
}

// syncAll is the number of drafts from which one sync of the whole file system is cheaper than one for each file.
const syncAll = 4

// Keep implements Evidence. Nothing is skipped because a file of that name is there: it may be the torn one of a crash.
func (f *Folder) Keep(ctx context.Context, drafts ...Draft) error {
	folders := map[string]bool{}
	for _, d := range drafts {
		if err := f.name(ctx, d.(*fileDraft), len(drafts) < syncAll, folders); err != nil {
			return err
		}
	}
	waypoint.Pass(ctx, waypoint.EvidenceNamed)
	if len(drafts) >= syncAll {
		if err := syncFileSystem(f.root); err != nil {
			return err
		}
	} else {
		for folder := range folders {
			if err := syncFolder(folder); err != nil {
				return err
			}
		}
	}
	waypoint.Pass(ctx, waypoint.EvidenceKept)
	return nil
}

// name moves a draft to its name and adds the folders that changed. What takes the place of a file is synced before, even
// where all will be synced after: the file may be whole and on record, and must not be lost with the power.
func (f *Folder) name(ctx context.Context, d *fileDraft, sync bool, folders map[string]bool) error {
	if d.kept {
		return nil
	}
	name := f.path(d.Sum())
	if _, err := os.Lstat(name); sync || err == nil {
		if err := d.file.Sync(); err != nil {
			return fmt.Errorf("sync evidence: %w", err)
		}
		waypoint.Pass(ctx, waypoint.EvidenceSynced)
	}
	folder := filepath.Dir(name)
	if _, err := os.Lstat(folder); err != nil { // its own name has to be durable too
		folders[f.root], folders[filepath.Dir(folder)] = true, true
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("create evidence folder: %w", err)
	}
	if err := f.rename(d.file, name); err != nil {
		return fmt.Errorf("name evidence: %w", err)
	}
	if err := d.file.Close(); err != nil {
		return fmt.Errorf("close evidence: %w", err)
	}
	d.kept, folders[folder] = true, true
	return nil
}

// rename gives a draft its name. A file that has it already is replaced, as another may be reading it.
func (f *Folder) rename(draft *os.File, name string) error {
	if !isNameless(draft) {
		return os.Rename(draft.Name(), name)
	}
	err := linkNameless(draft, name)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	beside := filepath.Join(f.root, "new", filepath.Base(name)+"-"+rand.Text())
	if err := linkNameless(draft, beside); err != nil {
		return err
	}
	return os.Rename(beside, name)
}

// Open implements Evidence.
func (f *Folder) Open(_ context.Context, sum string) (io.ReadCloser, error) {
	if !isSum(sum) {
		return nil, fmt.Errorf("open evidence %q: %w", sum, ErrNotFound)
	}
	var file *os.File
	var err error
	for _, place := range places(sum) {
		if file, err = os.Open(filepath.Join(f.root, filepath.FromSlash(place))); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open evidence %s: %w", sum, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open evidence: %w", err)
	}
	return file, nil
}

// Check implements Evidence.
func (f *Folder) Check(ctx context.Context) error {
	d, err := f.Create(ctx)
	if err != nil {
		return err
	}
	defer d.Discard()
	_, err = d.Write([]byte("check"))
	return err
}

// isSum says whether text is a hash as Sum writes it, and nothing that could name another place.
func isSum(text string) bool {
	return len(text) == 2*sha256.Size && strings.Trim(text, "0123456789abcdef") == ""
}

// places are where a piece may lie below the root of a store, with slashes: the first is where it is put, the other where earlier
// versions put it. Nothing is moved, and what was copied from one kind of store to another is found there too.
func places(sum string) []string {
	return []string{sum[:2] + "/" + sum, sum[:2] + "/" + sum[2:4] + "/" + sum}
}

// isPlace says whether a piece lies where it is looked for; place is below the root, with slashes.
func isPlace(place, sum string) bool { return isSum(sum) && slices.Contains(places(sum), place) }

func (f *Folder) path(sum string) string {
	return filepath.Join(f.root, filepath.FromSlash(places(sum)[0]))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open evidence folder: %w", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("sync evidence folder: %w", err)
	}
	return nil
}

type fileDraft struct {
	file *os.File
	hash hash.Hash
	size int64
	kept bool
}

func (d *fileDraft) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	d.hash.Write(p[:n])
	d.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("write evidence: %w", err)
	}
	return n, nil
}

func (d *fileDraft) Sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }

func (d *fileDraft) Size() int64 { return d.size }

func (d *fileDraft) Discard() {
	if !d.kept {
		d.drop()
	}
}

func (d *fileDraft) drop() {
	d.file.Close()
	if !isNameless(d.file) {
		os.Remove(d.file.Name())
	}
}
