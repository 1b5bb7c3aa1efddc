package contacts

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// A question about one customer may fail for ever: Chatwoot answers 500 where it finds
// the row of a contact that was deleted. Her messages must not wait for that, so the
// next way to find or make her contact is taken.

// failsAloneAfter is how often a question must have failed in a row, while Chatwoot
// answered another one, to be passed over: a failure is not "there is none".
const failsAloneAfter = 3

// failures are the questions that failed, by chat, while Chatwoot answered others. They
// are kept in memory: after a restart each has all of its patience again.
type failures struct {
	mu    sync.Mutex
	times map[string]int
}

// mostFailures bounds them.
const mostFailures = 4096

func (f *failures) note(question string) (times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.times == nil || len(f.times) >= mostFailures {
		f.times = map[string]int{}
	}
	f.times[question]++
	return f.times[question]
}

func (f *failures) often(question string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.times[question] >= failsAloneAfter
}

func (f *failures) forget(question string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.times, question)
}

// tolerable gives nil instead of the error of a question about a chat that fails for
// this one alone, for good as far as can be told; passed says that it did.
func (d *Directory) tolerable(ctx context.Context, client *chatwoot.Client, chat, what string, failed error) (passed bool, err error) {
	question := about(chat, what)
	var refused *chatwoot.InvalidError
	switch {
	case failed == nil, chatwoot.IsNotFound(failed):
		d.failures.forget(question)
		return false, failed
	case ctx.Err() != nil, chatwoot.IsDown(failed), !chatwoot.IsUnreached(failed) && !errors.As(failed, &refused):
		return false, failed
	}
	if _, down := client.Inbox(ctx, d.Inbox.Line().Inbox); down != nil {
		return false, failed
	}
	if d.failures.note(question) < failsAloneAfter {
		return false, failed
	}
	return true, nil
}

func about(chat, what string) string { return chat + "/" + what }

// A conversation may be broken as well: where its contact was deleted, Chatwoot answers
// 500 to whoever reads it or writes into it until it is deleted too, and for ever where
// that fails. Nobody sees it at the desk, so the chat goes on in another one.

func conversation(id chatwoot.ConversationID) string {
	return "conversation " + strconv.FormatInt(int64(id), 10)
}

// PassOver passes over a chat's conversation that can be neither searched nor shown.
func (d *Directory) PassOver(client *chatwoot.Client, chat string) inbox.PassOver {
	return func(ctx context.Context, in chatwoot.ConversationID, failed error) error {
		switch _, err := client.Conversation(ctx, in); {
		case err == nil:
			return failed
		case chatwoot.IsNotFound(err):
			return nil
		}
		_, failed = d.tolerable(ctx, client, chat, conversation(in), failed)
		return failed
	}
}

// NoteGone notes that a conversation is listed that is not there.
func (d *Directory) NoteGone(chat idmap.Chat) {
	d.failures.note(about(chat.ID, conversation(chatwoot.ConversationID(chat.Conversation))))
}

// broken reports whether a conversation is one that Chatwoot cannot show any more.
func (d *Directory) broken(ctx context.Context, client *chatwoot.Client, chat string, id chatwoot.ConversationID) bool {
	question := about(chat, conversation(id))
	if !d.failures.often(question) {
		return false
	}
	if _, err := client.Conversation(ctx, id); err == nil {
		d.failures.forget(question)
		return false
	}
	return true
}
