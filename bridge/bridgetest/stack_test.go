package bridgetest_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/bridge/config"
	"github.com/wootbridge/wootbridge/bridge/daemon"
)

func TestMain(m *testing.M) { bridgetest.VerifyTestMain(m) }

// What a Stack is for: a customer and an agent talk, and talk on after the
// bridge has been away. It does not matter which of the two it runs. One at a
// time: the program says anew whom this process trusts.
func TestACustomerAndAnAgentTalkAcrossARestart(t *testing.T) {
	dir := t.TempDir()
	for name, options := range map[string]bridgetest.Options{
		"bridge": {},
		"program": {Program: &daemon.Options{
			Config: config.Config{Listen: "127.0.0.1:0", DataDir: filepath.Join(dir, "data")}, Log: slog.New(slog.DiscardHandler),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := bridgetest.Open(t, options)
			alice := s.Customer("5511888880002", "Alice")
			for _, round := range []string{"first", "second"} {
				asked, err := alice.Ask(round + " question")
				require.NoError(t, err)
				require.Equal(t, alice.ID, asked.Conversation)
				said, err := alice.Say(round + " answer")
				require.NoError(t, err)
				_, err = alice.WaitText(s.Patience, round+" answer")
				require.NoError(t, err)
				_, err = s.WaitStatus(said.ID, "delivered")
				require.NoError(t, err)
				require.NoError(t, s.WaitTold("message_created", said.ID))
				require.NoError(t, s.Stop())
				require.NoError(t, s.Start(t.Context()))
				require.NoError(t, s.WaitConnected(t.Context(), s.Line))
			}
			require.Equal(t, []string{"first answer", "second answer"}, alice.Texts())
		})
	}
}
