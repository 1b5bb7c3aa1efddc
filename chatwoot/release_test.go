package chatwoot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

func TestAtLeast(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"4.9.0": true, "v4.9.1": true, "4.10.0": true, "5.0.0": true, "4.9": true, "": true, "my-fork": true, "4.x": true,
		"4.8.9": false, "v4.2.0": false, "3.16.0": false, "4.2": false,
	} {
		require.Equal(t, want, chatwoot.AtLeast(version, 4, 9), version)
	}
}
