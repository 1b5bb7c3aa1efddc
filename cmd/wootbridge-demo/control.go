package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
)

// control is the HTTP interface that drives the simulators: below /whatsapp as
// whatsapptest.Control asks, below /chatwoot as chatwoottest.Control asks.
type control struct {
	simulators *bridgetest.Stack
	server     *http.Server
	url        string
	serving    sync.WaitGroup
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

func serveControl(simulators *bridgetest.Stack) (*control, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the control interface: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/whatsapp/", http.StripPrefix("/whatsapp", simulators.WhatsApp.ControlHandler()))
	mux.Handle("/chatwoot/", http.StripPrefix("/chatwoot", simulators.Chatwoot.ControlHandler()))
	c := &control{
		simulators: simulators, url: "http://" + listener.Addr().String(), server: &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second},
	}
	c.serving.Go(func() { _ = c.server.Serve(listener) }) // ends with close
	return c, nil
}

// close waits for the interface to end; the simulators go on.
func (c *control) close() error {
	err := c.server.Close()
	c.serving.Wait()
	return err
}

func (c *control) addresses() addresses {
	root := c.simulators.WhatsApp.RootKey()
	return addresses{
		Simulator:         c.simulators.WhatsApp.Addr(),
		SimulatorRootKey:  hex.EncodeToString(root[:]),
		ChatwootURL:       c.simulators.Chatwoot.URL(),
		ChatwootToken:     c.simulators.Chatwoot.AdminToken(),
		ChatwootAccountID: c.simulators.Chatwoot.Account(),
		ControlURL:        c.url,
	}
}
