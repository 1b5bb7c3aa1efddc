package inbound_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
)

// Chatwoot calls every exception a refusal, before it has stored a message and
// after: whichever comes when, a file is there once.
func TestK2_AFileThatWasStoredAndRefusedIsThereOnce(t *testing.T) {
	t.Parallel()
	before := chatwoottest.Fault{Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"error":"the storage is away"}`}
	after := chatwoottest.Fault{Exception: "the storage is away"}
	for name, faults := range map[string][]chatwoottest.Fault{
		"refused, then stored":          {before},
		"stored and refused":            {after},
		"refused, then stored and that": {before, after},
		"refused again and again":       {before, before, before},
		"stored below its caption":      {before, before, after},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.from(alicia, byNumber, text("hi"))
			left := faults
			o.OnRequest(func(r *http.Request) chatwoottest.Fault {
				if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") || len(left) == 0 {
					return chatwoottest.Fault{}
				}
				next := left[0]
				left = left[1:]
				return next
			})
			o.take(alicia, byNumber, o.image([]byte("\xff\xd8\xff"), "look"))
			o.drain()
			files, captions := 0, 0
			for _, m := range o.messages() {
				files += len(m.Files)
				if strings.Contains(m.Text, "look") {
					captions++
				}
			}
			require.Equal(t, 1, files, o.View())
			require.Equal(t, 1, captions, o.View())
		})
	}
}
