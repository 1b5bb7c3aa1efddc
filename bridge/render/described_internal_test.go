package render

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/content"
)

// Every field that is shown has its words, once, and no other has.
func TestEveryKindIsDescribed(t *testing.T) {
	t.Parallel()
	fates := content.Fates()
	described := map[string]bool{}
	for _, row := range descriptions {
		for _, field := range row.fields {
			require.Contains(t, fates, field, "WhatsApp's message has no such field")
			require.False(t, described[field], "%s is described twice", field)
			described[field] = true
		}
	}
	for field, fate := range fates {
		if fate == content.FateShown {
			require.True(t, described[field], "nobody says what is shown of %s: add it to a row in described.go", field)
		}
	}
}

const messagesDocument = "../../docs/messages.md"

// docs/messages.md is made from the table: go test ./bridge/render -update.
func TestTheDocumentOfMessagesIsTheTable(t *testing.T) {
	t.Parallel()
	made := Document()
	if updating := flag.Lookup("update"); updating != nil && updating.Value.String() == "true" {
		require.NoError(t, os.WriteFile(messagesDocument, []byte(made), 0o644))
	}
	written, err := os.ReadFile(messagesDocument)
	require.NoError(t, err)
	require.Equal(t, made, string(written), "go test ./bridge/render -update writes it")
}
