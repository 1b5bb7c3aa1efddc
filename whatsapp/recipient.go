package whatsapp

import (
	"context"
	"errors"
	"fmt"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// recipient is to whom a message goes: under the JID that the caller has, and
// under the one that it is encrypted for.
type recipient struct{ to, address types.JID }

// reader is who must be able to read the message, the user in the addresses of
// all the recipient's devices; empty for a group.
func (r recipient) reader() string {
	if r.address.Server != types.HiddenUserServer && r.address.Server != types.DefaultUserServer {
		return ""
	}
	return r.address.User
}

var (
	errNoAddress = errors.New("the number is not on WhatsApp")
	errNoLID     = errors.New("WhatsApp does not give the number's address")
)

// reachable gives the address of a phone number on WhatsApp, which the library
// needs to send and asks for once. There are three answers: an address, a clear
// no, or that it is not known. A chat that exists has its address from the
// messages that were exchanged, so that WhatsApp is not asked at all. Without an
// address nothing can be sent; while it is not known, the message waits as it
// does without a connection.
func (c *connection) reachable(ctx context.Context, to types.JID) (address types.JID, err error) {
	if to.Server != types.DefaultUserServer {
		return to, nil
	}
	lid, err := c.client.Store.LIDs.GetLIDForPN(ctx, to)
	if err != nil {
		return to, fmt.Errorf("look the recipient up: %w", err)
	}
	if !lid.IsEmpty() {
		return lid, nil
	}
	var found map[types.JID]types.UserInfo
	err = guarded(c.s, func() (err error) {
		found, err = c.client.GetUserInfo(ctx, []types.JID{to})
		return err
	})
	if err != nil {
		return to, unknown(err)
	}
	if lid = found[to].LID; !lid.IsEmpty() {
		return lid, nil
	}
	return to, c.withoutAddress(ctx, to)
}

// withoutAddress says why a number has no address: an account that WhatsApp says
// nothing of may still be there, so it is asked for a yes or a no.
func (c *connection) withoutAddress(ctx context.Context, to types.JID) error {
	var answers []types.IsOnWhatsAppResponse
	err := guarded(c.s, func() (err error) {
		answers, err = c.client.IsOnWhatsApp(ctx, []string{"+" + to.User})
		return err
	})
	if err != nil {
		return unknown(err)
	}
	for _, answer := range answers {
		if !answer.IsIn {
			return &PermanentError{Reason: ReasonNotOnWhatsApp, Err: errNoAddress}
		}
	}
	return unknown(errNoLID)
}

// unknown makes the failure of a question one that is waited for, if WhatsApp
// did not answer it.
func unknown(err error) error {
	if noAnswer(err) {
		err = fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	return fmt.Errorf("look the recipient up: %w", err)
}

// noAnswer tells a WhatsApp that does not answer a question from one that
// refuses it.
func noAnswer(err error) bool {
	var refused *whatsmeow.IQError
	var panicked *devicestore.PanicError
	switch {
	case errors.As(err, &refused):
		return refused.Code == 429 || refused.Code >= 500
	default:
		return !errors.As(err, &panicked)
	}
}
