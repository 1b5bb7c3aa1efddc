package bridge_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/wootbridge/wootbridge/"

// layers are the packages of the bridge from the ground up, with the reason for
// which each row stands where it does. A package imports packages of lower rows
// only; those of one row do not know each other.
var layers = []struct {
	why      string
	packages []string
}{
	{"ground: knows no line and no message", []string{"bridge/fault", "bridge/strictjson", "bridge/seal", "bridge/catalogue", "bridge/markup", "bridge/media", "bridge/database"}},
	{"ground that stands on ground", []string{"bridge/media/convert", "bridge/config", "bridge/api"}},
	{"state: it is asked and never calls out", []string{"bridge/journal", "bridge/idmap", "bridge/lines"}},
	{"machinery: knows no message", []string{"bridge/work"}},
	{"the heart, until it is split", []string{"bridge"}},
	{"faces: they reach the heart from outside", []string{"bridge/server"}},
	{"the process: it knows everything", []string{"bridge/serve"}},
}

// pure are the packages that convert: what they reach may neither read nor send
// anything, so that a golden file is all their proof.
var pure = []string{"bridge/markup", "bridge/catalogue", "bridge/fault", "bridge/strictjson"}

// impure is what a pure package must not reach, by however many imports.
var impure = map[string]string{
	"database/sql": "a converter asks no database",
	"net":          "a converter asks nobody",
	"os/exec":      "a converter starts nothing",
}

// TestImportRules holds the rules of who may know whom: whoever changes how
// Chatwoot is called cannot break WhatsApp, the flow goes one way, and test
// servers never reach production.
func TestImportRules(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...").Output()
	require.NoError(t, err)
	packages := 0
	for line := range strings.Lines(string(out)) {
		packages++
		words := strings.Fields(strings.ReplaceAll(line, module, ""))
		require.True(t, placed(words[0]), "%s has no place in the table of layers", words[0])
		for _, imported := range words[1:] {
			require.Empty(t, importFault(words[0], imported), "%s imports %s", words[0], imported)
		}
	}
	require.Greater(t, packages, 20, "the rules were checked on nothing")
}

func TestPurePackagesReachNothingThatActs(t *testing.T) {
	t.Parallel()
	for _, name := range pure {
		out, err := exec.Command("go", "list", "-deps", module+name).Output()
		require.NoError(t, err, name)
		for reached := range strings.Lines(string(out)) {
			require.Empty(t, impure[strings.TrimSpace(reached)], "%s reaches %s", name, reached)
		}
	}
}

// row is a package's place in the table, or -1.
func row(name string) int {
	for i, layer := range layers {
		if slices.Contains(layer.packages, name) {
			return i
		}
	}
	return -1
}

// placed reports whether a package is in the table, or is none of the bridge's
// production packages.
func placed(name string) bool { return !in(name, "bridge") || isTest(name) || row(name) >= 0 }

// importFault says which rule an import breaks. Packages of the module are
// named without it.
func importFault(importer, imported string) string {
	switch {
	case in(importer, "internal") && (in(imported, "chatwoot") || in(imported, "whatsapp") || in(imported, "bridge")):
		return "what all share knows none of them"
	case in(importer, "chatwoot") && (in(imported, "whatsapp") || in(imported, "bridge")):
		return "chatwoot knows nothing of WhatsApp or the bridge"
	case in(importer, "whatsapp") && (in(imported, "chatwoot") || in(imported, "bridge")):
		return "whatsapp knows nothing of Chatwoot or the bridge"
	case isTest(importer), importer == "cmd/wootbridge-demo" && slices.Contains([]string{"bridge/bridgetest", "chatwoot/chatwoottest", "whatsapp/whatsapptest"}, imported):
		return ""
	case isTest(imported), imported == "testing", strings.HasPrefix(imported, "github.com/stretchr/testify/"):
		return "tests and their servers do not belong in production code"
	}
	if from, to := row(importer), row(imported); from >= 0 && to >= from {
		return "it stands no lower: " + layers[from].why + "; " + layers[to].why
	}
	return ""
}

// in reports whether a package is the folder or below it.
func in(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// isTest reports whether a package is made for tests, as its name says.
func isTest(name string) bool { return strings.HasSuffix(path.Base(name), "test") }

func TestImportRulesAreNoticed(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"chatwoot", "whatsapp"},
		{"chatwoot/chatwoottest", "bridge/journal"},
		{"whatsapp/whatsapptest", "chatwoot"},
		{"whatsapp/internal/signalsession", "bridge"},
		{"internal/wait", "chatwoot"},
		{"bridge/serve", "bridge/processtest"},
		{"bridge", "whatsapp/whatsapptest"},
		{"cmd/wootbridge", "bridge/database/databasetest"},
		{"cmd/wootbridge-demo", "bridge/processtest"},
		{"bridge", "testing"},
		{"bridge", "github.com/stretchr/testify/require"},
		{"bridge", "net/http/httptest"},
		{"bridge/journal", "bridge/idmap"},
		{"bridge/journal", "bridge"},
		{"bridge/markup", "bridge/journal"},
	} {
		require.NotEmpty(t, importFault(pair[0], pair[1]), "%s imports %s", pair[0], pair[1])
	}
	require.Empty(t, importFault("bridge/crashtest", "bridge/processtest"))
	require.Empty(t, importFault("cmd/wootbridge-demo", "whatsapp/whatsapptest"))
	require.Empty(t, importFault("bridge", "chatwoot"))
	require.Empty(t, importFault("bridge/journal", "bridge/database"))
	require.False(t, placed("bridge/new"))
}
