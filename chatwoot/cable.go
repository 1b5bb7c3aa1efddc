package chatwoot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// What may end a connection of the live channel, or keep it from beginning.
var (
	// ErrNoUpgrade says that whatever answers for Chatwoot lets no WebSocket
	// through: proxies without upgrade headers answer 404.
	ErrNoUpgrade = errors.New("the proxy in front of Chatwoot lets no WebSocket through")
	// ErrSilent says that nothing came for longer than three pings take.
	ErrSilent = errors.New("the live channel fell silent")
	// ErrLiveEnded says that Chatwoot, or something in between, has closed it.
	ErrLiveEnded = errors.New("the live channel was closed")
)

const (
	// liveDialTimeout bounds the handshake.
	liveDialTimeout = 10 * time.Second
	// liveSilence is after how long without a frame a connection is dead: pings
	// come every 3 s.
	liveSilence = 10 * time.Second
	// maxFrame bounds a frame that is read whole. A message of 150,000 characters
	// stands in a frame up to six times.
	maxFrame = 8 << 20
)

// Subscription names a user's stream: what the profile of a token says. One
// brings the events of all inboxes that the user sees, whichever of the user's
// accounts it names.
type Subscription struct {
	Pubsub  string // a credential of the user
	User    int64
	Account int64
}

// identifier is the subscription as the channel names it.
func (s Subscription) identifier() (string, error) {
	raw, err := json.Marshal(struct {
		Channel string `json:"channel"`
		Pubsub  string `json:"pubsub_token"`
		Account int64  `json:"account_id"`
		User    int64  `json:"user_id"`
	}{"RoomChannel", s.Pubsub, s.Account, s.User})
	return string(raw), err
}

// Cable is a connection of Chatwoot's live channel, which its own dashboard
// listens to. One goroutine uses it. What is said while nobody is connected
// never comes.
type Cable struct {
	conn *websocket.Conn
}

// DialCable connects to the live channel. The handshake carries no token, and is not
// redirected: what follows it is a credential.
func (c *Client) DialCable(ctx context.Context) (*Cable, error) {
	ctx, cancel := context.WithTimeout(ctx, liveDialTimeout)
	defer cancel()
	address := *c.base
	address.Scheme = strings.Replace(address.Scheme, "http", "ws", 1)
	conn, answer, err := websocket.Dial(ctx, address.JoinPath("cable").String(), &websocket.DialOptions{
		HTTPClient: c.uploads, HTTPHeader: http.Header{"User-Agent": {userAgent}}, Subprotocols: []string{"actioncable-v1-json"},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to Chatwoot's live channel: %w", dialError(answer, err))
	}
	conn.SetReadLimit(-1) // a frame that is too large costs itself, not the connection
	return &Cable{conn: conn}, nil
}

// dialError says why there is no connection. It drops the library's text, which
// has the address in it.
func dialError(answer *http.Response, err error) error {
	switch {
	case answer == nil:
		return transportError(err, http.MethodGet)
	case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests:
		return &UnavailableError{Err: fmt.Errorf("status %d", answer.StatusCode)}
	default:
		return fmt.Errorf("%w (status %d)", ErrNoUpgrade, answer.StatusCode)
	}
}

// Subscribe asks for a user's stream. A refusal is silence; a frame confirms it.
func (c *Cable) Subscribe(ctx context.Context, s Subscription) error {
	identifier, err := s.identifier()
	if err != nil {
		return fmt.Errorf("subscribe to the live channel: %w", err)
	}
	command, err := json.Marshal(map[string]string{"command": "subscribe", "identifier": identifier})
	if err != nil {
		return fmt.Errorf("subscribe to the live channel: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, liveDialTimeout)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, command); err != nil {
		return fmt.Errorf("subscribe to the live channel: %w", ErrLiveEnded)
	}
	return nil
}

// Next waits for the next frame. One that is larger than is read whole comes
// without its event. The errors are ErrSilent, ErrLiveEnded, and that of ctx; the
// connection has ended then.
func (c *Cable) Next(ctx context.Context) (Frame, error) {
	if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	limited, cancel := context.WithTimeout(ctx, liveSilence)
	defer cancel()
	raw, err := c.read(limited)
	switch {
	case err == nil:
		return ParseFrame(raw), nil
	case errors.Is(err, errFrameTooLarge):
		return Frame{Kind: FrameTooLarge}, nil
	case ctx.Err() != nil:
		return Frame{}, ctx.Err()
	case limited.Err() != nil:
		return Frame{}, ErrSilent
	default:
		return Frame{}, ErrLiveEnded
	}
}

var errFrameTooLarge = errors.New("the frame is too large")

func (c *Cable) read(ctx context.Context) ([]byte, error) {
	_, frame, err := c.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(frame, maxFrame+1))
	if err != nil || len(raw) <= maxFrame {
		return raw, err
	}
	if _, err := io.Copy(io.Discard, frame); err != nil {
		return nil, err
	}
	return nil, errFrameTooLarge
}

// Close ends the connection at once.
func (c *Cable) Close() { _ = c.conn.CloseNow() }
