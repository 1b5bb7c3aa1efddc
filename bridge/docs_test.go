package bridge_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// guides are the documents that name files and functions of this repository.
var guides = []string{"../docs/architecture.md", "../docs/contributing.md", "../docs/glossary.md", "../README.md", "../SECURITY.md", "../docs/decisions/*.md"}

var (
	// quoted is what a document sets as code.
	quoted = regexp.MustCompile("`([^`\n]+)`")
	// aPath is a file or a folder of this repository; a Go file's name alone, such
	// as doc.go, may be that of many.
	aPath = regexp.MustCompile(`^(?:(?:\.?[A-Za-z0-9_-]+/)+(?:[A-Za-z0-9_.-]+\.[a-z]+|[A-Za-z]+)?|[A-Za-z-]+\.md|Makefile|Dockerfile)$`)
	// inFile is a function or type with the file it stands in: bridge/jobs.go:Do.
	inFile = regexp.MustCompile(`^([A-Za-z0-9_/.-]+\.go):([A-Za-z]\w*)$`)
)

// What a guide names is where it says; a file that moves takes its mention along.
func TestTheGuidesNameWhatExists(t *testing.T) {
	t.Parallel()
	for _, pattern := range guides {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range quoted.FindAllStringSubmatch(string(text), -1) {
				require.Empty(t, missing(match[1], path.Dir(strings.TrimPrefix(file, "../"))), "%s names `%s`", file, match[1])
			}
		}
	}
}

// missing says what is wrong with a name that a document in a folder sets as
// code; what is neither a path nor a function in a file is no concern of it. A
// path begins at the root or at the document's folder.
func missing(name, folder string) string {
	if m := inFile.FindStringSubmatch(name); m != nil {
		source, err := os.ReadFile(filepath.Join("..", m[1]))
		if err != nil {
			return "there is no such file"
		}
		if !regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type |var |const |\t)` + m[2] + `\b`).Match(source) {
			return "there is no such function or type"
		}
		return ""
	}
	if !aPath.MatchString(name) {
		return ""
	}
	for _, from := range []string{"", folder} {
		if _, err := fs.Stat(os.DirFS(".."), path.Clean(path.Join(from, name))); err == nil {
			return ""
		}
	}
	return "there is no such file or folder"
}

func TestMissingNamesAreNoticed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bridge/nowhere.go", "bridge/nowhere/", "bridge/jobs.go:NoSuchThing", "bridge/nowhere.go:Do"} {
		require.NotEmpty(t, missing(name, "docs"), name)
	}
	for _, name := range []string{"bridge/jobs.go", "bridge/jobs.go:Do", "bridge/render/", "configuration.md", "make test", "WOOTBRIDGE_LISTEN"} {
		require.Empty(t, missing(name, "docs"), name)
	}
}
