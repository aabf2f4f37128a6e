package doctor

import "golang.org/x/sys/unix"

// Free is how many bytes this user may still write at a path; known is false where the system does not say.
func Free(path string) (bytes int64, known bool) {
	var s unix.Statfs_t
	if unix.Statfs(path, &s) != nil {
		return 0, false
	}
	return int64(s.Bavail) * s.Bsize, true
}
