package daemon

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/admin"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// firstLineName is also the name of the inbox in Chatwoot; both can be changed.
const firstLineName = "WhatsApp"

const (
	firstLineRetry    = 2 * time.Second
	firstLineRetryMax = time.Minute
	// firstLineTimeout is within the grace time: a stop lets the making finish,
	// because an inbox that was made and not recorded would be made again.
	firstLineTimeout = 20 * time.Second
)

// firstLine makes the line that the configuration describes. A Chatwoot that
// is still starting is waited for; anything else is left to a person.
func (p *Process) firstLine() {
	cfg := p.opts.Config
	n := admin.NewLine{Name: firstLineName, ChatwootURL: cfg.ChatwootURL, ChatwootToken: cfg.ChatwootToken.Reveal(), Account: cfg.ChatwootAccountID}
	for wait := firstLineRetry; ; wait = min(2*wait, firstLineRetryMax) {
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
		p.log.Warn("the first line cannot be made yet; trying again", "error", err, "in", wait.String())
		timer := time.NewTimer(wait)
		select {
		case <-p.ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}
