package inbox

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/wootbridge/wootbridge/bridge/lines"
	"github.com/wootbridge/wootbridge/chatwoot"
)

// Chatwoot posts webhooks to the address that stands in the inbox. While it cannot
// reach that, it turns every bubble red, also those of messages that arrived; so
// the address stands there only while it is of use.

// Point reads the inbox, and makes its webhook point where it has to: here, or
// nowhere. An address that is not the line's own is left alone where the line wants
// none.
func (x *Inbox) Point(ctx context.Context) error {
	x.pointing.Lock()
	defer x.pointing.Unlock()
	client := x.At(chatwoot.Background)
	inbox, err := x.ask(ctx, client)
	if err != nil {
		return err
	}
	if want, other := x.otherAddress(inbox.WebhookURL); other {
		if inbox, err = x.pointTo(ctx, client, inbox, want); err != nil {
			return err
		}
	}
	x.known.Store(&inbox)
	_, err = x.takeSecret(ctx, inbox.Secret)
	return err
}

// otherAddress says where the inbox's webhook has to point, if not where it does.
func (x *Inbox) otherAddress(now string) (want string, other bool) {
	if want := x.Wanted(); want != "" {
		return want, now != want
	}
	return "", x.own(now)
}

// Wanted is where Chatwoot is to post the inbox's events, or "": the line does not
// listen to webhooks, nobody knows its address, or Chatwoot does not reach it and
// there is another way.
func (x *Inbox) Wanted() string {
	settings := x.Settings()
	if !settings.HearsWebhooks() || x.unreached.Load() && settings.Listen != lines.ListenWebhook {
		return ""
	}
	address, err := x.WebhookURL()
	if err != nil {
		return ""
	}
	return address
}

// own reports whether an address is of this line, be it one of before.
func (x *Inbox) own(address string) bool {
	return strings.Contains(address, "/webhooks/"+x.LineID()+"/")
}

// SetUnreached says whether Chatwoot cannot reach the webhook while the line is
// told by the live channel. Point acts on it.
func (x *Inbox) SetUnreached(unreached bool) { x.unreached.Store(unreached) }

// Pointed reports whether the inbox's webhook was pointed at this line when it was
// last read, and whether the token may change that.
func (x *Inbox) Pointed() (here, mayChange bool) {
	known := x.known.Load()
	return known != nil && x.own(known.WebhookURL), !x.forbidden.Load()
}

// pointTo gives the inbox with its webhook pointed elsewhere, as far as the token
// may do that.
func (x *Inbox) pointTo(ctx context.Context, client *chatwoot.Client, inbox chatwoot.Inbox, want string) (chatwoot.Inbox, error) {
	if want != "" && inbox.WebhookURL != "" {
		x.cfg.Log.Warn("the inbox's webhook pointed elsewhere; it is pointed here again")
	}
	set, err := client.SetInboxWebhook(ctx, x.cfg.Line.Inbox, want)
	var unauthorized *chatwoot.UnauthorizedError
	var refused *chatwoot.InvalidError
	if errors.As(err, &unauthorized) || errors.As(err, &refused) && refused.Status == http.StatusForbidden { // an agent's token may do all but this
		if !x.forbidden.Swap(true) {
			x.cfg.Log.Error("the token may not change the inbox: an administrator must set its webhook")
		}
		return inbox, nil
	}
	if err == nil {
		x.forbidden.Store(false)
	}
	return set, err
}
