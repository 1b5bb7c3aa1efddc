package seal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestASecretIsNeverShown(t *testing.T) {
	t.Parallel()
	held := struct{ Token seal.Secret }{"abracadabra"}
	encoded, err := json.Marshal(held)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("made", "line", held, "token", held.Token)
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q", held, held, held, held.Token, held.Token), string(encoded), log.String()} {
		require.NotContains(t, shown, "abracadabra")
	}
	require.Equal(t, "abracadabra", held.Token.Reveal())
	require.Empty(t, seal.Secret("").String())
}
