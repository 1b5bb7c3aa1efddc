package chatwoot_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

func fileOf(size int) *chatwoot.Upload {
	return &chatwoot.Upload{
		Name: "a.pdf", ContentType: "application/pdf", Size: int64(size),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, size))), nil },
	}
}

// A web server in front that refuses a file for its size says so before it has read
// it, and need not wait for the rest: the answer is heard all the same.
func TestK1_ARefusalForSizeIsHeardWhileTheFileIsWritten(t *testing.T) {
	t.Parallel()
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Request-Id", "1")
		_, _ = io.WriteString(w, `{"id":9,"message_type":0,"created_at":1787052020}`)
	}))
	t.Cleanup(desk.Close)
	for name, limit := range map[string]chatwoottest.FrontLimit{"it reads on": {Bytes: 1 << 20}, "it hangs up": {Bytes: 1 << 20, Abrupt: true}} {
		front, err := chatwoottest.NewFront(desk.URL)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, front.Close()) })
		front.Limit(limit)
		c, err := chatwoot.New(chatwoot.Config{BaseURL: front.URL(), Token: "x", Account: 1})
		require.NoError(t, err)
		for _, size := range []int{1 << 20, 8 << 20} {
			for range 10 {
				_, err = c.CreateMessage(context.Background(), 5, chatwoot.NewMessage{Type: chatwoot.Incoming, Attachment: fileOf(size)})
				var tooLarge *chatwoot.TooLargeError
				require.ErrorAs(t, err, &tooLarge, "%s, %d bytes", name, size)
				require.True(t, chatwoot.HadNoEffect(err))
			}
		}
		_, err = c.CreateMessage(context.Background(), 5, chatwoot.NewMessage{Type: chatwoot.Incoming, Attachment: fileOf(1 << 19)})
		require.NoError(t, err, name)
	}
}
