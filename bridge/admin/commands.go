package admin

import (
	"context"
	"errors"
	"time"

	"github.com/wootbridge/wootbridge/bridge/fault"
	"github.com/wootbridge/wootbridge/bridge/lines"
)

// connected gives a line that has a connection, here or in another process.
func (s *Service) connected(ctx context.Context, id lines.ID) (Line, error) {
	line, err := s.current(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case line.Active():
		return line, nil
	case line.Record().Paused():
		return nil, fault.Conflict("the line is paused: resume it first")
	default:
		return nil, fault.Unavailable("the line's connection is changing hands: try again in some seconds", nil)
	}
}

// current gives a line as it is now: what another process has just made of it may not
// be known here yet.
func (s *Service) current(ctx context.Context, id lines.ID) (Line, error) {
	line, err := s.find(ctx, id)
	if err != nil || line.Active() {
		return line, err
	}
	if err := s.cfg.Lines.SyncNow(ctx); err != nil {
		return nil, err
	}
	return s.find(ctx, id)
}

// Pair asks for a code to link a line's phone; it then shows in State. With a
// phone number the code is one to type instead of one to scan.
func (s *Service) Pair(ctx context.Context, id lines.ID, phone string) error {
	line, err := s.connected(ctx, id)
	if err != nil {
		return err
	}
	digits := phoneDigits(phone)
	if phone != "" && digits == "" {
		return fault.Invalid("phone", "phone must be the number in international form, such as +5511999998888")
	}
	if line.Session().State().JID != "" {
		return fault.Conflict("the line is linked already: log it out first to link another phone")
	}
	err = line.Session().Pair(digits)
	var said *fault.Error
	if err == nil || errors.As(err, &said) {
		return err
	}
	return fault.Conflict(err.Error()) // linked in this moment
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

// logoutTimeout bounds the request that unlinks the device on the phone.
const logoutTimeout = 20 * time.Second

// Logout unlinks the line's device on the phone. Jobs that wait stay.
func (s *Service) Logout(ctx context.Context, id lines.ID) error {
	line, err := s.connected(ctx, id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, logoutTimeout)
	defer cancel()
	err = line.Session().Logout(ctx)
	var said *fault.Error
	switch {
	case errors.As(err, &said):
		return err
	case err != nil:
		return fault.Unavailable("the device cannot be unlinked while WhatsApp is not connected; unlink it on the phone, or try again later", err)
	}
	return nil
}

// Reconnect ends the line's connection, if any, and connects at once.
func (s *Service) Reconnect(ctx context.Context, id lines.ID) error {
	line, err := s.connected(ctx, id)
	if err == nil {
		line.Session().Reconnect()
	}
	return err
}

// Confirm lets comparisons with Chatwoot's messages act again, although the
// database lacks messages of ours: see LineStatus.LastError.
func (s *Service) Confirm(ctx context.Context, id lines.ID) error {
	line, err := s.connected(ctx, id)
	if err != nil {
		return err
	}
	if err := s.cfg.Store.ConfirmForeign(ctx, id); err != nil {
		return err
	}
	line.RequestComparison()
	return s.cfg.Lines.SyncNow(ctx)
}

// sentencePaused is why a line does not run that an admin has stopped.
const sentencePaused = "Paused by an administrator. Messages are kept on both sides until it is resumed."

// Pause disconnects a line. Its webhooks are stored, its jobs wait.
func (s *Service) Pause(ctx context.Context, id lines.ID) error {
	return s.after(ctx, id, func() error {
		return s.cfg.Store.SetPaused(ctx, id, lines.Pause{Cause: lines.PausedByAdmin, Sentence: sentencePaused})
	})
}

// Resume lets a paused line run again, unless another line has its inbox.
func (s *Service) Resume(ctx context.Context, id lines.ID) error {
	line, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	if err := s.takeInbox(ctx, line.Record()); err != nil {
		return err
	}
	return s.after(ctx, id, func() error { return s.cfg.Store.Resume(ctx, id) })
}

// after makes a line what it should be after a change of its record.
func (s *Service) after(ctx context.Context, id lines.ID, change func() error) error {
	if _, err := s.find(ctx, id); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return s.cfg.Lines.SyncNow(ctx)
}
