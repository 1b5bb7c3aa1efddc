package inbound_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp"
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

// A file that comes after its message may be larger than the web server in front of
// Chatwoot lets through: the agent reads that below the message.
func TestK1_AFileThatFollowsAndIsTooLargeSaysWhy(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]chatwoottest.Fault{
		"Chatwoot could not store it": {Status: http.StatusUnprocessableEntity, ContentType: "application/json", Body: `{"error":"the storage is away"}`},
		"WhatsApp did not give it":    {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			left := 2
			if first.Status == 0 {
				o.files.failures = []error{whatsapp.ErrMediaGone}
				left = 0
			}
			o.OnRequest(func(r *http.Request) chatwoottest.Fault {
				switch {
				case r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"):
					return chatwoottest.Fault{}
				case left > 0:
					left--
					return first
				}
				return chatwoottest.Fault{Status: http.StatusRequestEntityTooLarge, ContentType: "text/html", Body: chatwoottest.FrontTooLarge.Body}
			})
			id := o.take(alicia, byNumber, o.document(make([]byte, 3<<20), "plan.pdf", "application/pdf", "the plan"))
			o.take(alicia, byNumber, text("did you get it?"))
			o.drain()
			require.Equal(t, []string{waitingLine + "\n\nthe plan", "did you get it?"}, o.incoming())
			note := o.posted(id + "#missing")
			require.True(t, note.Private)
			require.Equal(t, o.posted(id).ID, note.ReplyTo)
			require.Equal(t, "⚠️ **The file (3 MB) is larger than this Chatwoot accepts. Open it on the phone.**", note.Text)
			require.Len(t, o.messages(), 3)
		})
	}
}
