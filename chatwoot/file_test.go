package chatwoot_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// What comes in place of a file is not taken for it.
func TestK1_APageOrHalfAFileIsNoFile(t *testing.T) {
	t.Parallel()
	const page = "text/html; charset=utf-8"
	for what, c := range map[string]struct {
		attachment  chatwoot.Attachment
		contentType string
		body        string
		wrong       string
		front       bool
	}{
		"the file":                        {chatwoot.Attachment{Size: 4}, "application/pdf", "%PDF", "", false},
		"a file with another type":        {chatwoot.Attachment{Size: 4}, page, "%PDF", "", false},
		"a page":                          {chatwoot.Attachment{Size: 400}, page, "<html>", "answers with a page", true},
		"a page, the size is not told":    {chatwoot.Attachment{}, page, "<html>", "answers with a page", true},
		"a page that the agent has sent":  {chatwoot.Attachment{ContentType: "text/html"}, page, "<html>", "", false},
		"half a page that she has sent":   {chatwoot.Attachment{ContentType: "text/html", Size: 7}, page, "<html>", "not the file that was stored", false},
		"half a file":                     {chatwoot.Attachment{Size: 5}, "application/pdf", "%PDF", "not the file that was stored", false},
		"more than the file":              {chatwoot.Attachment{Size: 3}, "application/pdf", "%PDF", "not the file that was stored", false},
		"a plain word":                    {chatwoot.Attachment{Size: 9}, "text/plain", "no site", "not the file that was stored", false},
		"a file whose size is not told":   {chatwoot.Attachment{}, "application/pdf", "%PDF", "", false},
		"an empty file":                   {chatwoot.Attachment{}, "application/pdf", "", "", false},
		"nothing in place of what was":    {chatwoot.Attachment{Size: 9}, "application/pdf", "", "not the file that was stored", false},
		"a page that is told by its name": {chatwoot.Attachment{DataURL: "/rails/active_storage/blobs/redirect/x/a.HTML"}, page, "<html>", "", false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				_, _ = io.WriteString(w, c.body)
			}))
			t.Cleanup(server.Close)
			client, err := chatwoot.New(chatwoot.Config{BaseURL: server.URL, Token: "x", Account: 1})
			require.NoError(t, err)
			if c.attachment.DataURL == "" {
				c.attachment.DataURL = "/rails/active_storage/blobs/redirect/x/a.pdf"
			}
			_, err = client.File(t.Context(), c.attachment, io.Discard, 1000)
			if c.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.wrong)
			require.True(t, chatwoot.IsUnreached(err), "it is asked for again")
			var front *chatwoot.FrontError
			require.Equal(t, c.front, errors.As(err, &front))
		})
	}
}
