package intake

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// An installation whose Chatwoot never was restored must find what it has stored.
func TestT09_KeysStayWhatTheyWereWithoutARestore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		restores idmap.Restores
		suffix   string
	}{
		"never restored":             {idmap.Restores{}, ""},
		"a message of before":        {idmap.Restores{Times: 2, From: 43}, ""},
		"a message with a given id":  {idmap.Restores{Times: 1, From: 42}, "|r1"},
		"a message after the second": {idmap.Restores{Times: 2, From: 7}, "|r2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const id = chatwoot.MessageID(42)
			for want, key := range map[string]string{
				"l1|created|42": CreatedKey("l1", id, test.restores),
				"l1|deleted|42": DeletedKey("l1", id, test.restores),
				"l1|retry|42|3": RetryKey("l1", id, idmap.AgentMessage{Failures: 3, Restores: test.restores}),
			} {
				require.Equal(t, want+test.suffix, key)
				require.Equal(t, id, MessageOf(key))
				require.Equal(t, test.restores.Of(42), RestoresOf(key))
			}
		})
	}
}
