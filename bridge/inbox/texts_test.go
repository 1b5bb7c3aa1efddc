package inbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// A line's own texts are in everything that its agents read, at once.
func TestALinesTextsAreItsOwn(t *testing.T) {
	t.Parallel()
	line := lines.Line{Settings: lines.DefaultSettings()}
	x := inbox.New(inbox.Config{Line: line})
	require.Equal(t, "Edited", x.Texts().Text("edited"))
	line.Settings.Language, line.Settings.Texts = "es", map[string]string{"edited": "Corregido"}
	x.Update(line)
	require.Equal(t, "Corregido", x.Texts().Text("edited"))
	require.Equal(t, "Corregido", x.Rendering().Texts.Text("edited"))
	require.Equal(t, "Reenviado", x.Rendering().Texts.Text("forwarded"))
}
