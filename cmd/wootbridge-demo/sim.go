package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
	"github.com/wootbridge/wootbridge/chatwoot/chatwoottest"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// sim serves the simulators until ctx ends. It prints one line: a JSON object
// with their addresses.
func sim(ctx context.Context, stdout io.Writer) (err error) {
	simulators, err := bridgetest.StartSimulators(whatsapptest.Options{}, chatwoottest.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, simulators.Close()) }()
	control, err := serveControl(simulators)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, control.close()) }()
	if err := json.NewEncoder(stdout).Encode(control.addresses()); err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	<-ctx.Done()
	return nil
}
