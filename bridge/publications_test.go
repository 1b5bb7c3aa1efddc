package bridge_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// sendSample sends one of the messages that the converters are tested with.
func (w *world) sendSample(name string) (id string) {
	w.t.Helper()
	raw, err := os.ReadFile(filepath.Join(defaultSamples, name+".json"))
	require.NoError(w.t, err)
	var sample whatsapptest.Sample
	require.NoError(w.t, json.Unmarshal(raw, &sample))
	sent, err := w.wa.SendSample(w.phone, sample, whatsapptest.SampleOptions{ID: whatsapptest.NewSampleID})
	require.NoError(w.t, err)
	return sent.ID
}

// What nobody wrote to the desk is shown from when the line is told to, and what was
// deleted for everyone is erased, which the bridge does not take for an agent's deletion.
func TestWhatIsShownOfPublicationsAndDeletionsIsTheLinesChoice(t *testing.T) {
	embedded(t, settingOf(t, nil), func(t *testing.T, w *world) {
		talking(w)
		w.sendSample("status-post-1")
		w.sendSample("newsletter-post-1")
		w.alice.SendText(w.phone, "before")
		w.desk.wait("what came after them", withText("before"))
		before := len(w.desk.incoming())

		w.change(`{"status_updates":"message","channels":"message","deletes":"erase"}`)
		status := w.desk.wait("a status", withSource(w.sendSample("status-post-1")))
		require.Equal(t, "*📢 Status*\n\nBom dia", status.Text)
		post := w.desk.wait("a post", withSource(w.sendSample("newsletter-post-1")))
		require.Equal(t, "Post do canal", post.Text)
		require.Len(t, w.desk.incoming(), before+2)

		typed := w.phone.TypeText(w.alice, "from the phone")
		w.desk.wait("what was typed", withSource(typed))
		w.phone.Revoke(w.alice, typed)
		w.desk.wait("erased", func(m chatwoottest.Message) bool { return m.SourceID == "WAID:"+typed && m.Deleted })
		w.settled()
		w.change(`{"status_updates":"off"}`)
		gone := w.sendSample("status-post-1")
		w.alice.SendText(w.phone, "after")
		w.desk.wait("what came after it", withText("after"))
		for _, c := range w.desk.Conversations() {
			for _, m := range w.desk.Messages(c.ID) {
				require.NotEqual(t, "WAID:"+gone, m.SourceID)
			}
		}
	})
}
