package bridge_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mau.fi/whatsmeow/proto/waHistorySync"
	"google.golang.org/protobuf/proto"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// history is a chunk of what a phone offers after it was linked.
func history(chat *whatsapptest.Peer) *waHistorySync.HistorySync {
	return &waHistorySync.HistorySync{
		SyncType:      waHistorySync.HistorySync_INITIAL_BOOTSTRAP.Enum(),
		Conversations: []*waHistorySync.Conversation{{ID: proto.String(chat.JID().String())}},
	}
}

// Two lines are paired at the same moment, and both phones send their history.
// Each becomes ready by itself, nothing crosses, a name that comes late reaches
// its contact, and what happens to one does not concern the other.
func TestR21_R28_R35_TwoLinesAreNoConcernOfEachOther(t *testing.T) {
	oneMode(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		phones := []*whatsapptest.Peer{w.wa.NewPeer("5511999990011", "North"), w.wa.NewPeer("5511999990012", "South")}
		lines := make([]bridge.LineID, len(phones))
		for i, phone := range phones {
			line, err := w.bridge.CreateLine(ctx, bridge.NewLine{
				Name: phone.Name(), ChatwootURL: w.desk.URL(), ChatwootToken: w.desk.AdminToken(), Account: int64(w.desk.Account()),
				Settings: []byte(`{"order_wait_ms":0,"send_rate":0}`),
			})
			require.NoError(t, err)
			lines[i] = line.ID
		}
		var pairing sync.WaitGroup
		for i, phone := range phones {
			pairing.Go(func() {
				if err := w.bridge.Pair(ctx, lines[i], ""); err != nil {
					t.Error(err)
					return
				}
				changed, stop, err := w.bridge.Watch(lines[i])
				if err != nil {
					t.Error(err)
					return
				}
				defer stop()
				for scanned := false; ; <-changed {
					state, err := w.bridge.State(lines[i])
					if err == nil && state.QR != "" && !scanned {
						scanned = true
						if err := phone.ScanQR(state.QR); err != nil {
							t.Error(err)
						}
					}
					if err == nil && state.Code == whatsapp.StateConnected {
						return
					}
				}
			})
		}
		pairing.Wait()
		for _, phone := range phones {
			require.NoError(t, phone.Companion().WaitAppState(patience))
		}
		customers := []*whatsapptest.Peer{w.wa.NewPeer("5511888880021", "Nora"), w.wa.NewPeer("5511888880022", "Simon")}
		for i, phone := range phones {
			require.NoError(t, phone.SendHistory(history(customers[i])))
			phone.TypeText(customers[i], fmt.Sprint("hello from line ", i))
		}
		for i, customer := range customers {
			greeting := w.desk.wait("what the phone wrote", withText(fmt.Sprint("hello from line ", i)))
			customer.SendText(phones[i], fmt.Sprint("question to line ", i))
			question := w.desk.wait("the question", withText(fmt.Sprint("question to line ", i)))
			require.Equal(t, greeting.Conversation, question.Conversation)
			w.contact("the late name", named(customer.Name()))
			_, err := w.desk.Reply(question.Conversation, fmt.Sprint("answer of line ", i))
			require.NoError(t, err)
			_, err = customer.WaitText(patience, fmt.Sprint("answer of line ", i))
			require.NoError(t, err)
			require.Len(t, customer.Messages(), 2, "nothing of the other line")
		}

		phones[0].Companion().Replace()
		stateOf(t, w.bridge, lines[0], whatsapp.StateReplaced)
		stateOf(t, w.bridge, lines[1], whatsapp.StateConnected)
		customers[1].SendText(phones[1], "still there?")
		w.desk.wait("the other line's message", withText("still there?"))
		inboxes := map[int]bool{}
		for _, c := range w.desk.Conversations() {
			inboxes[c.Inbox] = true
		}
		require.Len(t, inboxes, 2)
		stateOf(t, w.bridge, lines[0], whatsapp.StateReplaced)
	})
}
