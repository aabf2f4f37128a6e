package tickets

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// nameless is what files that openNameless opened are called.
const nameless = "(nameless)"

// openNameless opens a file in a folder's file system that has no name (O_TMPFILE) and goes when it is closed. Beside the
// safety it is faster: making a name and changing it lock a folder each.
func openNameless(folder string) (*os.File, error) {
	fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open a nameless file in", Path: folder, Err: err}
	}
	file := os.NewFile(uintptr(fd), filepath.Join(folder, nameless))
	if _, err := os.Stat(handle(file)); err != nil { // no /proc: it could never be named
		file.Close()
		return nil, fmt.Errorf("look at the nameless file: %w", err)
	}
	return file, nil
}

func isNameless(file *os.File) bool { return filepath.Base(file.Name()) == nameless }

// linkNameless gives a nameless file a name; fs.ErrExist where that is taken.
func linkNameless(file *os.File, name string) error {
	if err := unix.Linkat(unix.AT_FDCWD, handle(file), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.LinkError{Op: "link", Old: file.Name(), New: name, Err: err}
	}
	return nil
}

func handle(file *os.File) string { return "/proc/self/fd/" + strconv.Itoa(int(file.Fd())) }
