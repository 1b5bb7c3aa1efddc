package chatwoot

import (
	"context"
	"net/http"
)

// AgentBot is a bot of the account. It can sign messages; it needs no
// connection to an inbox for that.
type AgentBot struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// AgentBots lists the account's bots.
func (c *Client) AgentBots(ctx context.Context) ([]AgentBot, error) {
	var bots []AgentBot
	err := c.do(ctx, call{what: "list agent bots", method: http.MethodGet, path: "/agent_bots", into: &bots})
	return bots, err
}

// CreateAgentBot makes a bot; that needs an administrator's token.
func (c *Client) CreateAgentBot(ctx context.Context, name string) (AgentBot, error) {
	var bot AgentBot
	err := c.do(ctx, call{what: "create an agent bot", method: http.MethodPost, path: "/agent_bots", body: map[string]any{"name": name}, into: &bot})
	return bot, err
}
