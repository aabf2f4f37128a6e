package tickets

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// syncFileSystem makes everything that was written to the file system of path durable: one wait for any number of files.
func syncFileSystem(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open evidence folder: %w", err)
	}
	defer dir.Close()
	if err := unix.Syncfs(int(dir.Fd())); err != nil {
		return fmt.Errorf("sync the evidence's file system: %w", err)
	}
	return nil
}
