package bridge_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// How far the clock of the machine of Chatwoot is ahead of the bridge's.
var clocksApart = map[string]struct {
	ahead time.Duration
	says  string
}{
	"six minutes ahead":  {6 * time.Minute, "The clock of this machine is 6 minutes behind Chatwoot's."},
	"six minutes behind": {-6 * time.Minute, "The clock of this machine is 6 minutes ahead of Chatwoot's."},
	"two hours ahead":    {2 * time.Hour, "The clock of this machine is 2 hours behind Chatwoot's."},
	"two hours behind":   {-2 * time.Hour, "The clock of this machine is 2 hours ahead of Chatwoot's."},
}

// Agents' replies leave by webhook as always where the bridge's clock is wrong,
// nothing turns red, and people read it until the clock is right.
func TestK4_AWrongClockCostsNothingAndIsToldOf(t *testing.T) {
	t.Parallel()
	for name, test := range clocksApart {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newDesk(t)
			at.SetClockAhead(test.ahead)
			w := clockWorld(t, at)
			talking(w)
			w.answers("one", "two")
			w.says(test.says)

			at.SetClockAhead(0)
			w.answers("three")
			w.says("")
		})
	}
}

// A clock that is set while the bridge runs makes no difference either.
func TestK4_AClockThatIsSetWhileTheBridgeRunsCostsNothing(t *testing.T) {
	t.Parallel()
	for name, test := range clocksApart {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := clockWorld(t, newDesk(t))
			talking(w)
			w.answers("one")
			w.says("")
			w.desk.SetClockAhead(test.ahead)
			w.answers("two")
			w.says(test.says)
			w.handler.Store(nil)
			w.bridge.Stop()
			missed := w.desk.say("missed")
			w.start()
			_, err := w.alice.WaitText(patience, missed.Text)
			require.NoError(t, err)
		})
	}
}

func clockWorld(t *testing.T, at desk) *world {
	t.Helper()
	return newWorldAt(t, at, databasetest.SQLite(t), idmap.NewMemory(1000, time.Now), setting{orderWait: orderWait, listen: lines.ListenWebhook})
}

// answers has the agent write texts, which leave by webhook, with ticks.
func (w *world) answers(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		m := w.desk.say(text)
		w.desk.webhookTaken(m.ID)
		_, err := w.alice.WaitText(patience, text)
		require.NoError(w.t, err)
		w.desk.wait("the ticks of "+text, withStatus(m.ID, "delivered"))
	}
	require.NoError(w.t, w.desk.WaitIdle(w.t.Context()))
	for _, d := range w.desk.Webhooks() {
		require.Equal(w.t, http.StatusOK, d.Status, fmt.Sprint(d.Event, " ", d.Error))
	}
	for _, c := range w.desk.Conversations() {
		for _, m := range w.desk.Messages(c.ID) {
			require.NotEqual(w.t, "failed", m.Status, m.Text)
		}
	}
}

// says waits until the line tells people what a clock's sentence begins with, or
// that its connection is well.
func (w *world) says(sentence string) {
	w.t.Helper()
	var status admin.LineStatus
	require.Eventually(w.t, func() bool {
		var err error
		status, err = w.bridge.LineStatus(w.t.Context(), w.line)
		require.NoError(w.t, err)
		if sentence == "" {
			return status.LastError == "" && status.State.Sentence == "Connected to WhatsApp."
		}
		return len(status.LastError) > len(sentence) && status.LastError[:len(sentence)] == sentence && status.State.Sentence == status.LastError
	}, patience, 5*time.Millisecond, "%s", sentence)
}
