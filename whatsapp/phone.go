package whatsapp

import (
	"context"
	"crypto/rand"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
)

// WhatsApp unlinks all devices of an account whose phone has not been online for 14
// days. So the line remembers when its phone gave a sign of life last: a message or a
// receipt of the phone itself, or its answer to a request. After ten days it asks for
// one, and from the twelfth on it says so to people.
const (
	phoneUnlinked  = 14 * 24 * time.Hour
	phoneAskAfter  = 10 * 24 * time.Hour
	phoneWarnAfter = 12 * 24 * time.Hour
	// phoneAskEvery is the least time between two questions.
	phoneAskEvery = 24 * time.Hour
	// phoneNoteEvery is the least time between two signs of life that are stored.
	phoneNoteEvery = time.Hour
)

// Phone is what is known of a line's phone.
type Phone struct {
	Seen  time.Time // when it gave a sign of life last
	Asked time.Time // when it was asked for one last
}

// phoneLives notes a sign of life.
func (s *Session) phoneLives() {
	now := s.cfg.Clock()
	s.mu.Lock()
	warned := !s.state.PhoneAwaySince.IsZero()
	stored := !warned && now.Sub(s.phone.Seen) < phoneNoteEvery
	if !stored {
		s.phone.Seen = now
	}
	phone := s.phone
	s.mu.Unlock()
	if stored {
		return
	}
	s.notePhone(phone)
	if warned {
		s.setState(func(st *State) { st.PhoneAwaySince = time.Time{} })
	}
}

func (s *Session) notePhone(phone Phone) {
	if s.cfg.NotePhone != nil {
		s.cfg.NotePhone(phone)
	}
}

// watchPhone asks a phone that has been silent for long for a sign of life, and warns
// of it. What is not known of a phone counts from now.
func (c *connection) watchPhone() {
	s, now := c.s, c.s.cfg.Clock()
	s.mu.Lock()
	if s.phone.Seen.IsZero() || s.phone.Seen.After(now) {
		s.phone.Seen = now
		phone := s.phone
		s.mu.Unlock()
		s.notePhone(phone)
		return
	}
	silent := now.Sub(s.phone.Seen)
	ask := silent >= phoneAskAfter && (now.Sub(s.phone.Asked) >= phoneAskEvery || s.phone.Asked.After(now))
	seen, code, warned := s.phone.Seen, s.state.Code, !s.state.PhoneAwaySince.IsZero()
	s.mu.Unlock()
	if warn := silent >= phoneWarnAfter; warn != warned {
		s.setState(func(st *State) {
			st.PhoneAwaySince = time.Time{}
			if warn {
				st.PhoneAwaySince = seen
			}
		})
	}
	if !ask || code != StateConnected {
		return
	}
	if !c.doing("ask the phone for a sign of life", c.askPhone) {
		return
	}
	s.mu.Lock()
	s.phone.Asked = now
	phone := s.phone
	s.mu.Unlock()
	s.notePhone(phone)
}

// askPhone asks for a key that does not exist: a phone that is there answers.
func (c *connection) askPhone(ctx context.Context) error {
	id := make([]byte, 6)
	_, _ = rand.Read(id) // it never fails
	return c.sendPeer(ctx, &waE2E.Message{ProtocolMessage: &waE2E.ProtocolMessage{
		Type:                   waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_REQUEST.Enum(),
		AppStateSyncKeyRequest: &waE2E.AppStateSyncKeyRequest{KeyIDs: []*waE2E.AppStateSyncKeyId{{KeyID: id}}},
	}})
}
