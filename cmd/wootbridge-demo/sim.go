package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// sim serves the simulators until ctx ends. It prints one line: a JSON object
// with their addresses.
func sim(ctx context.Context, stdout io.Writer) error {
	s, err := startSimulators()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(s.addresses()); err != nil {
		return errors.Join(fmt.Errorf("print the addresses: %w", err), s.close())
	}
	<-ctx.Done()
	return s.close()
}
