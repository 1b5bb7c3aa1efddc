package crashtest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/processtest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// The owner removes the device on the phone in the middle of work, at random
// moments of uploading and sending. The program lives on, what both sides wrote
// is kept, and goes into the same conversation once the phone is linked again.
// It is the built program, because the library removes the device's keys beside
// whatever uses them, which the race detector does not forgive.
func TestR19_SignedOutInTheMiddleOfWork(t *testing.T) {
	t.Parallel()
	sim := processtest.StartSimulators(t)
	bridge := processtest.NewBridge(t, sim)
	bridge.Start()
	line := bridge.CreateLine("Shop")
	bridge.Pair(line, shopNumber)
	pid := bridge.PID()
	run := newTraffic(t, sim, 19)
	run.open(1)
	alice := run.chats[0]
	chance := rand.New(rand.NewPCG(19, 19))

	signOut := func(round int) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		kept, back, thanks := fmt.Sprint("kept ", round), fmt.Sprint("and back ", round), fmt.Sprint("thanks ", round)
		file := randomFile(chance)
		_, err := sim.Chatwoot.Write(ctx, alice.conversation, chatwoottest.WriteRequest{Text: kept},
			chatwoottest.Upload{Name: "a.bin", ContentType: "application/octet-stream", Content: bytes.NewReader(file)})
		require.NoError(t, err)
		pause(ctx, between(chance, 200*time.Millisecond, 350*time.Millisecond)) // about when it is sent
		_, err = sim.WhatsApp.Device(ctx, shopNumber, whatsapptest.DeviceRequest{Action: "unlink"})
		require.NoError(t, err)
		bridge.WaitLine(line.ID, func(l api.Line) bool { return l.State == "logged_out" })
		_, err = sim.WhatsApp.SendText(ctx, alice.number, shopNumber, back)
		require.NoError(t, err)

		require.NoError(t, bridge.Client().Pair(ctx, line.ID, api.Pair{Method: api.PairQR}))
		bridge.Scan(line, shopNumber)
		bridge.WaitLine(line.ID, func(l api.Line) bool { return l.State == "connected" })
		_, err = sim.WhatsApp.SendText(ctx, alice.number, shopNumber, thanks)
		require.NoError(t, err)
		got, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Text == thanks })
		require.NoError(t, err)
		require.Equal(t, alice.conversation, got.Conversation)
		for arrived := false; !arrived; {
			received, err := sim.WhatsApp.Messages(ctx, alice.number)
			require.NoError(t, err, kept)
			for _, m := range received {
				arrived = arrived || m.Text == kept && m.SHA256 == hash(file)
			}
			pause(ctx, 50*time.Millisecond)
		}
	}
	for round := range 4 {
		signOut(round)
	}
	received, err := sim.WhatsApp.Messages(t.Context(), alice.number)
	require.NoError(t, err)
	require.Len(t, received, 4, "nothing twice")
	require.Equal(t, pid, bridge.PID(), "it is still the same process")
	require.Zero(t, bridge.Stop())
}
