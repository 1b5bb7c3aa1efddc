package bridge_test

import (
	"os/exec"
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
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(strings.ReplaceAll(line, module, ""))
		importer, imports := words[0], words[1:]
		for _, imported := range imports {
			switch {
			case strings.HasPrefix(importer, "chatwoot"):
				require.False(t, strings.HasPrefix(imported, "whatsapp") || strings.HasPrefix(imported, "bridge"), "%s imports %s: chatwoot knows nothing of WhatsApp or the bridge", importer, imported)
			case strings.HasPrefix(importer, "whatsapp"):
				require.False(t, strings.HasPrefix(imported, "chatwoot") || strings.HasPrefix(imported, "bridge"), "%s imports %s: whatsapp knows nothing of Chatwoot or the bridge", importer, imported)
			}
			if !strings.HasPrefix(importer, "cmd/wootbridge-demo") && !strings.Contains(importer, "test") {
				require.False(t, strings.HasSuffix(imported, "test") && !strings.Contains(imported, "."), "%s imports %s: a test server in production code", importer, imported)
			}
		}
	}
}
