package whatsapp

import (
	"errors"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/internal/wait"
)

// pair shows codes until the phone took one or the server stops giving them.
func (c *connection) pair(wanted command) {
	s := c.s
	codes, err := c.client.GetQRChannel(c.ctx)
	if err == nil {
		err = guarded(s, func() error { return c.client.ConnectContext(c.ctx) })
	}
	if err != nil {
		s.cfg.Log.Warn("cannot ask WhatsApp for a code", "error", err)
		c.end(connectionEnd{code: StateNew, reason: "WhatsApp cannot be reached. Try again in a moment."})
		return
	}
	asked := false
	for {
		var item whatsmeow.QRChannelItem
		select {
		case item = <-codes: // empty when it was closed
		case <-c.ctx.Done(): // the library does not always close it
			return
		}
		switch item.Event {
		case whatsmeow.QRChannelEventCode:
			if wanted.phone == "" {
				c.setState(func(st *State) { st.Code, st.QR = StatePairing, item.Code })
			} else if !asked {
				asked = true
				c.askCode(wanted.phone)
			}
		case whatsmeow.QRChannelSuccess.Event:
			c.awaitLogin()
			return
		default: // timeout, an error, or a step that a QR code cannot do
			s.cfg.Log.Warn("the phone was not linked", "reason", item.Event)
			c.end(connectionEnd{code: StateNew, reason: c.unpaired(item)})
			return
		}
	}
}

// unpaired says to people why no phone was linked.
func (c *connection) unpaired(item whatsmeow.QRChannelItem) string {
	if refusal := c.refusal.Load(); refusal != nil {
		return *refusal
	}
	switch item.Event {
	case whatsmeow.QRChannelTimeout.Event:
		return "No phone used the code in time. Ask for a new one."
	case whatsmeow.QRChannelEventPasskeyRequest, whatsmeow.QRChannelEventPasskeyResponse:
		return passkeySentence
	case whatsmeow.QRChannelScannedWithoutMultidevice.Event:
		return "The phone does not allow linked devices yet. Update WhatsApp on it, then try again."
	default:
		return "The phone was not linked. Try again."
	}
}

// passkeySentence does not suggest the other kind of code: WhatsApp asks such an
// account for a passkey with both.
const passkeySentence = "WhatsApp asks this account to confirm with a passkey, which this version of Wootbridge cannot do, " +
	"neither with a QR code nor with a code to type. Link a phone whose account is not asked, or try again after an update of Wootbridge."

// mayPair says whether a phone may be linked; if not, it keeps the reason.
func (c *connection) mayPair(jid types.JID) bool {
	s := c.s
	refuse := func(sentence string) bool {
		s.cfg.Log.Warn("the phone is not linked", "reason", sentence)
		c.refusal.Store(&sentence)
		return false
	}
	if s.cfg.AllowPair != nil {
		if refusal := s.cfg.AllowPair(jid.ToNonAD().String()); refusal != "" {
			return refuse(refusal)
		}
		return true
	}
	if had := s.State().Phone; had != "" && had != jid.User {
		return refuse("This line belongs to another phone number. Link that phone, or make a new line for this one.")
	}
	return true
}

// loginWithin is how long after a pairing the server may take to ask for the
// login.
const loginWithin = 15 * time.Second

// awaitLogin ends the connection even if the server does not ask for a login.
func (c *connection) awaitLogin() {
	if wait.Sleep(c.ctx, loginWithin) {
		c.end(connectionEnd{code: StateConnecting})
	}
}

// pairedSteps make a pairing complete: the device has its JID, and the server
// wants it to log in.
const pairedSteps = 2

// pairedStep ends the connection with the last step, so that the next one logs
// in.
func (c *connection) pairedStep() {
	if c.paired.Add(1) == pairedSteps {
		c.end(connectionEnd{code: StateConnecting})
	}
}

func (c *connection) askCode(phone string) {
	var code string
	err := guarded(c.s, func() (err error) {
		code, err = c.client.PairPhone(c.ctx, phone, true, whatsmeow.PairClientChrome, "Chrome (Linux)")
		return err
	})
	if err != nil {
		c.s.cfg.Log.Warn("WhatsApp gave no code to type", "error", err)
		reason := "WhatsApp gave no code. Try again in a few minutes, or scan the QR code."
		if errors.Is(err, whatsmeow.ErrPhoneNumberTooShort) || errors.Is(err, whatsmeow.ErrPhoneNumberIsNotInternational) {
			reason = "This is not an international phone number. Give it with its country code, without zeros before it."
		}
		c.end(connectionEnd{code: StateNew, reason: reason})
		return
	}
	c.setState(func(st *State) { st.Code, st.PairingCode = StatePairing, code })
}
