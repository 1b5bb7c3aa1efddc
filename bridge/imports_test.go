package bridge_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The import rules keep each side replaceable: whoever changes how Chatwoot is
// called cannot break WhatsApp, and test servers never reach production.
func TestImportRules(t *testing.T) {
	t.Parallel()
	const module = "github.com/wootbridge/wootbridge/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, module+"...").Output()
	require.NoError(t, err)
	packages := 0
	for line := range strings.Lines(string(out)) {
		packages++
		words := strings.Fields(strings.ReplaceAll(line, module, ""))
		for _, imported := range words[1:] {
			require.Empty(t, importFault(words[0], imported), "%s imports %s", words[0], imported)
		}
	}
	require.Greater(t, packages, 20, "the rules were checked on nothing")
}

// importFault says which rule an import breaks. Packages of the module are
// named without it.
func importFault(importer, imported string) string {
	switch {
	case in(importer, "chatwoot") && (in(imported, "whatsapp") || in(imported, "bridge")):
		return "chatwoot knows nothing of WhatsApp or the bridge"
	case in(importer, "whatsapp") && (in(imported, "chatwoot") || in(imported, "bridge")):
		return "whatsapp knows nothing of Chatwoot or the bridge"
	case isTest(importer), importer == "cmd/wootbridge-demo" && slices.Contains([]string{"chatwoot/chatwoottest", "whatsapp/whatsapptest"}, imported):
		return ""
	case isTest(imported), imported == "testing", strings.HasPrefix(imported, "github.com/stretchr/testify/"):
		return "tests and their servers do not belong in production code"
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
		{"bridge/serve", "bridge/processtest"},
		{"bridge", "whatsapp/whatsapptest"},
		{"cmd/wootbridge", "bridge/database/databasetest"},
		{"cmd/wootbridge-demo", "bridge/processtest"},
		{"bridge", "testing"},
		{"bridge", "github.com/stretchr/testify/require"},
		{"bridge", "net/http/httptest"},
	} {
		require.NotEmpty(t, importFault(pair[0], pair[1]), "%s imports %s", pair[0], pair[1])
	}
	require.Empty(t, importFault("bridge/crashtest", "bridge/processtest"))
	require.Empty(t, importFault("cmd/wootbridge-demo", "whatsapp/whatsapptest"))
	require.Empty(t, importFault("bridge", "chatwoot"))
}
