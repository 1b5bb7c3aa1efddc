package chatwoot_test

import (
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
