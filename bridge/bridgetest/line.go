package bridgetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wootbridge/wootbridge/bridge"
	"github.com/wootbridge/wootbridge/internal/wait"
	"github.com/wootbridge/wootbridge/whatsapp"
	"github.com/wootbridge/wootbridge/whatsapp/whatsapptest"
)

// shopNumber is that of the phone behind the Stack's line.
const shopNumber = "5511999990001"

// MakeLine gives the bridge a line, and makes the phone that is to be linked.
func (s *Stack) MakeLine(ctx context.Context) (err error) {
	s.Line, err = s.AddLine(ctx, bridge.NewLine{Name: s.options.LineName, Settings: json.RawMessage(s.options.Settings)})
	if err == nil {
		s.Phone = s.WhatsApp.NewPeer(shopNumber, s.options.LineName)
	}
	return err
}

// AddLine makes a line. What it does not say of Chatwoot is that of the Stack's.
func (s *Stack) AddLine(ctx context.Context, line bridge.NewLine) (bridge.LineID, error) {
	if line.ChatwootURL == "" {
		line.ChatwootURL = s.ChatwootURL
	}
	if line.ChatwootToken == "" {
		line.ChatwootToken = s.Chatwoot.AdminToken()
	}
	if line.Account == 0 {
		line.Account = int64(s.Chatwoot.Account())
	}
	made, err := s.Bridge.CreateLine(ctx, line)
	if err != nil {
		return "", fmt.Errorf("make the line %s: %w", line.Name, err)
	}
	return made.ID, nil
}

// Pair has a phone scan a line's code, and waits until both are connected.
func (s *Stack) Pair(ctx context.Context, line bridge.LineID, phone *whatsapptest.Peer) error {
	if err := s.Bridge.Pair(ctx, line, ""); err != nil {
		return fmt.Errorf("ask for a code: %w", err)
	}
	var code string
	err := s.WaitState(ctx, line, "a QR code", func(state whatsapp.State) bool {
		code = state.QR
		return code != ""
	})
	if err != nil {
		return err
	}
	if err := phone.ScanQR(code); err != nil {
		return fmt.Errorf("scan the code: %w", err)
	}
	if err := s.WaitConnected(ctx, line); err != nil {
		return err
	}
	return phone.Companion().WaitAppState(s.Patience)
}

// WaitConnected waits until a line is connected to WhatsApp.
func (s *Stack) WaitConnected(ctx context.Context, line bridge.LineID) error {
	return s.WaitState(ctx, line, "the connection", func(state whatsapp.State) bool { return state.Code == whatsapp.StateConnected })
}

// WaitState waits until the running bridge shows a line in a state.
func (s *Stack) WaitState(ctx context.Context, line bridge.LineID, what string, holds func(whatsapp.State) bool) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	for {
		// A line may be on its way to this process: an error passes, too.
		state, err := s.Bridge.State(line)
		if err == nil && holds(state) {
			return nil
		}
		if !wait.Sleep(ctx, 5*time.Millisecond) {
			return fmt.Errorf("wait for %s: the line is %s (%s): %w", what, state.Code, state.Sentence, errors.Join(err, ctx.Err()))
		}
	}
}
