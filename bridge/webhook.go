package bridge

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

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
	if !ok || subtle.ConstantTimeCompare([]byte(chi.URLParam(req, "secret")), []byte(r.line.PathSecret)) != 1 {
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
	switch err := r.takeEvent(req.Context(), event, raw); {
	case errors.Is(err, errBeforeLine):
		return http.StatusGone // which turns the agent's message red
	case err != nil:
		r.log.Error("a webhook could not be stored", "error", err)
		r.webhookLost()
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
	if err := r.b.lines.SetWebhookSecret(ctx, r.line.ID, inbox.Secret); err != nil {
		r.log.Error("the new webhook secret cannot be stored", "error", err)
		return false
	}
	r.secret.Store(&inbox.Secret)
	return true
}
