package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/wootbridge/wootbridge/bridge/bridgetest"
)

// sim serves the simulators until ctx ends. It prints one line: a JSON object
// with their addresses.
func sim(ctx context.Context, stdout io.Writer) (err error) {
	simulators, err := bridgetest.New(bridgetest.Options{}) // no bridge is started
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
