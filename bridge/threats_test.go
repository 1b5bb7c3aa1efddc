package bridge_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each line of docs/threat-model.md names tests, all of which exist.
func TestTheThreatModelNamesATestForEachLine(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/threat-model.md")
	require.NoError(t, err)
	defined := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
	exist := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, test := range defined.FindAllSubmatch(source, -1) {
			exist[string(test[1])] = true
		}
		return err
	}))
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	lines := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what ") {
			continue
		}
		lines++
		columns := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " |")
		require.Len(t, columns, 3, line)
		tests := named.FindAllStringSubmatch(columns[2], -1)
		require.NotEmpty(t, tests, line)
		for _, test := range tests {
			require.True(t, exist[test[1]], "%s does not exist", test[1])
		}
	}
	require.Greater(t, lines, 25)
}
