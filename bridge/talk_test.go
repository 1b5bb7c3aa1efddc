package bridge_test

import (
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
)

// talk is several customers and an agent who write at once, and what has to
// come of it: every message once and in order, in both directions.
type talk struct {
	w             *world
	conversations []*bridgetest.Conversation
	rounds        int
}

// newTalk begins a talk of Alice and others; each has said something.
func newTalk(w *world, others ...string) *talk {
	w.t.Helper()
	k := &talk{w: w, conversations: []*bridgetest.Conversation{w.With(w.alice)}}
	for i, name := range others {
		k.conversations = append(k.conversations, w.Customer(fmt.Sprintf("55117777700%02d", i), name))
	}
	for _, c := range k.conversations {
		_, err := c.Ask(question(c, 0))
		require.NoError(w.t, err)
	}
	return k
}

func question(c *bridgetest.Conversation, round int) string {
	return fmt.Sprintf("%s %03d", c.Name(), round)
}

func answer(c *bridgetest.Conversation, round int) string { return "to " + question(c, round) }

// round lets everybody write once more.
func (k *talk) round() {
	k.w.t.Helper()
	k.rounds++
	for _, c := range k.conversations {
		c.SendText(c.Shop, question(c, k.rounds))
		_, err := c.Say(answer(c, k.rounds))
		require.NoError(k.w.t, err)
	}
}

// keepUp waits until all rounds but the last few have arrived.
func (k *talk) keepUp(behind int) {
	k.w.t.Helper()
	arrived := k.rounds - behind
	if arrived <= 0 {
		return
	}
	for _, c := range k.conversations {
		k.w.desk.wait("a question", withText(question(c, arrived)))
		require.NoError(k.w.t, c.WaitCount(patience, arrived))
	}
}

// compare waits until everything has arrived and nothing is left to do, and
// looks at both sides.
func (k *talk) compare() {
	k.w.t.Helper()
	k.keepUp(0)
	k.w.idle("in")
	k.w.idle("out")
	for _, c := range k.conversations {
		asked, answered := []string{question(c, 0)}, []string{}
		for i := 1; i <= k.rounds; i++ {
			asked, answered = append(asked, question(c, i)), append(answered, answer(c, i))
		}
		in := []string{}
		for _, m := range k.w.desk.Messages(c.ID) {
			if m.Kind == "incoming" {
				in = append(in, m.Text)
			}
		}
		require.Equal(k.w.t, asked, in)
		require.Equal(k.w.t, answered, c.Texts())
	}
}
