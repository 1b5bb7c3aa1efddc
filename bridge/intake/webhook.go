package intake

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"net/http"

	"github.com/wootbridge/wootbridge/chatwoot"
)

// maxWebhook bounds a webhook's body: one long message is repeated inside its
// own event.
const maxWebhook = 8 << 20

// Webhook commits the event that a request brings to the address with a secret,
// and gives the status to answer. What is refused leaves no trace but a counter;
// what nobody needs is answered 200, because Chatwoot turns the customer's own
// message red otherwise.
func (in *Intake) Webhook(w http.ResponseWriter, req *http.Request, secret string) int {
	line := in.Inbox.Line()
	if subtle.ConstantTimeCompare([]byte(secret), []byte(line.PathSecret.Reveal())) != 1 {
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
	proven := in.Inbox.Signs() // asked before: an unsigned one is let through as long as it is not so
	if !in.Inbox.Signed(req.Context(), req.Header.Get("X-Chatwoot-Timestamp"), req.Header.Get("X-Chatwoot-Signature"), raw) {
		return http.StatusUnauthorized
	}
	event, err := chatwoot.ParseEvent(raw)
	if err != nil {
		return http.StatusBadRequest
	}
	if event.Account != 0 && event.Account != line.Account || event.Inbox != 0 && event.Inbox != line.Inbox {
		return http.StatusForbidden
	}
	in.Heard(req.Context())
	if err := in.othersKnow(req.Context()); err != nil {
		in.Log.Error("a webhook is not stored before others know of one that was lost", "error", err)
		in.Arrivals.NoteLost()
		return http.StatusServiceUnavailable
	}
	accept := in.acceptUnsigned
	if proven && !event.Message.Untold {
		accept = func(ctx context.Context, e chatwoot.Event) error { return in.AcceptEvent(ctx, e, raw) }
	}
	switch err := accept(req.Context(), event); {
	case errors.Is(err, ErrBeforeLine):
		return http.StatusGone // which turns the agent's message red
	case err != nil:
		in.Log.Error("a webhook could not be stored", "error", err)
		in.Arrivals.NoteLost()
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// othersKnow sees to it that what this process has lost is known where it has to be.
func (in *Intake) othersKnow(ctx context.Context) error {
	if in.Told == nil {
		return nil
	}
	return in.Told(ctx)
}
