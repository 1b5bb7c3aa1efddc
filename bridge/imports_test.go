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
	{"ground: knows no line and no message", []string{"bridge/fault", "bridge/foreign", "bridge/strictjson", "bridge/seal", "bridge/catalogue", "bridge/markup", "bridge/media"}},
	{"ground that stands on ground", []string{"bridge/sourceid", "bridge/media/convert", "bridge/config", "bridge/database", "bridge/api"}},
	{"state: it is asked and never calls out", []string{"bridge/journal", "bridge/idmap", "bridge/lines"}},
	{"pure conversion, or machinery that knows no message", []string{"bridge/render", "bridge/compose", "bridge/work", "bridge/supervisor", "bridge/removal", "bridge/tidings", "bridge/atrest", "bridge/preview"}},
	{"the other side's inbox, which all shared acts ask", []string{"bridge/inbox"}},
	{"how the inbox's events come: it hands them on without knowing what they are for", []string{"bridge/listen"}},
	{"who a chat is: every act needs to know it", []string{"bridge/contacts"}},
	{"shared acts, and what takes events in", []string{"bridge/delivery", "bridge/presence", "bridge/pictures", "bridge/intake"}},
	{"the flow, and what people may do", []string{"bridge/inbound", "bridge/outbound", "bridge/reconcile", "bridge/admin"}},
	{"faces: they reach the heart through admin", []string{"bridge/web"}},
	{"the whole: it assembles a line of its parts", []string{"bridge"}},
	{"the process: it knows everything", []string{"bridge/daemon"}},
}

// pure are the packages that convert: they neither read nor send anything, so
// that a golden file is all their proof. What they must not import, directly or
// by however many imports, is named with the reason. Two arrows are left out on
// purpose: whatsapp/content's JIDs bring the interfaces of database/sql along,
// and compose takes chatwoot's message type, whose package holds the client too.
var pure = map[string]struct{ direct, reached []string }{
	"bridge/render":     {acts, []string{"net", "os/exec"}},
	"bridge/compose":    {acts, nil},
	"bridge/sourceid":   {acts, []string{"net", "database/sql", "os/exec"}},
	"bridge/fault":      {acts, []string{"net", "database/sql", "os/exec"}},
	"bridge/strictjson": {acts, []string{"net", "database/sql", "os/exec"}},
	"bridge/catalogue":  {acts, []string{"net", "database/sql", "os/exec"}},
	"bridge/markup":     {acts, []string{"net", "database/sql", "os/exec"}},
	"whatsapp/content":  {acts, []string{"net", "os/exec", "go.mau.fi/whatsmeow"}},
}

// acts are the packages that only somebody who acts needs: a converter asks no
// database and nobody else, reads no file, and starts nothing.
var acts = []string{"database/sql", "net", "net/http", "os", "os/exec"}

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
	for name, rule := range pure {
		require.Empty(t, common(goList(t, "-f", `{{join .Imports "\n"}}`, module+name), rule.direct), "%s imports", name)
		require.Empty(t, common(goList(t, "-deps", module+name), rule.reached), "%s reaches", name)
	}
	require.Equal(t, []string{"net"}, common(goList(t, "-deps", module+"chatwoot"), []string{"net", "os/exec"}), "the rule can fail")
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

func common(have, forbidden []string) []string {
	var both []string
	for _, name := range forbidden {
		if slices.Contains(have, name) {
			both = append(both, name)
		}
	}
	return both
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
		{"bridge/daemon", "bridge/processtest"},
		{"bridge", "whatsapp/whatsapptest"},
		{"cmd/wootbridge", "bridge/database/databasetest"},
		{"cmd/wootbridge-demo", "bridge/processtest"},
		{"bridge", "testing"},
		{"bridge", "github.com/stretchr/testify/require"},
		{"bridge", "net/http/httptest"},
		{"bridge/journal", "bridge/idmap"},
		{"bridge/journal", "bridge"},
		{"bridge/markup", "bridge/journal"},
		{"bridge/render", "bridge/inbox"},
		{"bridge/inbound", "bridge/outbound"},
		{"bridge/web", "bridge"},
		{"bridge/intake", "bridge/outbound"},
	} {
		require.NotEmpty(t, importFault(pair[0], pair[1]), "%s imports %s", pair[0], pair[1])
	}
	require.Empty(t, importFault("bridge/crashtest", "bridge/processtest"))
	require.Empty(t, importFault("cmd/wootbridge-demo", "whatsapp/whatsapptest"))
	require.Empty(t, importFault("bridge", "chatwoot"))
	require.Empty(t, importFault("bridge/journal", "bridge/database"))
	require.False(t, placed("bridge/new"))
}
