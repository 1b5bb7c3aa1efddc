package bridge_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

func TestTextBothWaysWithTicks(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		asked := w.alice.SendText(w.phone, "*Hello*, 5*3*2?")
		got := w.desk.wait("the question", withText(`**Hello**, 5\*3\*2?`))
		require.Equal(t, "incoming", got.Kind)
		require.Equal(t, "WAID:"+asked, got.SourceID)
		require.Equal(t, "Alice", w.desk.Contacts()[0].Name)
		require.Equal(t, "+5511888880002", w.desk.Contacts()[0].Phone)

		reply := w.desk.say("It is **30**", chatwoottest.Quoting(got.ID))
		there, err := w.alice.WaitText(patience, "It is *30*")
		require.NoError(t, err)
		require.Equal(t, asked, there.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID())
		_, err = w.alice.WaitReceipt(patience, asked, "read")
		require.NoError(t, err, "blue ticks when an agent replies")
		w.desk.wait("the delivered tick", withStatus(reply.ID, "delivered"))
		w.alice.MarkRead(there.ID)
		w.desk.wait("the read tick", withStatus(reply.ID, "read"))

		w.alice.Reply(w.phone, there, "Thanks")
		require.Equal(t, reply.ID, w.desk.wait("the quote", withText("Thanks")).ReplyTo)
		require.Len(t, w.desk.Conversations(), 1)
		require.Len(t, w.alice.Texts(), 1, "echoes are not sent to the customer")
	})
}

func TestFilesBothWays(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		pdf := bytes.Repeat([]byte("%PDF-1.4 "), 5000)
		w.alice.SendDocument(w.phone, "Orçamento final.pdf", pdf, whatsapptest.WithCaption("please sign"))
		got := w.desk.wait("the document", func(m chatwoottest.Message) bool { return len(m.Files) > 0 })
		stored, err := got.Files[0].Bytes()
		require.NoError(t, err)
		require.Equal(t, pdf, stored)
		require.Equal(t, "Orçamento final.pdf", got.Files[0].Name)
		require.Equal(t, "application/pdf", got.Files[0].ContentType)
		require.True(t, strings.HasPrefix(got.Text, "please sign"))

		w.desk.say("signed", chatwoottest.WithFile("signed.pdf", "application/pdf", pdf))
		back, err := w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetDocumentWithCaptionMessage() != nil || r.Message.GetDocumentMessage() != nil
		})
		require.NoError(t, err)
		content, err := w.alice.Download(back)
		require.NoError(t, err)
		require.Equal(t, pdf, content)
	})
}

func TestD12_AnAmbiguousPostIsLookedUpNotRepeated(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.AmbiguousCreate()})
		w.alice.SendText(w.phone, "once")
		w.alice.SendText(w.phone, "after")
		w.desk.wait("both", withText("after"))
		require.Equal(t, []string{"once", "after"}, w.desk.incoming())
	})
}

func TestD13_ARepeatedWebhookIsSentOnce(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		for _, same := range []bool{true, false} {
			w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1,
				Fault: chatwoottest.WebhookFault{Duplicates: 3, SameDelivery: same}})
			m := w.desk.say(fmt.Sprintf("only once, same delivery id: %t", same))
			require.NoError(t, w.desk.WaitIdle(t.Context()))
			copies := 0
			for _, d := range w.desk.Webhooks() {
				if d.Message == m.ID && d.Event == "message_created" && d.Status == http.StatusOK {
					copies++
				}
			}
			require.Equal(t, 4, copies)
		}
		w.desk.say("end")
		_, err := w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"only once, same delivery id: true", "only once, same delivery id: false", "end"}, w.alice.Texts())
	})
}

func TestD24_SwappedWebhooksLeaveInChatwootsOrder(t *testing.T) {
	eachModeWith(t, 3*time.Second, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1,
			Fault: chatwoottest.WebhookFault{Delay: 200 * time.Millisecond}})
		w.desk.say("first")
		w.told("created", w.desk.say("second").ID)
		require.NoError(t, w.alice.WaitCount(patience, 2))
		require.Equal(t, []string{"first", "second"}, w.alice.Texts())
	})
}

func TestD38_ARestartLosesNothingBothWays(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		var toDesk, toAlice []string
		w.alice.SendText(w.phone, "in 00")
		w.desk.wait("the conversation", withText("in 00"))
		toDesk = append(toDesk, "in 00")
		for i := 1; i <= 20; i++ {
			in, out := fmt.Sprintf("in %02d", i), fmt.Sprintf("out %02d", i)
			toDesk, toAlice = append(toDesk, in), append(toAlice, out)
			w.alice.SendText(w.phone, in)
			w.told("created", w.desk.say(out).ID)
			if i == 10 {
				w.bridge.Stop()
				w.start()
			}
		}
		w.connected()
		w.desk.wait("the last question", withText("in 20"))
		_, err := w.alice.WaitText(patience, "out 20")
		require.NoError(t, err)
		require.Equal(t, toDesk, w.desk.incoming())
		require.Equal(t, toAlice, w.alice.Texts())
	})
}

func TestADeletedMessageIsTakenBack(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.alice.SendText(w.phone, "hi")
		w.desk.wait("the conversation", withText("hi"))
		m := w.desk.say("oops")
		sent, err := w.alice.WaitText(patience, "oops")
		require.NoError(t, err)
		require.NoError(t, w.desk.Delete(m.ID))
		_, err = w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == sent.ID
		})
		require.NoError(t, err)
	})
}

func TestWebhooksAreRefusedByTheRules(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		inbox := w.desk.Inboxes()[0]
		hook := inbox.WebhookURL
		timestamp := fmt.Sprint(time.Now().Unix())
		status := func(url string, body []byte, signature string) int {
			req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
			require.NoError(t, err)
			req.Header.Set("X-Chatwoot-Timestamp", timestamp)
			req.Header.Set("X-Chatwoot-Signature", signature)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			return resp.StatusCode
		}
		signed := func(body string) int {
			return status(hook, []byte(body), chatwoot.Sign(inbox.Secret, timestamp, []byte(body)))
		}
		good := fmt.Appendf(nil, `{"event":"message_created","id":1,"message_type":"outgoing","content":"x","account":{"id":%d},"inbox":{"id":%d}}`,
			inbox.Account, inbox.ID)
		require.Equal(t, http.StatusNotFound, status(hook+"x", good, ""))
		require.Equal(t, http.StatusNotFound, status(w.front.URL+"/webhooks/none/none", good, ""))
		require.Equal(t, http.StatusUnauthorized, status(hook, good, "sha256=00"))
		require.Equal(t, http.StatusUnauthorized, status(hook, good, ""))
		require.Equal(t, http.StatusRequestEntityTooLarge, status(hook, make([]byte, 9<<20), ""))
		require.Equal(t, http.StatusBadRequest, signed(`{"event":`))
		require.Equal(t, http.StatusForbidden, signed(`{"event":"message_created","account":{"id":2}}`))
		require.Equal(t, http.StatusForbidden, signed(`{"event":"message_created","inbox":{"id":99}}`))
		require.Equal(t, http.StatusOK, signed(`{"event":"something_new"}`))
		var jobs int
		require.NoError(t, w.db.QueryRow(`SELECT COUNT(*) FROM job WHERE kind = 'created'`).Scan(&jobs))
		require.Zero(t, jobs, "nothing refused is stored")
	}, byWebhook)
}
