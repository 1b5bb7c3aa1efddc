package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"

	"github.com/wootbridge/wootbridge/whatsapp/content"
	"github.com/wootbridge/wootbridge/whatsapp/internal/devicestore"
)

// PermanentError says that WhatsApp will never take this message, or that what
// came from there will never be taken.
type PermanentError struct {
	Reason string // a machine's word: notwa, reachout, refused, toolarge, unreadable
	Err    error
}

func (e *PermanentError) Error() string {
	if e.Reason == ReasonTooLarge || e.Reason == ReasonUnreadable {
		return e.Err.Error()
	}
	return "whatsapp refuses the message: " + e.Err.Error()
}

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
	ReasonTooLarge      = "toolarge"   // of what came
	ReasonUnreadable    = "unreadable" // of what came
)

const (
	answerTimeout = 10 * time.Second
	sendTimeout   = 15 * time.Second
)

// Send uploads the file, if any, then sends, one message at a time for the
// whole line. Errors are ErrNotConnected, PermanentError, ReachOutLimitedError,
// AmbiguousError, or something that may pass; after all but a PermanentError the
// same message may be sent again with the same id. ErrNotConnected also means that
// WhatsApp did not answer a query that must precede the message.
func (s *Session) Send(ctx context.Context, o content.Outgoing) error {
	to, err := types.ParseJID(o.To)
	if err != nil || to.User == "" {
		return &PermanentError{Reason: ReasonNotOnWhatsApp, Err: errors.New("no JID to send to")}
	}
	if to.Server == types.NewsletterServer {
		return &PermanentError{Reason: ReasonRefused, Err: errChannel}
	}
	c, err := s.connected()
	if err != nil {
		return err
	}
	client := c.client
	var up *content.Upload
	if o.Media != nil {
		if up, err = s.upload(ctx, client, *o.Media); err != nil {
			return err
		}
	}
	message, err := content.Encode(o, up)
	if err != nil {
		return err
	}
	if err := s.limiter.Wait(ctx); err != nil {
		return fmt.Errorf("wait for the line's pace: %w", err)
	}
	select {
	case s.sending <- struct{}{}:
		defer s.sent()
	case <-ctx.Done():
		return ctx.Err()
	}
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	address, err := c.reachable(sending, to)
	if err != nil {
		return err
	}
	if err := c.checkReachOut(sending, address); err != nil {
		return err
	}
	return c.send(sending, recipient{address}, o.ID, message)
}

// sent admits the next message at once: the rest of the work for this one is done
// while WhatsApp answers the next.
func (s *Session) sent() {
	<-s.sending
	runtime.Gosched()
}

// send sends a message, a second time when the library's list of the
// recipient's devices was outdated: the first copy has not reached all of them,
// and by now the library has dropped the list. Devices drop what they have.
func (c *connection) send(ctx context.Context, to recipient, id string, message *waE2E.Message) error {
	c.devicesOutdated.Store(false)
	err := c.sendOnce(ctx, to, id, message)
	if err == nil && c.devicesOutdated.Load() && to.address.Server != types.GroupServer {
		c.s.cfg.Count("sent again to all devices")
		if again := c.sendOnce(ctx, to, id, message); again != nil {
			c.s.cfg.Log.Warn("a message may not have reached every device", "error", again)
		}
	}
	if code := refusalCode(err); code == codeReachOut {
		return c.s.refusedReachOut(to.address, id, err)
	}
	return classifySend(err)
}

func (c *connection) sendOnce(ctx context.Context, to recipient, id string, message *waE2E.Message) error {
	marked, encryption := c.guard.Encrypting(ctx, to.reader())
	defer encryption.End()
	err := guarded(c.s, func() error {
		_, err := c.client.SendMessage(marked, to.address, message, whatsmeow.SendRequestExtra{ID: id, Timeout: answerTimeout})
		return err
	})
	if err == nil && encryption.Unwritten() { // it was encrypted for nobody at all
		if to.reader() != "" {
			return devicestore.ErrNoReader
		}
		if late := encryption.WriteKept(ctx); late != nil {
			c.s.cfg.Log.Warn("what was sent cannot be kept", "error", late)
		}
	}
	return err
}

// classifySend sorts the library's errors by what to do next.
func classifySend(err error) error {
	var panicked *devicestore.PanicError
	var query *whatsmeow.IQError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, whatsmeow.ErrNotConnected), errors.Is(err, whatsmeow.ErrNotLoggedIn):
		return fmt.Errorf("%w: %w", ErrNotConnected, err)
	case errors.Is(err, whatsmeow.ErrServerReturnedError):
		if slices.Contains(passingCodes, refusalCode(err)) {
			return fmt.Errorf("send: %w", err)
		}
		return &PermanentError{Reason: ReasonRefused, Err: err}
	case errors.Is(err, whatsmeow.ErrUnknownServer), errors.Is(err, whatsmeow.ErrRecipientADJID):
		return &PermanentError{Reason: ReasonNotOnWhatsApp, Err: err}
	case errors.Is(err, whatsmeow.ErrNotInGroup), errors.Is(err, whatsmeow.ErrGroupNotFound):
		return &PermanentError{Reason: ReasonRefused, Err: err}
	case errors.As(err, &query) && noAnswer(err): // to a question before the message left
		return fmt.Errorf("send: %w: %w", ErrNotConnected, err)
	case errors.As(err, &query), errors.Is(err, devicestore.ErrNoReader):
		return fmt.Errorf("send: %w", err)
	case errors.As(err, &panicked):
		return &PermanentError{Reason: ReasonRefused, Err: err}
	default:
		return &AmbiguousError{Err: err}
	}
}

// codeReachOut is WhatsApp's refusal of a message to a new contact;
// passingCodes are its refusals that may pass.
const codeReachOut = 463

var passingCodes = []int{429, 500, 503}

// refusalCode is the code in the server's answer to a message, or 0. The
// library gives it as text only.
func refusalCode(err error) int {
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		return 0
	}
	code, _ := strconv.Atoi(strings.TrimPrefix(err.Error(), whatsmeow.ErrServerReturnedError.Error()+" "))
	return code
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

// Online shows the account as online to those who look at it, or not. A device that does
// not know the account's name yet shows nothing.
func (s *Session) Online(ctx context.Context, on bool) error {
	c, err := s.connected()
	if err != nil {
		return err
	}
	if !c.introduced.Load() {
		return nil // the library would read the name while it is written
	}
	state := types.PresenceUnavailable
	if on {
		state = types.PresenceAvailable
	}
	return guarded(s, func() error { return c.client.SendPresence(ctx, state) })
}
