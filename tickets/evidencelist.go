package tickets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// EvidencePiece is a piece of evidence as its store lists it.
type EvidencePiece struct {
	SHA256  string // its name; "" where that is none
	Place   string // where it lies, for people
	Size    int64  // bytes
	Changed time.Time
}

// EvidenceLister is an Evidence that can tell what it holds. Each calls each for everything that lies in the store, drafts
// excepted, in no order; what came while it lists may be left out.
type EvidenceLister interface {
	Each(ctx context.Context, each func(EvidencePiece) error) error
}

// Each implements EvidenceLister.
func (f *Folder) Each(ctx context.Context, each func(EvidencePiece) error) error {
	err := filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // a draft that is gone
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() && path == filepath.Join(f.root, "new"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		p := EvidencePiece{Place: path, Size: info.Size(), Changed: info.ModTime()}
		if name, place := d.Name(), f.below(path); isPlace(place, name) && info.Mode().IsRegular() {
			p.SHA256 = name
		}
		return each(p)
	})
	if err != nil {
		return fmt.Errorf("list the evidence: %w", err)
	}
	return nil
}

// below is a path below the root, with slashes; "" for one that is not.
func (f *Folder) below(file string) string {
	place, err := filepath.Rel(f.root, file)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(place)
}
