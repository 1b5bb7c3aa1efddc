package bridge_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// echoesFirst makes Chatwoot tell of every message before it answers the
// request that made it.
func (d desk) echoesFirst() {
	d.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Fault: chatwoottest.Fault{WebhooksFirst: true}})
}

// leaked lists what reached a customer from the bridge and no agent had written.
func leaked(p *whatsapptest.Peer, written map[string]bool) []string {
	var list []string
	for _, m := range p.Messages() {
		if m.FromDevice != 0 && !written[m.Text()] {
			list = append(list, m.Kind()+" "+m.Text())
		}
	}
	return list
}

func TestD15_WhatTheBridgeCreatesHasASourceAndIsNeverSent(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.desk.echoesFirst()
		talking(w)
		asked := w.alice.SendText(w.phone, "question")
		question, ok := w.alice.Sent(asked)
		require.True(t, ok)
		typed := w.phone.TypeText(w.alice, "typed on the phone")
		w.phone.SendDocument(w.alice, "price list.pdf", []byte("%PDF-1.4"), whatsapptest.WithCaption("a file from the phone"))
		w.phone.React(w.alice, question, "👍")
		w.phone.Edit(w.alice, typed, "typed better")
		w.phone.Revoke(w.alice, typed)
		w.alice.Revoke(w.phone, asked)
		w.alice.SendText(w.phone, "end")
		w.desk.wait("the end", withText("end"))
		w.idle("in")
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		agents := w.desk.say("from an agent")
		_, err := w.alice.WaitText(patience, "from an agent")
		require.NoError(t, err)
		for _, m := range w.desk.Messages(agents.Conversation) {
			if m.Kind != "activity" && m.ID != agents.ID {
				require.True(t, strings.HasPrefix(m.SourceID, "WAID:"), "%+v", m)
			}
		}
		require.Empty(t, leaked(w.alice, map[string]bool{"from an agent": true}))
	})
}

// 100 messages each way while every new message's webhook comes again, every echo comes
// early, and half of the agents' messages change places on their way.
func TestD44_RepeatedEarlyAndSwappedWebhooksUnderLoad(t *testing.T) {
	eachModeWith(t, 3*time.Second, func(t *testing.T, w *world) {
		const chats, each = 5, 20
		w.desk.echoesFirst()
		var customers []*whatsapptest.Peer
		conversations := make([]int, chats)
		for i := range chats {
			c := w.wa.NewPeer(fmt.Sprintf("551170000%04d", i), fmt.Sprintf("Customer %d", i))
			c.SendText(w.phone, "hi from "+c.Name())
			conversations[i] = w.desk.wait("the conversation", withText("hi from "+c.Name())).Conversation
			customers = append(customers, c)
		}
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		var mu sync.Mutex
		seen := 0
		w.desk.OnWebhook(func(hook chatwoottest.Webhook) chatwoottest.WebhookFault {
			mu.Lock()
			defer mu.Unlock()
			if hook.Event != "message_created" {
				return chatwoottest.WebhookFault{}
			}
			seen++
			fault := chatwoottest.WebhookFault{Duplicates: 1, SameDelivery: seen%2 == 0}
			if hook.Message%2 == 0 {
				fault.Delay = 100 * time.Millisecond
			}
			return fault
		})
		written := map[string]bool{}
		wantOut, wantIn := make([][]string, chats), make([][]string, chats)
		for n := range each {
			for i, c := range customers {
				out, phone := fmt.Sprintf("agent %d/%02d", i, n), fmt.Sprintf("phone %d/%02d", i, n)
				written[out] = true
				wantOut[i], wantIn[i] = append(wantOut[i], out), append(wantIn[i], phone)
				_, err := w.desk.Reply(conversations[i], out)
				require.NoError(t, err)
				w.phone.TypeText(c, phone)
			}
		}
		for n := range each { // one after the other: a slow machine has time for each
			for i, c := range customers {
				_, err := c.WaitText(patience, wantOut[i][n])
				require.NoError(t, err)
				w.desk.wait("the echo", withText(wantIn[i][n]))
			}
		}
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		w.idle("out")
		for i, c := range customers {
			var sent, shown []string
			for _, m := range c.Messages() {
				if m.FromDevice != 0 {
					sent = append(sent, m.Text())
				}
			}
			for _, m := range w.desk.Messages(conversations[i]) {
				if m.Echo {
					shown = append(shown, m.Text)
				}
			}
			require.Empty(t, leaked(c, written))
			require.Equal(t, wantOut[i], sent, "none doubled, none swapped")
			require.Equal(t, wantIn[i], shown)
		}
	})
}
