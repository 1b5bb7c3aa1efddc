package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/api"
)

// setLine changes a line's name and settings, given as NAME=VALUE.
func (p *program) setLine(ctx context.Context, args []string) error {
	rest, err := parse(flag.NewFlagSet("lines set", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if len(rest) == 0 {
		return usagef("lines set wants a line and, to change something, settings as NAME=VALUE")
	}
	update, err := lineUpdate(rest[1:])
	if err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		line, err := p.findLine(ctx, client, rest[0])
		if err != nil {
			return err
		}
		if len(rest) > 1 {
			if line, err = client.UpdateLine(ctx, line.ID, update); err != nil {
				return err
			}
		}
		return p.printSettings(line)
	})
}

func lineUpdate(changes []string) (u api.LineUpdate, err error) {
	settings := map[string]json.RawMessage{}
	for _, change := range changes {
		name, text, ok := strings.Cut(change, "=")
		if !ok {
			return u, usagef("%q is not of the form NAME=VALUE", change)
		}
		if name == "name" {
			u.Name = &text
			continue
		}
		// What is no number, true or false is a text.
		value := json.RawMessage(text)
		if !json.Valid(value) {
			if value, err = json.Marshal(text); err != nil {
				return u, err
			}
		}
		settings[name] = value
	}
	if len(settings) > 0 {
		u.Settings, err = json.Marshal(settings)
	}
	return u, err
}

func (p *program) printSettings(line api.Line) error {
	var settings map[string]any
	if err := json.Unmarshal(line.Settings, &settings); err != nil {
		return fmt.Errorf("read the line's settings: %w", err)
	}
	fmt.Fprintf(p.stdout, "The settings of the line %s (%s):\n", line.Name, line.ID)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(p.stdout, "  %s=%v\n", name, settings[name])
	}
	return nil
}
