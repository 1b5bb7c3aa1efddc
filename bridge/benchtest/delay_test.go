package benchtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// delay measures, at 50 messages a second in known chats, the time from the
// moment WhatsApp writes a message to the line until the request with it is at
// Chatwoot, and how many requests there are for each message.
func delay(tb testing.TB, s size) []row {
	var rows []row
	for _, m := range modes {
		st := newStack(tb, m, 20)
		st.drained()
		n := s.of(1000, 40)
		if time.Duration(n)*time.Second/50 > 2*time.Second {
			st.calm() // a pass in the middle would count; it is a figure of its own
		}
		clock := &stopwatch{left: map[string]time.Time{}}
		defer st.WhatsApp.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
			if e.Is(whatsapptest.StanzaOut, "message") {
				clock.leaves(e.Attr("id"))
			}
			return whatsapptest.Action{}
		})()
		st.gateway.note(clock.arrives)
		tick := time.NewTicker(time.Second / 50)
		for i := range n {
			<-tick.C
			st.customers[i%len(st.customers)].SendText(st.Phone, fmt.Sprint("question ", i))
		}
		tick.Stop()
		require.Eventually(tb, func() bool { return clock.count() >= n }, patience, 5*time.Millisecond)
		st.drained()
		took := clock.samples()
		perMessage := float64(st.gateway.count()) / float64(n)
		rows = append(rows,
			row{
				figure: "from WhatsApp to the request, at 50/s, median / p99, " + m.name, against: "–",
				bridge: fmt.Sprintf("%.1f / %.1f ms", took.median(), took.percentile(99)), aim: "< 5 / < 25 ms",
				verdict: verdict(took.median() < 5 && took.percentile(99) < 25),
			},
			row{
				figure: "requests to Chatwoot for a message in a known chat, " + m.name, against: "the least there can be", bare: "1",
				bridge: fmt.Sprintf("%.2f", perMessage), aim: "1.0", verdict: verdict(perMessage < 1.005),
			})
	}
	return rows
}

// stopwatch times messages by their WhatsApp ids.
type stopwatch struct {
	mu   sync.Mutex
	left map[string]time.Time
	took samples
}

// leaves starts the time of a message; told of once more, it does not start anew.
func (w *stopwatch) leaves(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.left[id]; !ok {
		w.left[id] = time.Now()
	}
}

func (w *stopwatch) arrives(at time.Time, body []byte) {
	var posted struct {
		SourceID string `json:"source_id"`
	}
	_ = json.Unmarshal(body, &posted)
	w.reached(strings.TrimPrefix(posted.SourceID, "WAID:"), at)
}

// reached ends the time of a message; a repeat does not count again.
func (w *stopwatch) reached(id string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if left := w.left[id]; !left.IsZero() {
		w.left[id] = time.Time{}
		w.took = append(w.took, millis(at.Sub(left)))
	}
}

func (w *stopwatch) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.took)
}

func (w *stopwatch) samples() samples {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.took
}
