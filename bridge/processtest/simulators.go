package processtest

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// Simulators are a WhatsApp and a Chatwoot in a process of their own.
type Simulators struct {
	WhatsApp whatsapptest.Control
	Chatwoot chatwoottest.Control

	addresses addresses
}

// addresses are what the process says of itself.
type addresses struct {
	Simulator         string `json:"simulator"`
	SimulatorRootKey  string `json:"simulator_root_key"`
	ChatwootURL       string `json:"chatwoot_url"`
	ChatwootToken     string `json:"chatwoot_token"`
	ChatwootAccountID int64  `json:"chatwoot_account_id"`
	ControlURL        string `json:"control_url"`
}

// StartSimulators starts them; they end with the test.
func StartSimulators(t testing.TB) *Simulators {
	t.Helper()
	s := &Simulators{}
	p := start(t, "wootbridge-demo", []string{"sim"}, []string{"TMPDIR=" + t.TempDir()}, t.TempDir())
	p.waitLine("the addresses", func(line string) bool { return json.Unmarshal([]byte(line), &s.addresses) == nil })
	require.NotEmpty(t, s.addresses.ControlURL)
	s.WhatsApp.BaseURL = s.addresses.ControlURL + "/whatsapp"
	s.Chatwoot.BaseURL = s.addresses.ControlURL + "/chatwoot"
	return s
}

// Settings are the bridge's, as variables: it talks to the simulators.
func (s *Simulators) Settings() []string {
	return []string{
		"WOOTBRIDGE_SIMULATOR=" + s.addresses.Simulator,
		"WOOTBRIDGE_SIMULATOR_ROOT_KEY=" + s.addresses.SimulatorRootKey,
	}
}

// FirstLine are the settings that make the bridge set up a line by itself.
func (s *Simulators) FirstLine() []string {
	return []string{
		"WOOTBRIDGE_CHATWOOT_URL=" + s.addresses.ChatwootURL,
		"WOOTBRIDGE_CHATWOOT_TOKEN=" + s.addresses.ChatwootToken,
		"WOOTBRIDGE_CHATWOOT_ACCOUNT_ID=" + strconv.FormatInt(s.addresses.ChatwootAccountID, 10),
	}
}
