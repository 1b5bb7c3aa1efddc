package bridge_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/bridge/reconcile"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// never is longer than a test.
const never = time.Hour

// passes starts the bridge again, with passes at other times.
func (w *world) passes(times reconcile.Schedule) {
	w.t.Helper()
	w.configure = func(cfg *bridge.Config) {
		times.PerSecond = cfg.Schedule.PerSecond
		cfg.Schedule = times
	}
	w.passed(func() { w.away(func() {}) })
}

// passed waits for the end of a pass that begins after something. When a pass began is
// told by Chatwoot's clock, which shows whole seconds and may seem to go back.
func (w *world) passed(after func()) {
	w.t.Helper()
	w.exec(`UPDATE line SET reconciled = reconciled - 1`) // two may have begun at the same time
	last, _ := w.mark()
	began := time.Now().Add(-time.Second).UnixMilli()
	after()
	require.Eventually(w.t, func() bool { at, _ := w.mark(); return at != last && at >= began }, patience, 5*time.Millisecond, "a pass")
}

// mark is when the last pass began by Chatwoot's clock, and its watermark.
func (w *world) mark() (at int64, watermark int) {
	w.t.Helper()
	require.NoError(w.t, w.db.QueryRow(`SELECT reconciled, watermark FROM line`).Scan(&at, &watermark))
	return at, watermark
}

// lose loses the webhook of the next message, which then is not even red.
func (d desk) lose() {
	d.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Drop: true}})
}

// deaf turns webhooks away in which a text is, so many times.
func (w *world) deaf(text string, times int) {
	handler := *w.handler.Load()
	var mu sync.Mutex
	var deaf http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		refuse := times > 0 && strings.Contains(string(body), text)
		if refuse {
			times--
		}
		mu.Unlock()
		if refuse {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(rw, r)
	})
	w.handler.Store(&deaf)
}

// A pass reads one conversation after the other. What is written meanwhile in
// one that it has read has a lower id than what it still reads in another; the
// watermark must not pass it over for ever.
func TestD25_WhatIsWrittenWhileAPassReadsIsNotPassedOver(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		k := newTalk(w, "Bob", "Carol", "Dora") // one more than a pass reads at once
		peers := map[int]*whatsapptest.Peer{}
		for _, c := range k.conversations {
			peers[c.ID] = c.Peer
		}
		w.settled()
		var mu sync.Mutex
		var read []int
		written := make(chan struct{})
		remove := w.desk.OnRequest(func(r *http.Request) chatwoottest.Fault {
			path := strings.Split(r.URL.Path, "/")
			if r.Method != http.MethodGet || path[len(path)-1] != "messages" {
				return chatwoottest.Fault{}
			}
			conversation, _ := strconv.Atoi(path[len(path)-2])
			mu.Lock()
			read = append(read, conversation)
			n := len(read)
			mu.Unlock()
			switch n {
			case 2, 3:
				<-written
			case 4: // the first one has its answer
				w.desk.lose()
				_, _ = w.desk.Reply(read[0], "lost")
				_, _ = w.desk.Reply(conversation, "later")
				close(written)
			}
			return chatwoottest.Fault{}
		})
		w.passes(reconcile.Schedule{Every: never, Again: never})
		remove()
		_, err := peers[read[3]].WaitText(patience, "later")
		require.NoError(t, err)
		require.Empty(t, peers[read[0]].Texts())
		w.passes(reconcile.Schedule{Every: never, Again: never})
		_, err = peers[read[0]].WaitText(patience, "lost")
		require.NoError(t, err)
	})
}

// The watermark follows what has been settled for a while.
func TestTheWatermarkFollowsThePasses(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		old := w.desk.say("old")
		w.desk.wait("the tick", withStatus(old.ID, "delivered"))
		w.settled()
		_, before := w.mark()
		require.Less(t, before, old.ID)
		w.passes(reconcile.Schedule{Every: never, Again: never})
		_, still := w.mark()
		require.Equal(t, before, still, "all of it is new")
		require.NoError(t, w.desk.Backdate(old.ID, 3*time.Minute))
		w.passes(reconcile.Schedule{Every: never, Again: never})
		_, after := w.mark()
		require.Equal(t, old.ID, after)
	})
}

func TestADeletionOfAnOldMessageIsTakenBackAfterAGap(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		m := w.desk.say("oops")
		sent, err := w.alice.WaitText(patience, "oops")
		require.NoError(t, err)
		last := ""
		for i := range chatwoot.LastMessages + 5 { // Chatwoot does not list it any more
			last = fmt.Sprint("later ", i)
			w.desk.say(last)
		}
		_, err = w.alice.WaitText(patience, last)
		require.NoError(t, err)
		w.settled()
		w.away(func() {
			for _, old := range w.desk.Messages(m.Conversation) { // older than the last pass
				require.NoError(t, w.desk.Backdate(old.ID, 10*time.Minute))
			}
			require.NoError(t, w.desk.Delete(m.ID))
		})
		_, err = w.alice.WaitMessage(patience, func(r whatsapptest.Received) bool {
			return r.Message.GetProtocolMessage().GetKey().GetID() == sent.ID
		})
		require.NoError(t, err)
	})
}

// A webhook that the bridge has turned away itself, or that Chatwoot could not
// deliver, is a gap: the next pass comes at once.
func TestD25_AWebhookThatWasTurnedAwayIsMadeUpForAtOnce(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.passes(reconcile.Schedule{Every: never, Again: never, Spacing: time.Millisecond})
		w.deaf("lost", 1) // the word that it has failed comes through
		m := w.desk.say("lost")
		_, err := w.alice.WaitText(patience, "lost")
		require.NoError(t, err)
		w.desk.wait("ticks in place of the red", withStatus(m.ID, "delivered"))
	}, byWebhook)
}

func TestD25_AWebhookThatFindsTheDatabaseBrokenIsMadeUpFor(t *testing.T) {
	eachMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.passes(reconcile.Schedule{Every: never, Again: never, Spacing: time.Millisecond})
		tables := []string{"job", "agent_message"} // neither the message nor the word of its failure can be taken
		for _, table := range tables {
			_, err := w.db.Exec(`ALTER TABLE ` + table + ` RENAME TO away_` + table)
			require.NoError(t, err)
		}
		w.desk.say("lost")
		require.NoError(t, w.desk.WaitIdle(t.Context()))
		for _, table := range tables {
			_, err := w.db.Exec(`ALTER TABLE away_` + table + ` RENAME TO ` + table)
			require.NoError(t, err)
		}
		_, err := w.alice.WaitText(patience, "lost")
		require.NoError(t, err)
	}, byWebhook)
}

// A webhook that vanishes while the bridge runs leaves no trace; and one that is
// only late must not send a second time what a pass has sent.
func TestD25_PassesFindWhatVanishesWhileTheBridgeRuns(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		talking(w)
		w.passes(reconcile.Schedule{Every: 20 * time.Millisecond, Again: 20 * time.Millisecond, Spacing: time.Millisecond})
		for range 3 { // those of the start are over
			w.passed(func() {})
		}
		w.desk.lose()
		w.desk.say("vanished")
		_, err := w.alice.WaitText(patience, "vanished")
		require.NoError(t, err)
		w.desk.AddWebhookRule(chatwoottest.WebhookRule{Event: "message_created", Times: 1, Fault: chatwoottest.WebhookFault{Delay: time.Second}})
		late := w.desk.say("late")
		_, err = w.alice.WaitText(patience, "late")
		require.NoError(t, err)
		w.desk.webhookTaken(late.ID)
		w.desk.say("end")
		_, err = w.alice.WaitText(patience, "end")
		require.NoError(t, err)
		require.Equal(t, []string{"vanished", "late", "end"}, w.alice.Texts())
	}, byWebhook)
}
