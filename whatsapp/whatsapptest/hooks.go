package whatsapptest

import (
	"net/http"
	"slices"
	"sync"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
)

// EventKind says at which point of the server a hook is asked.
type EventKind string

// The points at which hooks are asked.
const (
	// StanzaIn is a stanza read from a client, before it has any effect.
	StanzaIn EventKind = "in"
	// StanzaOut is a stanza about to be written to a client.
	StanzaOut EventKind = "out"
	// MediaRequest is an upload, download or deletion of a file.
	MediaRequest EventKind = "media"
	// Login is a paired client that has finished its handshake.
	Login EventKind = "login"
)

// HookEvent is what a hook is asked about. It must not be changed.
type HookEvent struct {
	Kind EventKind
	// Device is the client concerned; nil for media and for a client that is
	// not paired yet.
	Device *Device
	// Node is the stanza of StanzaIn and StanzaOut.
	Node *waBinary.Node
	// Request is the request of MediaRequest.
	Request *http.Request
}

// Is reports whether the event is a stanza of the given kind and tag.
func (e HookEvent) Is(kind EventKind, tag string) bool {
	return e.Kind == kind && e.Node != nil && e.Node.Tag == tag
}

// Attr returns an attribute of the stanza as text, empty when it is missing.
func (e HookEvent) Attr(name string) string {
	if e.Node == nil {
		return ""
	}
	return attrText(e.Node, name)
}

// Action is what a hook wants done. The zero Action changes nothing; of several
// hooks the first non-zero answer counts.
type Action struct {
	// Drop loses the stanza, or answers a media request with nothing.
	Drop bool
	// Delay holds the stanza back. What comes in later waits behind it; what
	// goes out later overtakes it.
	Delay time.Duration
	// Error refuses: the error code of an iq answer, of a message ack, the
	// reason of a login failure or the status of a media answer.
	Error int
	// ErrorText accompanies Error in an iq answer; the standard text for the
	// code when empty.
	ErrorText string
	// Reply is sent to the client in place of handling the stanza.
	Reply []waBinary.Node
	// Close resets the connection instead of handling or writing the stanza.
	Close bool
	// Repeat handles or writes the stanza that many more times.
	Repeat int
	// Swap lets the next stanza of the same kind overtake one that goes out.
	Swap bool
	// Truncate cuts the answer to a download in the middle, after its whole
	// length was announced.
	Truncate bool
}

func (a Action) isZero() bool {
	return !a.Drop && a.Delay == 0 && a.Error == 0 && a.Reply == nil && !a.Close && a.Repeat == 0 && !a.Swap && !a.Truncate
}

// Hook looks at an event and says what to do. Hooks run on the connection's own
// goroutines and may be called concurrently.
type Hook func(HookEvent) Action

type hooks struct {
	mu   sync.Mutex
	list []*Hook
}

// Hook adds a hook and returns the function that removes it.
func (s *Server) Hook(hook Hook) (remove func()) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	entry := &hook
	s.hooks.list = append(slices.Clone(s.hooks.list), entry)
	return func() {
		s.hooks.mu.Lock()
		defer s.hooks.mu.Unlock()
		s.hooks.list = slices.DeleteFunc(slices.Clone(s.hooks.list), func(e *Hook) bool { return e == entry })
	}
}

func (h *hooks) ask(event HookEvent) Action {
	h.mu.Lock()
	list := h.list
	h.mu.Unlock()
	for _, hook := range list {
		if action := (*hook)(event); !action.isZero() {
			return action
		}
	}
	return Action{}
}
