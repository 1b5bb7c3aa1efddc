package crashtest

import (
	"context"
	"encoding/json"
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

// silentNumber is the phone of the line for which WhatsApp acknowledges nothing.
const silentNumber = "5511999990003"

// silentLine is another line for which WhatsApp takes every message and
// acknowledges none. Its customers write, its agents answer.
type silentLine struct {
	sim   *processtest.Simulators
	chats []*silentChat
}

type silentChat struct {
	number, name   string
	conversation   int
	wrote, answers []string
}

// silence makes the silent line, if there is one.
func (x *trouble) silence(tb *testing.T, sim *processtest.Simulators, bridge *processtest.Bridge) {
	tb.Helper()
	if !x.silent {
		return
	}
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	desk, err := sim.Chatwoot.State(ctx)
	require.NoError(tb, err)
	line, err := bridge.Client().CreateLine(ctx, api.NewLine{
		Name: "Silent", ChatwootURL: desk.URL, ChatwootToken: desk.AdminToken, AccountID: int64(desk.Account),
		Settings: json.RawMessage(`{"send_rate":0}`),
	})
	require.NoError(tb, err)
	bridge.Pair(line, silentNumber)
	x.mute = &silentLine{sim: sim}
	for i := range 5 {
		c := &silentChat{number: fmt.Sprintf("55116666%05d", i), name: fmt.Sprintf("Client %02d", i), wrote: []string{"hello"}}
		_, err := sim.WhatsApp.NewPeer(ctx, c.number, c.name)
		require.NoError(tb, err)
		_, err = sim.WhatsApp.SendText(ctx, c.number, silentNumber, "hello")
		require.NoError(tb, err)
		x.mute.chats = append(x.mute.chats, c)
	}
	for _, c := range x.mute.chats {
		m, err := sim.Chatwoot.WaitMessage(ctx, func(m chatwoottest.Message) bool { return m.Sender == c.name })
		require.NoError(tb, err)
		c.conversation = m.Conversation
	}
	_, err = sim.WhatsApp.Device(ctx, silentNumber, whatsapptest.DeviceRequest{Action: "hold-acks"})
	require.NoError(tb, err)
}

// ask lets the silent line's customers and agents write now and then, until ctx
// ends.
func (x *trouble) ask(ctx context.Context) error {
	if x.mute == nil {
		return nil
	}
	chance := rand.New(rand.NewPCG(x.seed, 15))
	// What is begun is ended: a request that is cut off may have got through.
	whole := context.WithoutCancel(ctx)
	for i := 0; ctx.Err() == nil; i++ {
		c := x.mute.chats[chance.IntN(len(x.mute.chats))]
		question, answer := fmt.Sprintf("and now? %d", i), fmt.Sprintf("we are on it %d", i)
		if _, err := x.mute.sim.WhatsApp.SendText(whole, c.number, silentNumber, question); err != nil {
			return err
		}
		c.wrote = append(c.wrote, question)
		if _, err := x.mute.sim.Chatwoot.Write(whole, c.conversation, chatwoottest.WriteRequest{Text: answer}); err != nil {
			return err
		}
		c.answers = append(c.answers, answer)
		pause(ctx, between(chance, 300*time.Millisecond, time.Second))
	}
	return nil
}

// speak lets WhatsApp acknowledge what the silent line sends.
func (x *trouble) speak(tb *testing.T) {
	tb.Helper()
	if x.mute != nil {
		_, err := x.mute.sim.WhatsApp.Device(tb.Context(), silentNumber, whatsapptest.DeviceRequest{Action: "release-acks"})
		require.NoError(tb, err)
	}
}

// compareSilent waits until all that was written on the silent line is on the other
// side, each once and in order.
func (x *trouble) compareSilent(tb *testing.T) {
	tb.Helper()
	if x.mute == nil {
		return
	}
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	for _, c := range x.mute.chats {
		for {
			wrote, answers := x.mute.look(tb, c)
			if len(wrote) >= len(c.wrote) && len(answers) >= len(c.answers) {
				require.Equal(tb, c.wrote, wrote)
				require.Equal(tb, c.answers, answers)
				break
			}
			if pause(ctx, 200*time.Millisecond); ctx.Err() != nil {
				require.Equal(tb, c.wrote, wrote, "what the silent line's customers wrote never came")
				require.Equal(tb, c.answers, answers, "what the silent line's agents wrote never came")
			}
		}
	}
}

// look gives what each side of a chat has of the other.
func (l *silentLine) look(tb *testing.T, c *silentChat) (wrote, answers []string) {
	tb.Helper()
	desk, err := l.sim.Chatwoot.Messages(tb.Context())
	require.NoError(tb, err)
	for _, m := range desk {
		if m.Conversation == c.conversation && m.Kind == "incoming" {
			wrote = append(wrote, m.Text)
		}
	}
	phone, err := l.sim.WhatsApp.Messages(tb.Context(), c.number)
	require.NoError(tb, err)
	for _, m := range phone {
		answers = append(answers, m.Text)
	}
	return wrote, answers
}

// hangFiles lets WhatsApp's file servers hang for some seconds now and then, until
// ctx ends; never for as long as a file is waited for before its text is shown
// without it.
func (x *trouble) hangFiles(ctx context.Context, sim *processtest.Simulators, diary *diary) error {
	if !x.files {
		return nil
	}
	chance := rand.New(rand.NewPCG(x.seed, 16))
	for {
		if pause(ctx, between(chance, 2*time.Second, 6*time.Second)); ctx.Err() != nil {
			return nil
		}
		diary.note("the file servers hang")
		whole := context.WithoutCancel(ctx)
		if err := sim.WhatsApp.HangMedia(whole, true); err != nil {
			return err
		}
		pause(ctx, between(chance, time.Second, 4*time.Second))
		if err := sim.WhatsApp.HangMedia(whole, false); err != nil {
			return err
		}
		diary.note("the file servers answer again")
	}
}
