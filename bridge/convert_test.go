package bridge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// nobodyKnows is a message of a kind that is newer than the library.
func nobodyKnows() whatsapptest.Sample {
	return whatsapptest.Sample{Info: whatsapptest.SampleInfo{Chat: "5511888880002"}, Proto: []byte("\x8a\x7d\x04nova")}
}

// learn makes the kind of a kept message one that this release converts.
func (w *world) learn(id, text string) {
	w.t.Helper()
	info := types.MessageInfo{ID: id, PushName: "Alice", Timestamp: time.Now(), MessageSource: types.MessageSource{Chat: w.alice.JID(), Sender: w.alice.JID()}}
	e, err := content.MessageEnvelope(info, &waE2E.Message{Conversation: &text}, func(types.JID) types.JID { return types.EmptyJID })
	require.NoError(w.t, err)
	done, err := w.db.Exec(`UPDATE job SET payload = $1 WHERE dedupe LIKE $2`, e.Payload, "%|"+id+"|%")
	require.NoError(w.t, err)
	n, err := done.RowsAffected()
	require.NoError(w.t, err)
	require.EqualValues(w.t, 1, n)
}

func (w *world) unconverted() []journal.JobInfo {
	w.t.Helper()
	jobs, err := w.bridge.Jobs(context.Background(), journal.JobFilter{State: journal.Unconverted})
	require.NoError(w.t, err)
	return jobs
}

func TestAMessageOfAnUnknownKindIsShownBelowItsPlaceholderOnceThereIsAConverter(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		sent, err := w.wa.SendSample(w.phone, nobodyKnows(), whatsapptest.SampleOptions{})
		require.NoError(t, err)
		placeholder := w.desk.wait("the placeholder", withSource(sent.ID))
		require.Contains(t, placeholder.Text, "unknown field")
		w.alice.SendText(w.phone, "did you get it?")
		w.desk.wait("what came after it", withText("did you get it?"))
		w.settled()
		kept := w.unconverted()
		require.Len(t, kept, 1)
		require.Equal(t, "unknown field", kept[0].LastError)

		replayed, left, err := w.bridge.ReplayUnconverted(t.Context(), w.line)
		require.NoError(t, err)
		require.Equal(t, []int{0, 1}, []int{replayed, left}, "nobody knows the kind yet")

		w.learn(sent.ID, "two *loaves*, please")
		for range 2 { // the second time there is nothing left to do
			_, left, err = w.bridge.ReplayUnconverted(t.Context(), w.line)
			require.NoError(t, err)
			require.Zero(t, left)
			shown := w.desk.wait("the message itself", withSource(sent.ID+"#converted"))
			require.Equal(t, "two **loaves**, please", shown.Text)
			require.Equal(t, placeholder.ID, shown.ReplyTo)
			w.settled()
		}
		require.Empty(t, w.unconverted())
		require.Len(t, w.desk.incoming(), 4, "each once")
		w.alice.SendText(w.phone, "thanks")
		w.desk.wait("what comes after it", withText("thanks"))
	}, byWebhook)
}

// An earlier release kept no account of its placeholders: what it has shown is looked at.
func TestPlaceholdersOfEarlierReleasesAreConvertedToo(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		poll := w.alice.SendPoll(w.phone, "Which day?", []string{"Friday"})
		w.desk.wait("a poll", withSource(poll))
		old := w.alice.SendPoll(w.phone, "Which bread?", []string{"Rye"})
		placeholder := w.desk.wait("a poll that an earlier release could not convert", withSource(old))
		w.settled()
		require.NoError(t, w.desk.Rewrite(placeholder.ID, "⚠️ **Message not supported** (pollCreationMessage)\nOpen it on the phone."))
		_, err := w.db.Exec(`UPDATE line SET older_ended = (SELECT MAX(ended) FROM job)`)
		require.NoError(t, err)
		require.Len(t, w.unconverted(), 2)

		replayed, left, err := w.bridge.ReplayUnconverted(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, []int{2, 0}, []int{replayed, left})
		again := w.desk.wait("the poll", withSource(old+"#converted"))
		require.Contains(t, again.Text, "📊 **Which bread?**")
		require.Equal(t, placeholder.ID, again.ReplyTo)
		w.settled()
		require.Empty(t, w.unconverted())
		polls := 0
		for _, text := range w.desk.incoming() {
			if strings.Contains(text, "Which day?") {
				polls++
			}
		}
		require.Equal(t, 1, polls, "what was shown is not shown again")
	}, byWebhook)
}
