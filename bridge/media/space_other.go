//go:build !unix

package media

import "math"

// FreeSpace is how much of a folder's disk an ordinary user may fill; not known here.
func FreeSpace(string) (int64, error) { return math.MaxInt64, nil }

// DiskFloor is how much of a folder's disk should stay free for others; not known here.
func DiskFloor(string) int64 { return 0 }
