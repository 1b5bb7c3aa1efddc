package chatwoot

import (
	"strconv"
	"strings"
)

// AtLeast reports whether a version as Chatwoot gives it is a release or a
// later one. What is not a version counts as the newest: forks name themselves.
func AtLeast(version string, major, minor int) bool {
	first, rest, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	second, _, _ := strings.Cut(rest, ".")
	have, err := strconv.Atoi(first)
	if err != nil {
		return true
	}
	if have != major {
		return have > major
	}
	part, err := strconv.Atoi(second)
	return err != nil || part >= minor
}
