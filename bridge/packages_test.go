package bridge_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docLines is how long a package's doc.go may be: a page is read, a book is not.
const docLines = 25

// Every package says in a doc.go what it promises, who owns which goroutine, and
// what it may import.
func TestEveryPackageSaysWhatItPromises(t *testing.T) {
	t.Parallel()
	for _, dir := range goList(t, "-f", `{{.Dir}}`, module+"...") {
		raw, err := os.ReadFile(filepath.Join(dir, "doc.go"))
		require.NoError(t, err, dir)
		comment := 0
		for line := range strings.Lines(string(raw)) {
			if strings.HasPrefix(line, "//") {
				comment++
			}
		}
		require.Positive(t, comment, dir)
		require.LessOrEqual(t, comment, docLines, dir)
	}
}
