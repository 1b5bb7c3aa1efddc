package bridge_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// eachOldChatwoot runs a flow with the oldest Chatwoot there may be, and with
// the last one before webhooks were signed.
func eachOldChatwoot(t *testing.T, flow func(t *testing.T, w *world, version string)) {
	t.Parallel()
	for _, version := range []string{"4.2.0", "4.11.2"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			flow(t, newWorldAt(t, newDeskOf(t, version), databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), settingOf(t, nil)), version)
		})
	}
}

func TestTextAndQuotesWithAnOldChatwoot(t *testing.T) {
	eachOldChatwoot(t, func(t *testing.T, w *world, version string) {
		asked := w.alice.SendText(w.phone, "*Hello*")
		got := w.desk.wait("the question", withText("**Hello**"))

		// Up to 4.8 the editor is plain: one asterisk is WhatsApp's bold.
		typed, want := "a *b*\\\nc\n\n", "a *b*\nc"
		if version != "4.2.0" {
			typed = "a **b**\\\nc\n\n"
		}
		reply := w.desk.say(typed, chatwoottest.Quoting(got.ID))
		there, err := w.alice.WaitText(patience, want)
		require.NoError(t, err)
		require.Equal(t, asked, there.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID())
		w.desk.wait("the delivered tick", withStatus(reply.ID, "delivered"))
		w.alice.MarkRead(there.ID)
		w.desk.wait("the read tick", withStatus(reply.ID, "read"))

		w.alice.Reply(w.phone, there, "Thanks")
		require.Equal(t, reply.ID, w.desk.wait("the quote", withText("Thanks")).ReplyTo)

		w.phone.TypeText(w.alice, "typed on the phone")
		require.Equal(t, "outgoing", w.desk.wait("the own phone's", withText("typed on the phone")).Kind)
		w.desk.say("last")
		_, err = w.alice.WaitText(patience, "last")
		require.NoError(t, err)
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		require.Equal(t, []string{want, "typed on the phone", "last"}, w.alice.Texts(), "echoes are not sent to the customer")
		require.Len(t, w.desk.Conversations(), 1)
	})
}

func TestFilesWithAnOldChatwoot(t *testing.T) {
	eachOldChatwoot(t, func(t *testing.T, w *world, _ string) {
		pdf := bytes.Repeat([]byte("%PDF-1.4 "), 100)
		w.alice.SendDocument(w.phone, "Contrato.pdf", pdf, whatsapptest.WithCaption("please sign"))
		got := w.desk.wait("the document", func(m chatwoottest.Message) bool { return len(m.Files) > 0 })
		stored, err := got.Files[0].Bytes()
		require.NoError(t, err)
		require.Equal(t, pdf, stored)
		require.Equal(t, "please sign", got.Text)

		w.desk.say("signed", chatwoottest.WithFile("signed.pdf", "application/pdf", pdf))
		back, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetDocumentWithCaptionMessage() != nil || r.Message.GetDocumentMessage() != nil
		})
		require.NoError(t, err)
		content, err := w.alice.Download(back)
		require.NoError(t, err)
		require.Equal(t, pdf, content)

		w.alice.SendVoice(w.phone, []byte("OggS\x00\x02voice"))
		voice := w.desk.wait("the voice note", func(m chatwoottest.Message) bool {
			return len(m.Files) > 0 && m.Files[0].Type == "audio"
		})
		require.Empty(t, voice.Text)
	})
}

// A contact that somebody entered by hand is found by its number, also the
// other way to write a Brazilian one, and not doubled.
func TestAContactIsFoundByItsNumberInAnOldChatwoot(t *testing.T) {
	eachOldChatwoot(t, func(t *testing.T, w *world, _ string) {
		_, err := w.desk.AddContact("name", "Alice A.", "phone_number", "+5511888880002")
		require.NoError(t, err)
		_, err = w.desk.AddContact("name", "Bento", "phone_number", "+551187654321")
		require.NoError(t, err)
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the message", withText("hi"))
		bento := w.wa.NewPeer("5511987654321", "Bento")
		bento.SendText(w.phone, "hello")
		w.desk.wait("the message", withText("hello"))
		require.Len(t, w.desk.Contacts(), 2)
		require.Equal(t, "Alice A.", w.desk.Contacts()[0].Name)
	})
}
