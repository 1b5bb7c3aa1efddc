package bridge_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/regressions.md names every regression test there is, in the row of
// every id that its name begins with, with the package that it is in, and nothing
// else.
func TestTheListOfRegressionsIsTrue(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/regressions.md")
	require.NoError(t, err)
	listed := map[string]string{} // test in row
	saidOf := map[string]string{} // the package of a test in a row
	mentioned := regexp.MustCompile("`(Test(?:[RDTL][0-9]{2}|[CHKM][0-9])_[A-Za-z0-9_]+)`")
	group := regexp.MustCompile("((?:`Test[A-Za-z0-9_]+`(?:, )?)+) \\(([a-z0-9/]+)\\)")
	row := regexp.MustCompile(`^\| ([RDTL][0-9]{2}|[CHKM][0-9]) \|`)
	described := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		id := row.FindStringSubmatch(line)
		if id == nil {
			continue
		}
		require.False(t, described[id[1]], "%s has two rows", id[1])
		described[id[1]] = true
		tests := mentioned.FindAllStringSubmatch(line, -1)
		for _, test := range tests {
			listed[test[1]+" in "+id[1]] = test[1]
		}
		for _, of := range group.FindAllStringSubmatch(line, -1) {
			for _, test := range mentioned.FindAllStringSubmatch(of[1], -1) {
				saidOf[test[1]+" in "+id[1]] = of[2]
			}
		}
		columns := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), " |")
		require.True(t, len(tests) > 0 || strings.TrimSpace(columns[len(columns)-1]) != "", "%s has neither a test nor a reason", id[1])
	}

	for n := 1; n <= 42; n++ {
		id := fmt.Sprintf("R%02d", n)
		require.Equal(t, n != 16 && n != 29, described[id], id)
	}
	for n := 1; n <= 44; n++ {
		id := fmt.Sprintf("D%02d", n)
		require.True(t, described[id], id)
	}

	for format, last := range map[string]int{"C%d": 3, "H%d": 6, "K%d": 8, "L%02d": 13, "M%d": 9, "T%02d": 22} {
		for n := 1; n <= last; n++ {
			id := fmt.Sprintf(format, n)
			require.True(t, described[id], id)
		}
	}

	defined := regexp.MustCompile(`(?m)^func (Test(?:(?:[RDTL][0-9]{2}|[CHKM][0-9])_)+[A-Za-z0-9_]+)\(`)
	ids := regexp.MustCompile(`(?:[RDTL][0-9]{2}|[CHKM][0-9])_`)
	exist := map[string]string{} // the package that a test is in
	require.NoError(t, filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, match := range defined.FindAllSubmatch(source, -1) {
			name := string(match[1])
			exist[name] = strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
			for _, id := range ids.FindAllString(name, -1) {
				id = strings.TrimSuffix(id, "_")
				if described[id] { // a row that is not described yet has no list
					require.Contains(t, listed, name+" in "+id, "%s is not listed in row %s", name, id)
				}
			}
		}
		return nil
	}))
	for entry, name := range listed {
		require.NotEmpty(t, exist[name], "%s: there is no such test", entry)
		require.Equal(t, exist[name], saidOf[entry], "the package of %s", entry)
	}
}
