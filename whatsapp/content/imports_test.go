package content_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The client brings the network, the stores and their locks with it. Without it
// whoever renders messages can be tested with nothing but values.
func TestThereIsNoClientInHere(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	require.Contains(t, deps, "go.mau.fi/whatsmeow/types", "the list is of this package")
	for _, heavy := range []string{"go.mau.fi/whatsmeow", "go.mau.fi/whatsmeow/store", "net"} {
		require.NotContains(t, deps, heavy)
	}
}
