package inbox

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// noteBotName is the bot that signs the bridge's notes: signed by the token's
// owner they would look as if a colleague had written them.
const noteBotName = "WhatsApp"

// Bots remembers the bot of each account; all lines of an account share it. Accounts
// do not wait for each other: one's Chatwoot may hang.
type Bots struct {
	mu  sync.Mutex // never held over a call
	all map[string]*accountBot
}

// accountBot is an account's bot. Its lock is held while Chatwoot is asked for it, so
// that it is made once.
type accountBot struct {
	mu    sync.Mutex
	known bool
	id    int64 // 0 = the account gives none
}

func (b *Bots) at(account string) *accountBot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all == nil {
		b.all = map[string]*accountBot{}
	}
	if b.all[account] == nil {
		b.all[account] = &accountBot{}
	}
	return b.all[account]
}

// of finds the account's bot by name, or makes it once. It gives 0, which
// stands for the token's owner, when Chatwoot does not let the token do that.
func (b *Bots) of(ctx context.Context, client *chatwoot.Client, account string) int64 {
	bot := b.at(account)
	bot.mu.Lock()
	defer bot.mu.Unlock()
	if bot.known {
		return bot.id
	}
	id, err := findNoteBot(ctx, client)
	if err != nil && !refusedForGood(err) {
		return 0 // asked again with the next note
	}
	bot.known, bot.id = true, id
	return id
}

// forget makes the next note look for the bot again.
func (b *Bots) forget(account string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, account)
}

func findNoteBot(ctx context.Context, client *chatwoot.Client) (int64, error) {
	bots, err := client.AgentBots(ctx)
	if err != nil {
		return 0, err
	}
	for _, bot := range bots {
		if bot.Name == noteBotName {
			return bot.ID, nil
		}
	}
	made, err := client.CreateAgentBot(ctx, noteBotName)
	return made.ID, err
}

// refusedForGood reports whether asking again would change nothing.
func refusedForGood(err error) bool {
	var unauthorized *chatwoot.UnauthorizedError
	var invalid *chatwoot.InvalidError
	return errors.As(err, &unauthorized) || errors.As(err, &invalid) || chatwoot.IsNotFound(err)
}

// account names the line's account among all Chatwoots.
func (x *Inbox) account() string {
	return fmt.Sprintf("%s|%d", x.cfg.Line.ChatwootURL, x.cfg.Line.Account)
}
