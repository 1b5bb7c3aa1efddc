package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types"
)

// PermanentError says that WhatsApp will never take this message.
type PermanentError struct {
	Reason string // a machine's word: notwa, reachout, refused
	Err    error
}

func (e *PermanentError) Error() string { return "whatsapp refuses the message: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *PermanentError) Unwrap() error { return e.Err }

// AmbiguousError says that the message may or may not have been taken; repeat
// it with the same id.
type AmbiguousError struct{ Err error }

func (e *AmbiguousError) Error() string { return "whatsapp's answer is unknown: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *AmbiguousError) Unwrap() error { return e.Err }

// The reasons of a PermanentError.
const (
	ReasonNotOnWhatsApp = "notwa"
	ReasonReachOut      = "reachout"
	ReasonRefused       = "refused"
)

const (
	answerTimeout = 10 * time.Second
	sendTimeout   = 15 * time.Second
)

// Send uploads the file, if any, then sends, one message at a time for the
// whole line. Errors are ErrNotConnected, PermanentError, AmbiguousError, or
// something that may pass; after all but a PermanentError the same message may
// be sent again with the same id.
func (s *Session) Send(ctx context.Context, o Outgoing) error {
	to, err := types.ParseJID(o.To)
	if err != nil || to.User == "" {
		return &PermanentError{Reason: ReasonNotOnWhatsApp, Err: errors.New("no JID to send to")}
	}
	g, err := s.connected()
	if err != nil {
		return err
	}
	client := g.client
	var up *whatsmeow.UploadResponse
	if o.Media != nil {
		if up, err = s.upload(ctx, client, *o.Media); err != nil {
			return err
		}
	}
	message, err := encode(o, up)
	if err != nil {
		return err
	}
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the line's pace: %w", err)
	}
	select {
	case s.sending <- struct{}{}:
		defer func() { <-s.sending }()
	case <-ctx.Done():
		return ctx.Err()
	}
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	sending, encrypted := g.guard.sessions.encrypting(sending)
	defer encrypted()
	err = guarded(s, func() error {
		_, err := client.SendMessage(sending, to, message, whatsmeow.SendRequestExtra{ID: o.ID, Timeout: answerTimeout})
		return err
	})
	return classifySend(err)
}

// classifySend sorts the library's errors by what to do next.
func classifySend(err error) error {
	var panicked *panicError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, whatsmeow.ErrNotConnected), errors.Is(err, whatsmeow.ErrNotLoggedIn):
		return fmt.Errorf("%w: %w", ErrNotConnected, err)
	case errors.Is(err, whatsmeow.ErrServerReturnedError):
		return refusal(err)
	case strings.Contains(err.Error(), "no LID found"):
		return &PermanentError{Reason: ReasonNotOnWhatsApp, Err: err}
	case errors.Is(err, whatsmeow.ErrUnknownServer), errors.Is(err, whatsmeow.ErrRecipientADJID):
		return &PermanentError{Reason: ReasonNotOnWhatsApp, Err: err}
	case errors.As(err, &panicked):
		return &PermanentError{Reason: ReasonRefused, Err: err}
	default:
		return &AmbiguousError{Err: err}
	}
}

// refusal reads the code that the server's answer carries.
func refusal(err error) error {
	text := err.Error()
	code := text[strings.LastIndexByte(text, ' ')+1:]
	switch code {
	case "463":
		return &PermanentError{Reason: ReasonReachOut, Err: err}
	case "429", "500", "503":
		return fmt.Errorf("send: %w", err)
	default:
		return &PermanentError{Reason: ReasonRefused, Err: err}
	}
}

// MarkRead shows customers blue ticks.
func (s *Session) MarkRead(ctx context.Context, chat, sender string, ids []string, at time.Time) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	chatJID, err := types.ParseJID(chat)
	if err != nil {
		return fmt.Errorf("mark as read: %w", err)
	}
	senderJID, err := types.ParseJID(sender)
	if err != nil {
		return fmt.Errorf("mark as read: %w", err)
	}
	return guarded(s, func() error { return client.MarkRead(ctx, ids, at, chatJID, senderJID) })
}

// Typing shows a customer that the desk is typing.
func (s *Session) Typing(ctx context.Context, chat string, on bool) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	jid, err := types.ParseJID(chat)
	if err != nil {
		return fmt.Errorf("show typing: %w", err)
	}
	state := types.ChatPresencePaused
	if on {
		state = types.ChatPresenceComposing
	}
	return guarded(s, func() error { return client.SendChatPresence(ctx, jid, state, types.ChatPresenceMediaText) })
}
