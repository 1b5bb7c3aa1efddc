package bridge_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// WhatsApp limits how often a group or a picture may be asked for; a busy group
// must not lead to a question for each message of either side.
func TestR17_ABusyGroupIsAskedAboutOnce(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		const messages, replies = 30, 3
		var groups, pictures atomic.Int64
		w.wa.Hook(func(e whatsapptest.HookEvent) whatsapptest.Action {
			if e.Is(whatsapptest.StanzaIn, "iq") {
				switch e.Attr("xmlns") {
				case "w:g2":
					groups.Add(1)
				case "w:profile:picture":
					pictures.Add(1)
				}
			}
			return whatsapptest.Action{}
		})
		group := w.wa.NewGroup("Family", true, w.phone, w.alice)
		for i := range messages {
			w.alice.SendText(group, fmt.Sprint("message ", i))
		}
		w.desk.wait("the last one", func(m chatwoottest.Message) bool {
			return strings.HasSuffix(m.Text, fmt.Sprint("message ", messages-1))
		})
		require.LessOrEqual(t, groups.Load(), int64(1), "to receive takes one at most: what the group is called")
		for i := range replies {
			w.desk.say(fmt.Sprint("answer ", i))
		}
		_, err := w.alice.WaitText(patience, fmt.Sprint("answer ", replies-1))
		require.NoError(t, err)
		require.LessOrEqual(t, groups.Load(), int64(2), "to send takes one: who is in the group")
		require.LessOrEqual(t, pictures.Load(), int64(1))
		require.Len(t, w.desk.incoming(), messages)
		require.Len(t, w.desk.Conversations(), 1)
	})
}
