package bridge_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// A web server in front of Chatwoot refuses large bodies, before it has read them:
// the agent reads that a file was too large, beside its caption, and everything else
// goes on, once and in order.
func TestK1_AFileOverTheLimitInFrontEndsVisibly(t *testing.T) {
	for name, limit := range map[string]chatwoottest.FrontLimit{
		"nginx reads on":            {Bytes: 1 << 20},
		"another hangs up":          {Bytes: 1 << 20, Abrupt: true},
		"less than many a text has": {Bytes: 4 << 10, Abrupt: true},
	} {
		t.Run(name, func(t *testing.T) {
			oneMode(t, func(t *testing.T, w *world) {
				bob := w.wa.NewPeer("5511777770002", "Bob")
				talking(w)
				w.between.Limit(limit)
				send := func(size int, caption string) {
					_, err := w.alice.SendFile(w.phone, "document", bytes.NewReader(make([]byte, size)), whatsapptest.WithCaption(caption), whatsapptest.WithFileName(caption+".pdf"))
					require.NoError(t, err)
				}
				w.alice.SendText(w.phone, "before")
				send(8<<20+1, "large")
				w.alice.SendText(w.phone, "between")
				send(1<<20+1, "larger")
				send(1<<10, "small")
				w.alice.SendText(w.phone, "after")
				bob.SendText(w.phone, "meanwhile")
				w.desk.wait("what follows", withText("after"))
				w.desk.wait("what another writes", withText("meanwhile"))
				refused := func(megabytes, caption string) string {
					return "⚠️ **The file (" + megabytes + " MB) is larger than this Chatwoot accepts. Open it on the phone.**\n\n" + caption
				}
				require.Equal(t, []string{"hi", "before", refused("9", "large"), "between", refused("2", "larger"), "small", "after", "meanwhile"}, w.desk.incoming())
				require.Equal(t, 2, w.between.Refused(), "each is offered once")
				reply := w.desk.answer("an answer")
				w.desk.wait("the tick", withStatus(reply.ID, "delivered"))
				w.neverPaused()
				w.settled()
			}, behindFront)
		})
	}
}

// answer is an agent's reply in the first conversation.
func (d desk) answer(text string) chatwoottest.Message {
	d.t.Helper()
	m, err := d.Reply(d.Conversations()[0].ID, text)
	require.NoError(d.t, err)
	return m
}

// A text that is too large for the web server in front is shown by its placeholder,
// and its chat goes on.
func TestK1_ATextOverTheLimitInFrontEndsVisibly(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.between.Limit(chatwoottest.FrontLimit{Bytes: 16 << 10, Abrupt: true})
		w.alice.SendText(w.phone, strings.Repeat("long ", 10_000))
		w.alice.SendText(w.phone, "after")
		w.desk.wait("its placeholder", func(m chatwoottest.Message) bool { return strings.Contains(m.SourceID, "#unreadable") })
		w.desk.wait("what follows", withText("after"))
		require.Len(t, w.desk.incoming(), 3)
		dead, err := w.bridge.Jobs(t.Context(), journal.JobFilter{State: journal.Dead})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Contains(t, dead[0].LastError, "413")
		w.neverPaused()
	}, behindFront)
}

// A web server in front that passes nothing on before it has all of it, and takes its
// time, changes nothing but the time.
func TestK1_AFrontThatBuffersChangesNothing(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.between.Buffer(100 * time.Millisecond)
		k := newTalk(w, "Bob")
		k.round()
		file := bytes.Repeat([]byte("%PDF-1.4 "), 1<<18)
		_, err := w.alice.SendFile(w.phone, "document", bytes.NewReader(file), whatsapptest.WithCaption("the contract"), whatsapptest.WithFileName("contract.pdf"))
		require.NoError(t, err)
		came := w.desk.wait("the file", func(m chatwoottest.Message) bool { return len(m.Files) == 1 })
		stored, err := came.Files[0].Bytes()
		require.NoError(t, err)
		require.True(t, bytes.Equal(file, stored))
		k.keepUp(0)
		back, err := w.desk.Reply(k.conversations[0].ID, "signed", chatwoottest.WithFile("contract.pdf", "application/pdf", file))
		require.NoError(t, err)
		w.desk.wait("the tick", withStatus(back.ID, "delivered"))
		w.settled()
		require.Equal(t, []string{"Alice 000", "Alice 001", "the contract"}, w.desk.incomingIn(k.conversations[0].ID))
		require.Equal(t, []string{"Bob 000", "Bob 001"}, w.desk.incomingIn(k.conversations[1].ID))
		require.Equal(t, []string{"to Alice 001", "signed"}, w.alice.Texts())
		require.Equal(t, []string{"to Bob 001"}, k.conversations[1].Texts())
		w.neverPaused()
	}, behindFront)
}

// incomingIn lists the customer's texts in one conversation.
func (d desk) incomingIn(conversation int) (texts []string) {
	for _, m := range d.Messages(conversation) {
		if m.Kind == "incoming" {
			texts = append(texts, m.Text)
		}
	}
	return texts
}
