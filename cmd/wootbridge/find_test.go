package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
)

// A command finds the admin API where the running server has written it down, where it
// is by default, and beside the webhooks, and gives the token to nobody else.
func TestL06_CommandsFindTheAdminAPI(t *testing.T) {
	t.Parallel()
	bridgeOf := func(name string) *front {
		f := newFront(t, line("abc111", name, "connected"))
		f.answer("GET /api/v1/openapi.json", http.StatusOK, map[string]any{"info": map[string]string{"title": api.Title}})
		return f
	}
	listed := func(env ...string) (string, int) {
		var out, errs bytes.Buffer
		env = append([]string{"WOOTBRIDGE_ADMIN_TOKEN=token"}, env...)
		code := run(t.Context(), []string{"wootbridge", "lines"}, env, nil, &out, &errs)
		return out.String() + errs.String(), code
	}
	at := func(f *front) string { return strings.TrimPrefix(f.URL, "http://") }
	old, own, stranger := bridgeOf("Old"), bridgeOf("Own"), newFront(t)
	dir := t.TempDir()
	recorded := func(url string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "admin-address"), []byte(url+"\n"), 0o600))
	}

	out, code := listed("WOOTBRIDGE_LISTEN="+at(stranger), "WOOTBRIDGE_ADMIN_LISTEN="+at(own))
	require.Zero(t, code, out)
	require.Contains(t, out, "Own", "it is where the admin says")

	image := []string{"WOOTBRIDGE_IMAGE=true", "WOOTBRIDGE_ADMIN_LISTEN=:8081", "WOOTBRIDGE_DATA_DIR=" + dir}
	recorded(own.URL)
	out, code = listed(append(image, "WOOTBRIDGE_LISTEN="+at(old))...)
	require.Zero(t, code, out)
	require.Contains(t, out, "Own", "where the server has written it down")

	const free = "WOOTBRIDGE_ADMIN_LISTEN=127.0.0.1:0" // as the default, which this machine may use
	recorded("http://127.0.0.1:1")                     // of a server that was killed
	out, code = listed("WOOTBRIDGE_DATA_DIR="+dir, "WOOTBRIDGE_LISTEN="+at(old), free)
	require.Zero(t, code, out)
	require.Contains(t, out, "Old", "an installation with one port")

	recorded(stranger.URL)
	out, code = listed("WOOTBRIDGE_DATA_DIR="+dir, "WOOTBRIDGE_LISTEN="+at(old), free)
	require.Zero(t, code, out)
	require.Contains(t, out, "Old")
	require.Equal(t, []string{"GET /api/v1/openapi.json"}, stranger.last(), "who is no bridge is not asked anything else")

	out, code = listed("WOOTBRIDGE_DATA_DIR="+t.TempDir(), "WOOTBRIDGE_LISTEN=127.0.0.1:1", free)
	require.NotZero(t, code)
	require.Contains(t, out, "nothing listens there")
}
