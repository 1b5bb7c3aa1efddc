package bridge

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

// noteBots remembers the bot of each account; all lines of an account share it.
type noteBots struct {
	mu    sync.Mutex
	known map[string]int64 // 0 = the account gives none
}

// of finds the account's bot by name, or makes it once. It gives 0, which
// stands for the token's owner, when Chatwoot does not let the token do that.
func (b *noteBots) of(ctx context.Context, desk *chatwoot.Client, account string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id, ok := b.known[account]; ok {
		return id
	}
	id, err := findNoteBot(ctx, desk)
	if err != nil && !refusedForGood(err) {
		return 0 // asked again with the next note
	}
	if b.known == nil {
		b.known = map[string]int64{}
	}
	b.known[account] = id
	return id
}

// forget makes the next note look for the bot again.
func (b *noteBots) forget(account string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.known, account)
}

func findNoteBot(ctx context.Context, desk *chatwoot.Client) (int64, error) {
	bots, err := desk.AgentBots(ctx)
	if err != nil {
		return 0, err
	}
	for _, bot := range bots {
		if bot.Name == noteBotName {
			return bot.ID, nil
		}
	}
	made, err := desk.CreateAgentBot(ctx, noteBotName)
	return made.ID, err
}

// refusedForGood reports whether asking again would change nothing.
func refusedForGood(err error) bool {
	var unauthorized *chatwoot.UnauthorizedError
	var invalidReq *chatwoot.InvalidError
	return errors.As(err, &unauthorized) || errors.As(err, &invalidReq) || chatwoot.IsNotFound(err)
}

// create posts a message; a note is signed by the account's bot, or by the
// token's owner when Chatwoot refuses the bot.
func (t *task) create(desk *chatwoot.Client, conversation chatwoot.ConversationID, message chatwoot.NewMessage) (chatwoot.Message, error) {
	account := fmt.Sprintf("%s|%d", t.line.ChatwootURL, t.line.Account)
	if message.Private {
		message.Bot = t.b.bots.of(t.ctx, desk, account)
	}
	posted, err := t.tryCreate(desk, conversation, message)
	var invalidReq *chatwoot.InvalidError
	if message.Bot == 0 || !errors.As(err, &invalidReq) {
		return posted, err
	}
	t.b.bots.forget(account)
	message.Bot = 0
	return t.tryCreate(desk, conversation, message)
}

// tryCreate posts a message. From before the request on the job is unsure, so
// that no panic passes by that, unless Chatwoot surely did nothing.
func (t *task) tryCreate(desk *chatwoot.Client, conversation chatwoot.ConversationID, message chatwoot.NewMessage) (chatwoot.Message, error) {
	before := t.MayHaveActed
	t.MayHaveActed = true
	posted, err := desk.CreateMessage(t.ctx, conversation, message)
	if chatwoot.HadNoEffect(err) {
		t.MayHaveActed = before
	}
	return posted, err
}
