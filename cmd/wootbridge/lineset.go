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
	"github.com/wootbridge/wootbridge/bridge/lines"
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
		// A value that is not JSON, such as a number or true, is a text.
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

// helpWidth is where lines of help end.
const helpWidth = 80

// settingsHelp lists the settings, as the table of lines has them.
func settingsHelp() string {
	var b strings.Builder
	b.WriteString("\nThe settings, with what they are at first:\n")
	for _, row := range lines.Table() {
		fmt.Fprintf(&b, "  %s=%s\n", row.Name, strings.Trim(row.Default, `"`))
		kind := row.Type
		if row.Allowed != kind {
			kind += ": " + row.Allowed
		}
		b.WriteString(indented(row.Help("en") + " (" + kind + ")"))
	}
	return b.String()
}

// indented breaks a text into lines that begin with six spaces.
func indented(text string) string {
	const margin = "      "
	var b strings.Builder
	width := 0
	for _, word := range strings.Fields(text) {
		switch {
		case width == 0:
			b.WriteString(margin)
			width = len(margin)
		case width+1+len(word) > helpWidth:
			b.WriteString("\n" + margin)
			width = len(margin)
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String() + "\n"
}
