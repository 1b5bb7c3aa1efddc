package benchtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/compose"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// reply measures, at 20 messages a second in known chats, what the bridge adds to
// the way of an agent's reply: the time from the moment Chatwoot tells of it, by
// whichever way does so first, until the message is at WhatsApp. Lines that listen
// in each of the ways take turns. What each reply waits for an earlier one of its
// chat, by a setting, is taken off.
func reply(tb testing.TB, s size) []row {
	wait := millis(lines.DefaultSettings().OrderWait())
	var rows []row
	for _, m := range modes {
		var sides []*replies
		for _, listens := range []string{lines.ListenWebhook, lines.ListenLive, lines.ListenBoth} {
			sides = append(sides, newReplies(tb, m, s.of(20, 2), listens))
		}
		rounds, each := s.of(5, 1), s.of(100, 10)
		if rounds > 1 { // a pass in the middle would count
			calm(sides[0].stack, sides[1].stack, sides[2].stack)
		}
		for range rounds {
			for _, side := range sides {
				side.write(each)
			}
		}
		for _, side := range sides {
			took := side.clock.samples()
			added, p99 := took.median()-wait, took.percentile(99)-wait
			r := row{
				figure: fmt.Sprintf("from Chatwoot to WhatsApp beyond the %.0f ms of order_wait_ms, at 20/s, median / p99, listen=%s, %s", wait, side.listens, m.name), against: "–",
				bridge: fmt.Sprintf("%.1f / %.1f ms", added, p99),
			}
			if side.listens == lines.ListenLive {
				r.aim, r.verdict = "< 10 ms / –", verdict(added < 10)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// replies times agents' replies on a line that listens in one of the ways.
type replies struct {
	*stack
	listens string
	clock   *stopwatch
	written int
}

func newReplies(tb testing.TB, m mode, customers int, listens string) *replies {
	r := &replies{stack: newStackThat(tb, m, customers, listens), listens: listens, clock: &stopwatch{left: map[string]time.Time{}}}
	if listens != lines.ListenWebhook {
		_, err := r.Chatwoot.WaitLive(patience, func(c chatwoottest.LiveConnection) bool { return c.Confirmed })
		require.NoError(tb, err)
	}
	r.drained()
	leaves := func(message int) {
		r.clock.leaves(content.MessageID(string(r.Line), "send", int64(message), compose.TextPart, 0))
	}
	r.Chatwoot.OnWebhook(func(w chatwoottest.Webhook) chatwoottest.WebhookFault {
		if w.Event == "message_created" {
			leaves(w.Message)
		}
		return chatwoottest.WebhookFault{}
	})
	r.Chatwoot.OnFrame(func(f chatwoottest.Frame) chatwoottest.FrameFault {
		if f.Event == "message.created" {
			leaves(f.Message)
		}
		return chatwoottest.FrameFault{}
	})
	tb.Cleanup(r.WhatsApp.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
		if e.Is(whatsapptest.StanzaIn, "message") {
			r.clock.reached(e.Attr("id"), time.Now())
		}
		return whatsapptest.Action{}
	}))
	return r
}

// write has agents write n replies, and waits until they are at WhatsApp.
func (r *replies) write(n int) {
	conversations := r.Chatwoot.Conversations()
	tick := time.NewTicker(time.Second / 20)
	defer tick.Stop()
	for range n {
		<-tick.C
		_, err := r.Chatwoot.Reply(conversations[r.written%len(conversations)].ID, fmt.Sprint("answer ", r.written))
		require.NoError(r.tb, err)
		r.written++
	}
	require.Eventually(r.tb, func() bool { return r.clock.count() >= r.written }, patience, 5*time.Millisecond, "replies at WhatsApp")
	r.drained()
}
