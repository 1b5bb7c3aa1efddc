package bridgetest

import (
	"errors"
	"fmt"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// Simulators are a WhatsApp and a Chatwoot that run.
type Simulators struct {
	WhatsApp *whatsapptest.Server
	Chatwoot *chatwoottest.Server

	given bool // Chatwoot is somebody else's
}

// StartSimulators starts both; Close ends them.
func StartSimulators(whatsApp whatsapptest.Options, chatwoot chatwoottest.Options) (*Simulators, error) {
	return startBeside(chatwoottest.New(chatwoot), false, whatsApp)
}

// startBeside starts a WhatsApp, and the Chatwoot unless it was given: that one
// runs.
func startBeside(chatwoot *chatwoottest.Server, given bool, options whatsapptest.Options) (*Simulators, error) {
	s := &Simulators{WhatsApp: whatsapptest.New(options), Chatwoot: chatwoot, given: given}
	if err := s.WhatsApp.Start(); err != nil {
		return nil, fmt.Errorf("start the simulated WhatsApp: %w", err)
	}
	if given {
		return s, nil
	}
	if err := s.Chatwoot.Start(); err != nil {
		s.WhatsApp.Close()
		return nil, errors.Join(fmt.Errorf("start the simulated Chatwoot: %w", err), s.Chatwoot.Close())
	}
	return s, nil
}

// Close ends the simulators and waits for them.
func (s *Simulators) Close() error {
	s.WhatsApp.Close()
	if s.given {
		return nil
	}
	return s.Chatwoot.Close()
}
