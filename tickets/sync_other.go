//go:build !linux

package tickets

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// syncFileSystem syncs what was written lately file by file: only Linux can sync one file system at once.
func syncFileSystem(path string) error {
	recent := time.Now().Add(-10 * time.Minute)
	return filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("walk evidence: %w", err)
		}
		if info, err := e.Info(); err != nil || (!e.IsDir() && info.ModTime().Before(recent)) {
			return nil
		}
		file, err := os.Open(name)
		if err != nil {
			return nil // moved meanwhile
		}
		defer file.Close()
		return file.Sync()
	})
}
