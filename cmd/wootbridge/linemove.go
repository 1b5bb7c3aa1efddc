package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/wootbridge/wootbridge/bridge/api"
	"github.com/wootbridge/wootbridge/bridge/config"
)

// moveLine tells a line where its Chatwoot is now.
func (p *program) moveLine(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("lines move", flag.ContinueOnError)
	var m api.Move
	flags.StringVar(&m.ChatwootURL, "chatwoot-url", "", "")
	newToken := flags.Bool("new-token", false, "")
	word, err := parseLine(flags, args)
	if err != nil {
		return err
	}
	if m.ChatwootURL == "" {
		return usagef("still missing: --chatwoot-url, where Chatwoot is now")
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
		if *newToken {
			token, err := p.chatwootToken(cfg)
			if err != nil {
				return err
			}
			m.ChatwootToken = &token
		}
		if line, err = client.Move(ctx, line.ID, m); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "The line %s is at %s now. %s\n", line.Name, line.Chatwoot.URL, line.Sentence)
		return nil
	})
}
