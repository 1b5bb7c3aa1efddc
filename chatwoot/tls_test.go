package chatwoot_test

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// A connection that TLS keeps from being made says why, and that no request was.
func TestT22_WhyTLSFailsIsSaid(t *testing.T) {
	t.Parallel()
	silent := log.New(io.Discard, "", 0)
	private := httptest.NewUnstartedServer(http.NotFoundHandler())
	private.Config.ErrorLog = silent
	private.StartTLS()
	t.Cleanup(private.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	plain.Config.ErrorLog = silent
	for name, tc := range map[string]struct {
		address string
		want    error
	}{
		"a private authority": {private.URL, chatwoot.ErrUntrusted},
		"a plain port":        {strings.Replace(plain.URL, "http:", "https:", 1), chatwoot.ErrNoTLS},
	} {
		transport := &http.Transport{}
		c, err := chatwoot.New(chatwoot.Config{BaseURL: tc.address, Token: "x", Account: 1, Transport: transport})
		require.NoError(t, err)
		_, err = c.CreateMessage(ctx, 1, chatwoot.NewMessage{Content: "x"})
		require.ErrorIs(t, err, tc.want, name)
		require.True(t, chatwoot.HadNoEffect(err), name)
		transport.CloseIdleConnections()
	}
}

// A proxy that does not tell Chatwoot of https makes it send to the same host by
// http: the file is fetched by https all the same.
func TestK1_AFileIsFetchedByTheConfiguredSchemeWhereverItsAddressLeads(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "stored elsewhere") }))
	t.Cleanup(elsewhere.Close)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/rails/active_storage/blobs/redirect/x/there.pdf":
			http.Redirect(w, r, elsewhere.URL+"/there.pdf", http.StatusFound)
		case r.URL.Path == "/rails/active_storage/blobs/redirect/x/port.pdf":
			http.Redirect(w, r, "http://127.0.0.1/rails/active_storage/disk/y/a.pdf", http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/rails/active_storage/blobs/redirect/"):
			http.Redirect(w, r, "http://"+r.Host+"/rails/active_storage/disk/y/a.pdf?z=1", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "on the disk")
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c, err := chatwoot.New(chatwoot.Config{BaseURL: server.URL, Token: "x", Account: 1, Transport: server.Client().Transport})
	require.NoError(t, err)
	for name, want := range map[string]string{"a.pdf": "on the disk", "port.pdf": "on the disk"} {
		var got bytes.Buffer
		_, err := c.Download(ctx, "http://127.0.0.1/rails/active_storage/blobs/redirect/x/"+name, &got, 100)
		require.NoError(t, err, name)
		require.Equal(t, want, got.String(), name)
	}
	_, err = c.Download(ctx, "http://127.0.0.1/rails/active_storage/blobs/redirect/x/there.pdf", io.Discard, 100)
	require.ErrorContains(t, err, "an encrypted address sends to one that is not")
}
