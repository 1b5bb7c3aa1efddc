package bridge_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func samplePicture() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 80, 40))
	for i := range p.Pix {
		p.Pix[i] = byte(i % 251)
	}
	return p
}

func sampleJPEG(t *testing.T) []byte {
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, samplePicture(), nil))
	return out.Bytes()
}

func samplePNG(t *testing.T) []byte {
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, samplePicture()))
	return out.Bytes()
}

// refuse answers downloads of files with a status, so many times.
func (w *world) refuse(status, times int) (remove func()) {
	var left atomic.Int64
	left.Store(int64(times))
	return w.wa.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Kind == whatsapptest.MediaRequest && e.Request.Method == http.MethodGet && left.Add(-1) >= 0 {
			return whatsapptest.Action{Error: status}
		}
		return whatsapptest.Action{}
	})
}

const waitingLine = "⏳ *Waiting for this message. It should arrive by itself; if not, open it on the phone.*"

// settled waits until nothing of the line waits, and nothing was given up.
func (w *world) settled() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		status, err := w.bridge.LineStatus(w.t.Context(), w.line)
		return err == nil && status.Queue == journal.Stats{}
	}, patience, 5*time.Millisecond)
}

func TestD05_AFileThatIsGoneIsAskedOfThePhoneAndFollowsItsText(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		remove := w.refuse(http.StatusGone, 1000)
		photo := sampleJPEG(t)
		gone := w.alice.SendImage(w.phone, photo, whatsapptest.WithCaption("see *this*"))
		text := w.desk.wait("the text", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+gone })
		require.Equal(t, waitingLine+"\n\nsee **this**", text.Text)
		w.alice.SendText(w.phone, "next")
		w.desk.wait("what was written after it", withText("next"))
		w.settled()
		require.Len(t, w.desk.incoming(), 2, "the phone's copy is refused as well")
		remove()

		remove = w.refuse(http.StatusNotFound, 2) // the message's own download, and the first repeat
		again := w.alice.SendImage(w.phone, photo, whatsapptest.WithCaption("and this"))
		text = w.desk.wait("the text", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+again })
		require.Empty(t, text.Files)
		late := w.desk.wait("the file", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+again+"#file" })
		require.Empty(t, late.Text)
		require.Equal(t, text.ID, late.ReplyTo, "threaded to its text")
		require.Len(t, late.Files, 1)
		stored, err := late.Files[0].Bytes()
		require.NoError(t, err)
		require.Equal(t, photo, stored)
		w.settled()
		remove()

		// An agent who answers the late file quotes the customer's message.
		w.desk.say("nice", chatwoottest.Quoting(late.ID))
		require.Equal(t, again, w.got(0).Quoted().GetStanzaID())
	})
}

func TestD05_AFileThatThePhoneLacksTooEndsWithAReason(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.phone.SetKeepsMedia(false)
		defer w.refuse(http.StatusNotFound, 1000)()
		id := w.alice.SendVoice(w.phone, []byte("OggS"))
		first := w.desk.wait("the line in its place", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id })
		note := w.desk.wait("the reason", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+id+"#missing" })
		require.True(t, note.Private)
		require.Equal(t, first.ID, note.ReplyTo)
		require.Contains(t, note.Text, "could not be downloaded")
	})
}
