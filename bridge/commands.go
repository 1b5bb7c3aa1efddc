package bridge

import (
	"context"
	"time"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/whatsapp"
)

// connected gives the runtime that holds the line's connection.
func (b *Bridge) connected(id LineID) (*runtime, error) {
	r, ok := b.line(string(id))
	switch {
	case !ok:
		return nil, fault.NotFound("there is no line with this id")
	case r.active:
		return r, nil
	case r.record.Load().Paused != "":
		return nil, fault.Conflict("the line is paused: resume it first")
	default:
		return nil, &Error{Code: CodeUnavailable, Message: "the line's connection is changing hands: try again in some seconds"}
	}
}

// Pair asks for a code to link a line's phone; it then shows in State. With a
// phone number the code is one to type instead of one to scan.
func (b *Bridge) Pair(_ context.Context, id LineID, phone string) error {
	r, err := b.connected(id)
	if err != nil {
		return err
	}
	digits := phoneDigits(phone)
	if phone != "" && digits == "" {
		return fault.Invalid("phone", "phone must be the number in international form, such as +5511999998888")
	}
	if r.session.State().JID != "" {
		return fault.Conflict("the line is linked already: log it out first to link another phone")
	}
	if err := r.session.Pair(digits); err != nil { // linked in this moment
		return fault.Conflict(err.Error())
	}
	return nil
}

// phoneDigits are the digits of a phone number as people write it, or "".
func phoneDigits(phone string) string {
	var digits []byte
	for _, c := range []byte(phone) {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c == '+', c == ' ', c == '-', c == '(', c == ')', c == '.':
		default:
			return ""
		}
	}
	if len(digits) < 7 || len(digits) > 15 {
		return ""
	}
	return string(digits)
}

// State is where a line's connection to WhatsApp stands.
func (b *Bridge) State(id LineID) (whatsapp.State, error) {
	r, ok := b.line(string(id))
	if !ok {
		return whatsapp.State{}, fault.NotFound("there is no line with this id")
	}
	return r.state(), nil
}

// StatePaused is the state of a line that an admin, or the bridge for a reason
// that only a person can remove, has stopped.
const StatePaused whatsapp.Code = "paused"

// state is the session's, or says why there is none.
func (r *runtime) state() whatsapp.State {
	state := r.session.State()
	line := r.record.Load()
	switch {
	case line.Paused != "":
		state.Code, state.Sentence, state.QR, state.PairingCode = StatePaused, line.Paused, "", ""
	case !r.active && state.JID != "":
		state.Code, state.Sentence = whatsapp.StateConnecting, "The connection is changing hands."
	default:
		if trouble := r.intake.trouble(r.b.cfg.Clock()); trouble != "" {
			state.Sentence = trouble
		}
	}
	return state
}

// logoutTimeout bounds the request that unlinks the device on the phone.
const logoutTimeout = 20 * time.Second

// Logout unlinks the line's device on the phone. Jobs that wait stay.
func (b *Bridge) Logout(ctx context.Context, id LineID) error {
	r, err := b.connected(id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, logoutTimeout)
	defer cancel()
	if err := r.session.Logout(ctx); err != nil {
		return &Error{Code: CodeUnavailable, Message: "the device cannot be unlinked while WhatsApp is not connected; unlink it on the phone, or try again later", Err: err}
	}
	return nil
}

// Reconnect ends the line's connection, if any, and connects at once.
func (b *Bridge) Reconnect(_ context.Context, id LineID) error {
	r, err := b.connected(id)
	if err == nil {
		r.session.Reconnect()
	}
	return err
}

// sentenceStrange says why nothing that was missed is sent.
const sentenceStrange = "Chatwoot holds %d messages of this bridge that its database does not know: it comes from a backup, or another bridge uses the inbox. Agents' messages that were missed meanwhile are sent only after you confirm."

// Confirm lets passes over Chatwoot's messages act again, although the database
// lacks messages of ours: see LineStatus.LastError.
func (b *Bridge) Confirm(ctx context.Context, id LineID) error {
	r, err := b.connected(id)
	if err != nil {
		return err
	}
	if err := b.lines.ConfirmForeign(ctx, id); err != nil {
		return err
	}
	r.webhooksMissed()
	return b.lookNow(ctx)
}

// sentencePaused is why a line does not run that an admin has stopped.
const sentencePaused = "Paused by an administrator. Messages are kept on both sides until it is resumed."

// Pause disconnects a line. Its webhooks are stored, its jobs wait.
func (b *Bridge) Pause(ctx context.Context, id LineID) error {
	return b.setPaused(ctx, id, sentencePaused)
}

// Resume lets a paused line run again.
func (b *Bridge) Resume(ctx context.Context, id LineID) error { return b.setPaused(ctx, id, "") }

func (b *Bridge) setPaused(ctx context.Context, id LineID, sentence string) error {
	if _, ok := b.line(string(id)); !ok {
		return fault.NotFound("there is no line with this id")
	}
	if err := b.lines.SetPaused(ctx, id, sentence); err != nil {
		return err
	}
	return b.lookNow(ctx)
}
