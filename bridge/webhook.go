package bridge

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/wootbridge/wootbridge/bridge/idmap"
	"github.com/wootbridge/wootbridge/bridge/journal"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// maxWebhook bounds a webhook's body: one long message is repeated inside its
// own event.
const maxWebhook = 8 << 20

// Webhooks is where Chatwoot posts the events of all lines.
func (b *Bridge) Webhooks() http.Handler {
	router := chi.NewRouter()
	router.Post("/webhooks/{line}/{secret}", func(w http.ResponseWriter, req *http.Request) {
		status := b.webhook(w, req)
		b.metrics.webhooks.WithLabelValues(strconv.Itoa(status)).Inc()
		w.WriteHeader(status) // the body is not read by anybody
	})
	return router
}

// webhook commits an event, and gives the status to answer. What is refused
// leaves no trace but a counter; what nobody needs is answered 200, because
// Chatwoot turns the customer's own message red otherwise.
func (b *Bridge) webhook(w http.ResponseWriter, req *http.Request) int {
	r, ok := b.line(chi.URLParam(req, "line"))
	if !ok || subtle.ConstantTimeCompare([]byte(chi.URLParam(req, "secret")), []byte(r.line.pathSecret)) != 1 {
		return http.StatusNotFound
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxWebhook))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return http.StatusRequestEntityTooLarge
		}
		return http.StatusBadRequest
	}
	if !r.signed(req, raw) {
		return http.StatusUnauthorized
	}
	event, err := chatwoot.ParseEvent(raw)
	if err != nil {
		return http.StatusBadRequest
	}
	if event.Account != 0 && event.Account != r.line.Account || event.Inbox != 0 && event.Inbox != r.line.Inbox {
		return http.StatusForbidden
	}
	if err := r.takeEvent(req.Context(), event, raw); err != nil {
		r.log.Error("a webhook could not be stored", "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// signed checks the signature, if the inbox has a secret. A secret that was
// changed in Chatwoot is fetched again, at most once a minute.
func (r *runtime) signed(req *http.Request, raw []byte) bool {
	timestamp, signature := req.Header.Get("X-Chatwoot-Timestamp"), req.Header.Get("X-Chatwoot-Signature")
	verify := func() error {
		secret := *r.secret.Load()
		if secret == "" {
			return nil // an older Chatwoot: the secret in the path must do
		}
		return chatwoot.VerifySignature(secret, timestamp, signature, raw, r.b.cfg.Clock())
	}
	err := verify()
	if errors.Is(err, chatwoot.ErrBadSignature) && r.refetchSecret(req.Context()) {
		err = verify()
	}
	return err == nil
}

const (
	refetchTimeout = 2 * time.Second
	refetchEvery   = time.Minute
)

// refetchSecret asks Chatwoot for the inbox's secret: the only network call
// that a webhook request may make, one at a time.
func (r *runtime) refetchSecret(ctx context.Context) bool {
	r.refetch.Lock()
	defer r.refetch.Unlock()
	if now := r.b.cfg.Clock(); now.Sub(r.fetched) < refetchEvery {
		return now.Sub(r.fetched) < refetchTimeout // somebody has just fetched it
	}
	r.fetched = r.b.cfg.Clock()
	ctx, cancel := context.WithTimeout(ctx, refetchTimeout)
	defer cancel()
	inbox, err := r.desk.Inbox(ctx, r.line.Inbox)
	if err != nil || inbox.Secret == "" || inbox.Secret == *r.secret.Load() {
		return false
	}
	if err := r.b.lines.setWebhookSecret(ctx, r.line.ID, inbox.Secret); err != nil {
		r.log.Error("the new webhook secret cannot be stored", "error", err)
		return false
	}
	r.secret.Store(&inbox.Secret)
	return true
}

// takeEvent commits what is to be done about an event.
func (r *runtime) takeEvent(ctx context.Context, e chatwoot.Event, raw []byte) error {
	line := string(r.line.ID)
	m := e.Message
	switch e.Kind {
	case chatwoot.EventMessageCreated:
		if !sendable(m) {
			return nil
		}
		return r.commit(ctx, e, raw, jobCreated, fmt.Sprintf("%s|created|%d", line, m.ID))
	case chatwoot.EventMessageUpdated:
		if m.Type != chatwoot.Outgoing && m.Type != chatwoot.Template || m.Private {
			return nil
		}
		if m.Attributes.Deleted {
			return r.commit(ctx, e, raw, jobDeleted, fmt.Sprintf("%s|deleted|%d", line, m.ID))
		}
		// The Retry button says nothing but "updated". It matters only for a
		// message that is held as failed; everything else is an echo of the
		// bridge's own statuses.
		ledger, err := r.b.ids.AgentMessage(ctx, line, int64(m.ID))
		if err != nil || ledger.State != idmap.AgentFailed {
			return err
		}
		return r.commit(ctx, e, raw, jobRetry, fmt.Sprintf("%s|retry|%d|%d", line, m.ID, ledger.Failures))
	case chatwoot.EventTypingOn, chatwoot.EventTypingOff:
		if e.AgentTyping {
			r.agentTyping(e)
		}
		return nil
	case chatwoot.EventStatusChanged:
		return r.conversationStatus(ctx, e)
	default:
		return nil
	}
}

// commit appends an event to the out lane of its chat.
func (r *runtime) commit(ctx context.Context, e chatwoot.Event, raw []byte, kind, dedupe string) error {
	chat, err := r.chatOf(ctx, e)
	if err != nil {
		return err
	}
	_, err = r.b.journal.Append(ctx, journal.Entry{
		Lane: journal.LaneKey{Line: string(r.line.ID), Chat: chat, Dir: journal.Out}, Dedupe: dedupe, Kind: kind, Payload: raw, At: e.Message.CreatedAt.Time,
	})
	return err
}

// chatOf finds the chat of an event's conversation: by the contact's source
// id, by the conversation, or, when an agent began it, by the contact's
// WhatsApp id or phone number. What is none of these has a lane of its own, in
// which the message fails visibly.
func (r *runtime) chatOf(ctx context.Context, e chatwoot.Event) (string, error) {
	line := string(r.line.ID)
	if chat, err := r.b.ids.ChatBySource(ctx, line, e.Conversation.SourceID); err == nil || !errors.Is(err, idmap.ErrUnknown) {
		return chat.ID, err
	}
	if chat, err := r.b.ids.ChatByConversation(ctx, line, int64(e.Conversation.ID)); err == nil || !errors.Is(err, idmap.ErrUnknown) {
		return chat.ID, err
	}
	jid := counterpart(e.Conversation)
	if jid == "" {
		return "conversation-" + strconv.FormatInt(int64(e.Conversation.ID), 10), nil
	}
	var id string
	err := r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		id, _, err = r.b.ids.Resolve(ctx, tx, line, func(string) string { return e.Conversation.SourceID }, jid)
		return err
	})
	return id, err
}

// agentTyping shows the customer that somebody at the desk types.
func (r *runtime) agentTyping(e chatwoot.Event) {
	r.b.background.Go(func() {
		ctx, cancel := context.WithTimeout(r.b.ctx, 10*time.Second)
		defer cancel()
		on := e.Kind == chatwoot.EventTypingOn
		if on && !r.b.ids.Once(ctx, fmt.Sprintf("typing/out/%s/%d", r.line.ID, e.Conversation.ID), typingEvery) {
			return
		}
		chat, err := r.b.ids.ChatBySource(ctx, string(r.line.ID), e.Conversation.SourceID)
		if err == nil {
			err = r.session.Typing(ctx, target(chat.Aliases), on)
		}
		if err != nil {
			r.log.Debug("typing is not shown", "error", err)
		}
	})
}

// conversationStatus lets the next message open a new conversation where the
// inbox is not locked to a single one and this one was resolved.
func (r *runtime) conversationStatus(ctx context.Context, e chatwoot.Event) error {
	inbox := r.inbox.Load()
	if e.Conversation.Status != "resolved" || inbox == nil || inbox.LockToSingle {
		return nil
	}
	chat, err := r.b.ids.ChatByConversation(ctx, string(r.line.ID), int64(e.Conversation.ID))
	if err != nil || chat.Conversation != int64(e.Conversation.ID) {
		return ignoreUnknown(err)
	}
	chat.Conversation = 0
	return r.b.db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return r.b.ids.SetContact(ctx, tx, chat) })
}
