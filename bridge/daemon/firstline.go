package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// firstLineName is also the name of the inbox in Chatwoot; both can be changed.
const firstLineName = "WhatsApp"

// firstLineTimeout is within the grace time: a stop lets the creation finish,
// because an inbox that was created and not recorded would be created again.
const firstLineTimeout = 20 * time.Second

// firstLine creates the line that the configuration describes. It waits for a
// Chatwoot that is still starting; any other failure is left to a person.
func (p *Process) firstLine() {
	cfg := p.opts.Config
	n := admin.NewLine{Name: firstLineName, ChatwootURL: cfg.ChatwootURL, ChatwootToken: cfg.ChatwootToken.Reveal(), Account: cfg.ChatwootAccountID}
	retry := wait.Backoff{First: 2 * time.Second, Most: time.Minute}
	for attempt := 0; ; attempt++ {
		ctx, cancel := context.WithTimeout(context.Background(), firstLineTimeout)
		line, err := p.bridge.CreateLine(ctx, n)
		cancel()
		var unavailable *chatwoot.UnavailableError
		switch {
		case err == nil:
			p.log.Info("the first line was made; link your phone next: wootbridge pair", "line", string(line.ID))
			return
		case p.ctx.Err() != nil:
			return
		case !errors.As(err, &unavailable):
			p.log.Error("the first line cannot be made; correct the settings and start again, or use: wootbridge lines create", "error", err)
			return
		}
		pause := retry.After(attempt)
		p.log.Warn("the first line cannot be made yet; trying again", "error", err, "in", pause.String())
		if !wait.Sleep(p.ctx, pause) {
			return
		}
	}
}
