//go:build unix

package media

import (
	"golang.org/x/sys/unix"
)

// FreeSpace is how much of a folder's disk an ordinary user may fill.
func FreeSpace(dir string) (int64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil
}

// DiskFloor is how much of a folder's disk should stay free for others: a twentieth, but
// no more than 200 MB.
func DiskFloor(dir string) int64 {
	const most = 200 << 20
	var stat unix.Statfs_t
	if unix.Statfs(dir, &stat) != nil {
		return most
	}
	return min(most, int64(stat.Blocks)*int64(stat.Bsize)/20)
}
