package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// simulators are a WhatsApp, a Chatwoot and the HTTP interface that drives
// them: below /whatsapp as whatsapptest.Control asks, below /chatwoot as
// chatwoottest.Control asks.
type simulators struct {
	whatsapp *whatsapptest.Server
	chatwoot *chatwoottest.Server
	control  *http.Server
	url      string
	serving  sync.WaitGroup
}

// addresses are what a bridge and a test need to know. Those that are settings
// of the bridge carry the setting's name.
type addresses struct {
	Simulator         string `json:"simulator"`
	SimulatorRootKey  string `json:"simulator_root_key"`
	ChatwootURL       string `json:"chatwoot_url"`
	ChatwootToken     string `json:"chatwoot_token"`
	ChatwootAccountID int    `json:"chatwoot_account_id"`
	ControlURL        string `json:"control_url"`
}

func startSimulators() (*simulators, error) {
	s := &simulators{
		whatsapp: whatsapptest.New(whatsapptest.Options{}),
		chatwoot: chatwoottest.New(chatwoottest.Options{}),
	}
	if err := s.whatsapp.Start(); err != nil {
		return nil, fmt.Errorf("start the simulated WhatsApp: %w", err)
	}
	if err := s.chatwoot.Start(); err != nil {
		s.whatsapp.Close()
		return nil, fmt.Errorf("start the simulated Chatwoot: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.whatsapp.Close()
		return nil, errors.Join(fmt.Errorf("listen for the control interface: %w", err), s.chatwoot.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/whatsapp/", http.StripPrefix("/whatsapp", s.whatsapp.ControlHandler()))
	mux.Handle("/chatwoot/", http.StripPrefix("/chatwoot", s.chatwoot.ControlHandler()))
	s.control = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	s.url = "http://" + listener.Addr().String()
	s.serving.Go(func() { _ = s.control.Serve(listener) }) // ends with close
	return s, nil
}

// close ends the simulators and waits for them.
func (s *simulators) close() error {
	err := s.control.Close()
	s.serving.Wait()
	s.whatsapp.Close()
	return errors.Join(err, s.chatwoot.Close())
}

func (s *simulators) addresses() addresses {
	root := s.whatsapp.RootKey()
	return addresses{
		Simulator:         s.whatsapp.Addr(),
		SimulatorRootKey:  hex.EncodeToString(root[:]),
		ChatwootURL:       s.chatwoot.URL(),
		ChatwootToken:     s.chatwoot.AdminToken(),
		ChatwootAccountID: s.chatwoot.Account(),
		ControlURL:        s.url,
	}
}
