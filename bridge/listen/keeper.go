package listen

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wootbridge/wootbridge/bridge/inbox"
	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
	"github.com/wootbridge/wootbridge/internal/guard"
	"github.com/wootbridge/wootbridge/internal/wait"
)

// Times are how long a Keeper waits. What is 0 is the usual.
type Times struct {
	// Look is how often the ways are looked at; 2 s.
	Look time.Duration
	// Answer is how long a probe may take to come back; 10 s.
	Answer time.Duration
	// Again is the least time between two probes; 20 s.
	Again time.Duration
	// Trial is how long a webhook that does not work is left alone; a day.
	Trial time.Duration
}

func (t Times) orDefaults() Times {
	for value, usual := range map[*time.Duration]time.Duration{
		&t.Look: 2 * time.Second, &t.Answer: 10 * time.Second, &t.Again: 20 * time.Second, &t.Trial: 24 * time.Hour,
	} {
		if *value == 0 {
			*value = usual
		}
	}
	return t
}

// Config sets up a Keeper.
type Config struct {
	Inbox    *inbox.Inbox
	Ways     *Ways
	Channels *Channels
	Store    *lines.Store
	Times    Times
	// Chats names conversations of the line that a probe may speak of, the newest
	// first.
	Chats func(ctx context.Context) ([]Chat, error)
	// Take commits what the live channel tells.
	Take func(ctx context.Context, e chatwoot.Event)
	// Compare asks for a comparison with Chatwoot's messages: Chatwoot may have
	// turned bubbles red for nothing. Lost asks for the same, and lets no message
	// leave before those are looked for that may have been lost before it.
	Compare, Lost func()
	Guard         guard.Guard
	Clock         func() time.Time
	Log           *slog.Logger
}

// Chat is a conversation as Chatwoot's public API names it.
type Chat struct {
	Source       string
	Conversation chatwoot.ConversationID
}

// Keeper keeps a line listening.
type Keeper struct {
	cfg Config
	// wake lets the loop look at once, recheck makes it try a webhook that is
	// closed.
	wake, recheck chan struct{}
	connected     atomic.Bool // to the live channel
	before        atomic.Bool // it was connected once
	deaf          atomic.Bool // the live channel did not bring what it had to, and nothing since
	probed        time.Time   // when a probe was sent last; the loop's
	fresh         atomic.Bool // a probe is due, however short ago the last one was
	reread        atomic.Bool // the inbox may have changed
	inboxes       atomic.Pointer[string]
	notice        atomic.Pointer[string]
	looked        time.Time     // at the set-up; the loop's
	closure       lines.Closure // of the webhook, as the database has it; the loop's
}

// NewKeeper makes a Keeper.
func NewKeeper(cfg Config) *Keeper {
	cfg.Times = cfg.Times.orDefaults()
	return &Keeper{cfg: cfg, wake: make(chan struct{}, 1), recheck: make(chan struct{}, 1)}
}

// Run listens until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	if !k.recall(ctx) {
		return
	}
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { k.listenLive(ctx) })
	for {
		err := k.cfg.Guard.Run("looking at the ways", func() error { return k.look(ctx) })
		if err != nil && ctx.Err() == nil {
			k.cfg.Log.Debug("the ways cannot be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-k.recheck:
			k.try(ctx)
		case <-k.wake:
		case <-time.After(k.cfg.Times.Look):
		}
	}
}

// recall takes over what an earlier process knew of the webhook.
func (k *Keeper) recall(ctx context.Context) bool {
	for attempt := 0; ; attempt++ {
		closure, err := k.cfg.Store.Closure(ctx, k.cfg.Inbox.Line().ID)
		if err == nil {
			if k.closure = closure; !closure.At.IsZero() {
				k.cfg.Ways.Close(Webhook, Reason{Code: Code(closure.Reason), Detail: closure.Detail})
			}
			return true
		}
		if !wait.Sleep(ctx, reconnectPause.After(attempt)) {
			return false
		}
	}
}

// Wake lets the Keeper look at once: the line has changed.
func (k *Keeper) Wake() { signal(k.wake) }

// Recheck makes the Keeper try once more whether Chatwoot reaches the webhook.
func (k *Keeper) Recheck() { signal(k.recheck) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// listenLive is on the live channel for as long as the line's setting says so.
func (k *Keeper) listenLive(ctx context.Context) {
	line := k.cfg.Inbox.Line()
	for ctx.Err() == nil {
		if !k.cfg.Inbox.Settings().HearsLive() {
			wait.Sleep(ctx, k.cfg.Times.Look)
			continue
		}
		hearing, stop := context.WithCancel(ctx)
		var joined sync.WaitGroup
		joined.Go(func() {
			k.cfg.Channels.Listen(hearing, Member{
				Client: k.cfg.Inbox.At(chatwoot.Background), Address: line.ChatwootURL, Account: line.Account, Inbox: line.Inbox, Listener: k,
			})
		})
		for k.cfg.Inbox.Settings().HearsLive() && wait.Sleep(ctx, k.cfg.Times.Look) {
		}
		stop()
		joined.Wait()
		k.connected.Store(false)
	}
}

// Hear implements Listener.
func (k *Keeper) Hear(ctx context.Context, f chatwoot.Frame) {
	if !k.connected.Load() { // events may come before the confirmation
		k.noteGap()
	}
	if f.Inbox != 0 {
		if k.deaf.Swap(false) {
			k.noteGap()
		}
		k.cfg.Ways.Heard(Live)
	}
	if f.Event == chatwoot.EventCacheInvalidated {
		k.noteInboxes(f.InboxesVersion())
		return
	}
	if f.Event == "" {
		return
	}
	err := k.cfg.Guard.Run("reading the live channel", func() error {
		e, err := f.Decode()
		if err == nil {
			k.cfg.Take(ctx, e)
		}
		return err
	})
	if err != nil {
		k.cfg.Log.Warn("an event of the live channel cannot be read", "event", f.Event, "error", err)
		k.cfg.Lost()
	}
}

// noteInboxes has the inbox read again when the account's inboxes have changed:
// whoever saves a page of settings that is open for long writes an old webhook
// address back.
func (k *Keeper) noteInboxes(version string) {
	if before := k.inboxes.Swap(&version); before == nil || *before != version {
		k.reread.Store(true)
		k.Wake()
	}
}

// Connected implements Listener.
func (k *Keeper) Connected() {
	k.connected.Store(true)
	if !k.deaf.Load() { // then it has to show that it hears
		k.cfg.Ways.Open(Live)
		k.noteGap()
	}
	k.fresh.Store(true)
	k.before.Store(true)
	k.Wake()
}

// noteGap has what was said while nobody listened looked for. Unless webhooks have
// told it, nothing newer must leave before.
func (k *Keeper) noteGap() {
	if k.before.Load() && k.cfg.Ways.Of(Webhook).Verdict != Works {
		k.cfg.Lost()
	} else {
		k.cfg.Compare()
	}
}

// Disconnected implements Listener.
func (k *Keeper) Disconnected(why Reason) {
	k.connected.Store(false)
	if why.Code == Cut && k.deaf.Load() {
		return // it was cut because it is deaf
	}
	k.cfg.Ways.Close(Live, why)
	k.cfg.Compare() // the messages say whether webhooks fail as well
	k.Wake()
}

// Missed implements Listener.
func (k *Keeper) Missed() { k.cfg.Lost() }

// WebhookFailedFor is WebhookFailed for a message that a comparison has found. What
// was written before webhooks came last says nothing of now.
func (k *Keeper) WebhookFailedFor(externalError string, written time.Time) {
	if k.cfg.Ways.HeardBefore(Webhook, k.cfg.Inbox.Ours(written)) {
		k.WebhookFailed(externalError)
	}
}

// WebhookFailed notes what Chatwoot says of a webhook that did not get through; a
// text of the bridge's own is none.
func (k *Keeper) WebhookFailed(externalError string) {
	failure, ok := chatwoot.WebhookFailureOf(externalError)
	if !ok || !k.cfg.Inbox.Settings().HearsWebhooks() {
		return
	}
	if strings.Contains(externalError, "/webhooks/") {
		externalError = "" // the address has a secret in it
	}
	if k.cfg.Ways.Failed(Webhook, Reason{Code: Code(failure), Detail: externalError}) {
		k.cfg.Log.Warn("Chatwoot does not reach the bridge's webhook", "reason", string(failure))
	}
	k.Wake()
}
