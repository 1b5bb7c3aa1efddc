package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
)

// replaceToken gives a line another access token of Chatwoot.
func (p *program) replaceToken(ctx context.Context, action string, args []string) error {
	word, err := parseLine(flag.NewFlagSet("lines "+action, flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	cfg, err := config.LoadClient(p.env)
	if err != nil {
		return err
	}
	return p.call(func(client *api.Client) error {
		line, err := p.findLine(ctx, client, word)
		if err != nil {
			return err
		}
		token, err := p.chatwootToken(cfg)
		if err != nil {
			return err
		}
		if line, err = client.UpdateLine(ctx, line.ID, api.LineUpdate{ChatwootToken: &token}); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "The line %s uses the new token. %s\n", line.Name, line.Sentence)
		return nil
	})
}

// chatwootToken is the access token that is set, typed or piped in.
func (p *program) chatwootToken(cfg config.Client) (string, error) {
	token := cfg.ChatwootToken.Reveal()
	if token == "" {
		var err error
		if token, err = p.askSecret("Access token of a Chatwoot administrator (Profile settings, at the bottom): "); err != nil {
			return "", fmt.Errorf("read the access token: %w", err)
		}
	}
	if token == "" {
		return "", usagef("no access token of Chatwoot was given")
	}
	return token, nil
}
