package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// recipient is to whom a message goes, under the address that it is encrypted for.
type recipient struct{ address types.JID }

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

// Account gives the account that a phone number leads to, under its hidden id and the
// number under which WhatsApp has it, which may be another form of the same number. There
// are three answers: an account, a clear no, which is a PermanentError, or that it is not
// known. An account with which messages were exchanged is known without a question. What
// is no phone number is its own answer.
func (s *Session) Account(ctx context.Context, jid string) (content.Address, error) {
	to, err := types.ParseJID(jid)
	if err != nil || to.Server != types.DefaultUserServer {
		return content.Address{JID: jid}, nil
	}
	c, err := s.connected()
	if err != nil {
		return content.Address{}, err
	}
	asking, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	number, lid, err := c.account(asking, to)
	if err != nil {
		return content.Address{}, err
	}
	return content.AddressOf(lid, number, func(types.JID) types.JID { return types.EmptyJID }), nil
}

// reachable gives the address that a message to a JID is encrypted for. Without one
// nothing can be sent; while it is not known, the message waits as it does without a
// connection.
func (c *connection) reachable(ctx context.Context, to types.JID) (address types.JID, err error) {
	if to.Server != types.DefaultUserServer {
		return to, nil
	}
	_, lid, err := c.account(ctx, to)
	return lid, err
}

// account gives the number under which WhatsApp has an account, and its hidden id. An
// account with which messages were exchanged is known without a question.
func (c *connection) account(ctx context.Context, to types.JID) (number, lid types.JID, err error) {
	if lid, err = c.client.Store.LIDs.GetLIDForPN(ctx, to); err != nil {
		return to, lid, fmt.Errorf("look the recipient up: %w", err)
	}
	if !lid.IsEmpty() {
		return to, lid, nil
	}
	if lid, err = c.hiddenID(ctx, to); err != nil || !lid.IsEmpty() {
		return to, lid, err
	}
	if number, lid, err = c.registration(ctx, to); err != nil || !lid.IsEmpty() {
		return number, lid, err
	}
	if number != to {
		if lid, err = c.hiddenID(ctx, number); err != nil || !lid.IsEmpty() {
			return number, lid, err
		}
	}
	return to, lid, unknown(errNoLID)
}

// hiddenID asks WhatsApp for the hidden id of a number; it gives the empty JID where
// WhatsApp says nothing.
func (c *connection) hiddenID(ctx context.Context, number types.JID) (lid types.JID, err error) {
	err = guarded(c.s, func() error {
		found, err := c.client.GetUserInfo(ctx, []types.JID{number})
		lid = found[number].LID
		return err
	})
	if err != nil {
		return lid, unknown(err)
	}
	return lid, nil
}

// registration asks WhatsApp whether a number is registered, in all its forms at once:
// people write one that is not, and WhatsApp's word decides. An account that WhatsApp
// says nothing of may still be there.
func (c *connection) registration(ctx context.Context, to types.JID) (number, lid types.JID, err error) {
	forms := append([]string{to.User}, content.OtherForms(to.User)...)
	asked := make([]string, len(forms))
	for i, form := range forms {
		asked[i] = "+" + form
	}
	var answers []types.IsOnWhatsAppResponse
	err = guarded(c.s, func() (err error) {
		answers, err = c.client.IsOnWhatsApp(ctx, asked)
		return err
	})
	if err != nil {
		return to, lid, unknown(err)
	}
	answer, known := registered(forms, answers)
	if known && !answer.IsIn {
		return to, lid, &PermanentError{Reason: ReasonNotOnWhatsApp, Err: errNoAddress}
	}
	if answer.JID.Server == types.HiddenUserServer {
		lid = answer.JID.ToNonAD()
	}
	return numberOf(answer, to), lid, nil
}

// registered picks the answer that counts: that the form which was written is on
// WhatsApp, else that another one is, else that none is. An answer is missing where
// WhatsApp says nothing of a form.
func registered(forms []string, answers []types.IsOnWhatsAppResponse) (picked types.IsOnWhatsAppResponse, known bool) {
	for _, form := range forms {
		for _, answer := range answers {
			if answer.IsIn && (strings.TrimPrefix(answer.Query, "+") == form || len(answers) == 1) {
				return answer, true
			}
		}
	}
	for _, answer := range answers { // to none of the forms by its name
		if answer.IsIn {
			return answer, true
		}
	}
	return types.IsOnWhatsAppResponse{}, len(answers) >= len(forms)
}

// numberOf is the number under which WhatsApp has an account.
func numberOf(answer types.IsOnWhatsAppResponse, asked types.JID) types.JID {
	for _, jid := range []types.JID{answer.PhoneNumber, answer.JID} {
		if jid.Server == types.DefaultUserServer || jid.Server == types.LegacyUserServer {
			return types.NewJID(jid.User, types.DefaultUserServer)
		}
	}
	return asked
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
