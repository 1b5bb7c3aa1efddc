package daemon

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/seal"
)

func TestL06_AddressesAreCompared(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{":8080", ":8080", true},
		{":8080", "0.0.0.0:8080", true},
		{":8080", "[::]:8080", true},
		{"127.0.0.1:8080", "localhost:8080", true},
		{"127.0.0.1:8081", "127.0.0.1:8080", false},
		{":8081", "127.0.0.1:8081", false},
		{"127.0.0.1:0", "127.0.0.1:0", false},
		{":0", "0.0.0.0:0", false},
		{"no.such.host.invalid:1", "127.0.0.1:1", false},
		{"127.0.0.1:1", "no.such.host.invalid:1", false},
	} {
		require.Equal(t, test.same, sameAddress(test.a, test.b), "%s %s", test.a, test.b)
	}
}

// However few descriptors there are, strangers never get more than a part of them.
func TestH4_DescriptorsAreLeft(t *testing.T) {
	t.Parallel()
	for _, descriptors := range []int{256, 1024, 4096, 65536, 1 << 20} {
		r := roomFor(descriptors)
		require.Less(t, r.public+r.admin+r.metrics, descriptors/2, descriptors)
		require.GreaterOrEqual(t, r.public, 16)
		require.LessOrEqual(t, r.public, 1024)
	}
	require.Positive(t, roomFor(0).admin)
	require.GreaterOrEqual(t, descriptors(), 64)
}

func TestL08_AnUnverifiedPostgresIsWarnedOf(t *testing.T) {
	t.Parallel()
	strong := strings.Repeat("0123456789abcdef", 2)
	for address, warned := range map[string]bool{
		"postgres://u:hunter2@db.example.com/x":                     true,
		"postgres://u:hunter2@db.example.com/x?sslmode=require":     true,
		"postgres://u:hunter2@db.example.com/x?sslmode=verify-full": false,
		"postgres://u:hunter2@127.0.0.1/x":                          false,
		"":                                                          false,
	} {
		var said bytes.Buffer
		p := &Process{token: strong, log: slog.New(slog.NewTextHandler(&said, nil)), opts: Options{Config: config.Config{DatabaseURL: seal.Secret(address)}}}
		p.warnOfWeak()
		require.Equal(t, warned, strings.Contains(said.String(), "sslmode=verify-full"), address)
		require.Equal(t, warned, strings.Contains(said.String(), "variable=WOOTBRIDGE_DATABASE_URL"), address)
		require.NotContains(t, said.String(), "hunter2")
	}
}
