package main

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/database/databasetest"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The program is killed again and again while what waited for it comes in, far more
// receipts and notifications than messages: each customer's messages are there once
// and in order.
func TestT12_AFloodIsInOrderThoughTheProgramIsKilled(t *testing.T) {
	t.Parallel()
	key := "WOOTBRIDGE_ENCRYPTION_KEY=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
	for name, settings := range map[string][]string{"embedded": nil, "standard": {key, "WOOTBRIDGE_DATABASE_URL=" + databasetest.PostgresURL(t)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim := processtest.StartSimulators(t)
			bridge := processtest.NewBridge(t, sim, settings...)
			bridge.Start()
			bridge.Pair(bridge.CreateLine("Shop"), ownPhone)
			customers := []string{otherPhone, "5511777770003", "5511777770004"}
			for _, number := range customers {
				_, err := sim.WhatsApp.NewPeer(t.Context(), number, "Customer")
				require.NoError(t, err)
			}
			_, err := sim.WhatsApp.SendText(t.Context(), otherPhone, ownPhone, "hi")
			require.NoError(t, err)
			deskShows(t, sim, "hi")
			require.Zero(t, bridge.Stop())

			want, all := map[string][]string{}, 1
			for round := range 3 {
				for i, number := range customers {
					texts, err := sim.WhatsApp.Flood(t.Context(), number, whatsapptest.FloodRequest{To: ownPhone, Flood: whatsapptest.Flood{
						Messages: 20, Receipts: 250, Notifications: 60, Text: strconv.Itoa(i) + " in round " + strconv.Itoa(round) + ": ",
					}})
					require.NoError(t, err)
					want[strconv.Itoa(i)] = append(want[strconv.Itoa(i)], texts...)
					all += len(texts)
				}
			}
			pending := func() int {
				peer, err := sim.WhatsApp.Peer(t.Context(), ownPhone)
				require.NoError(t, err)
				return peer.Devices[0].Pending
			}
			for waits := pending(); waits > 1000; waits = pending() {
				bridge.Start()
				require.Eventually(t, func() bool { return pending() < waits-700 }, patience, 5*time.Millisecond)
				bridge.Kill()
			}
			bridge.Start()
			var shown []chatwoottest.Message
			require.Eventually(t, func() bool {
				shown, err = sim.Chatwoot.Messages(t.Context())
				return err == nil && len(shown) >= all
			}, patience, 50*time.Millisecond)
			got := map[string][]string{}
			for _, m := range shown {
				if m.Text != "hi" {
					got[m.Text[:1]] = append(got[m.Text[:1]], m.Text)
				}
			}
			require.Equal(t, want, got)
		})
	}
}
