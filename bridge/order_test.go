package bridge_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// unevenly makes every third message take longer in Chatwoot than the others.
func (d desk) unevenly() {
	var n atomic.Int64
	d.OnRequest(func(r *http.Request) chatwoottest.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages") && n.Add(1)%3 == 0 {
			return chatwoottest.Slow(30 * time.Millisecond)
		}
		return chatwoottest.Fault{}
	})
}

// Three customers and an agent write at once, and Chatwoot is slow now and then.
func TestD19_NothingIsSwappedInEitherDirection(t *testing.T) {
	eachListening(t, func(t *testing.T, w *world) {
		w.desk.unevenly()
		talk := newTalk(w, "Bob", "Carol")
		for range 20 {
			talk.round()
		}
		talk.compare()
	}, func(s *setting) { s.orderWait = time.Second })
}

func TestD22_AFileIsNotOvertakenByTexts(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.wa.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
			if e.Kind == whatsapptest.MediaRequest {
				return whatsapptest.Action{Delay: 300 * time.Millisecond}
			}
			return whatsapptest.Action{}
		})
		pdf := []byte("%PDF-1.4")
		w.alice.SendDocument(w.phone, "a.pdf", pdf, whatsapptest.WithCaption("the file"))
		w.alice.SendText(w.phone, "after the file")
		w.desk.wait("both", withText("after the file"))
		require.Equal(t, []string{"hi", "the file", "after the file"}, w.desk.incoming())

		w.desk.AddRule(chatwoottest.Rule{Path: "/rails/active_storage", Fault: chatwoottest.Slow(300 * time.Millisecond)})
		w.told("created", w.desk.say("your file", chatwoottest.WithFile("b.pdf", "application/pdf", pdf)).ID)
		w.desk.say("after yours")
		require.NoError(t, w.alice.WaitCount(patience, 2))
		require.Equal(t, []string{"your file", "after yours"}, w.alice.Texts())
	})
}

// The customer edits, deletes and reacts while the message itself is still on
// its way to Chatwoot, and the agent deletes what has just left.
func TestD23_WhatConcernsAMessageComesAfterIt(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.desk.AddRule(chatwoottest.Rule{Method: http.MethodPost, Path: "/messages", Times: 1, Fault: chatwoottest.Slow(500 * time.Millisecond)})
		id := w.alice.SendText(w.phone, "slow")
		w.alice.Edit(w.phone, id, "slow, edited")
		sent, ok := w.alice.Sent(id)
		require.True(t, ok)
		w.alice.React(w.phone, sent, "👍")
		w.alice.Revoke(w.phone, id)
		w.alice.SendText(w.phone, "end")
		w.desk.wait("the end", withText("end"))
		shown := w.desk.shown()
		require.Len(t, shown, len([]string{"hi", "slow", "its edit", "the reaction", "its deletion", "end"}))
		require.Equal(t, "incoming: slow", shown[1])
		require.Equal(t, "note: Alice deleted this message for everyone. The text stays here.", shown[4])
		require.Equal(t, "incoming: end", shown[5])

		m := w.desk.say("oops")
		require.NoError(t, w.desk.Delete(m.ID))
		w.desk.say("sorry")
		_, err := w.alice.WaitText(patience, "sorry")
		require.NoError(t, err)
		w.idle("out")
		kinds := []string{}
		for _, got := range w.alice.Messages() {
			kinds = append(kinds, got.Kind())
		}
		// Deleted before it left, or taken back after: never the other way round.
		require.Contains(t, [][]string{{"text"}, {"text", "revoke", "text"}, {"text", "text", "revoke"}}, kinds)
		// A receipt on a bubble never takes the other back.
		reply := w.desk.say("ticks")
		there, err := w.alice.WaitText(patience, "ticks")
		require.NoError(t, err)
		w.alice.MarkRead(there.ID)
		w.desk.wait("read", withStatus(reply.ID, "read"))
		w.alice.MarkDelivered(there.ID)
		w.idle("status")
		got, _ := w.desk.Message(reply.ID)
		require.Equal(t, "read", got.Status)
	})
}
