package whatsapp

import "time"

// Code is where a session stands.
type Code string

// The states of a session.
const (
	StateNew          Code = "new"
	StatePairing      Code = "pairing"
	StateConnecting   Code = "connecting"
	StateConnected    Code = "connected"
	StateDisconnected Code = "disconnected"
	StateLoggedOut    Code = "logged_out"
	StateReplaced     Code = "replaced"
	StateBanned       Code = "banned"
	StateOutdated     Code = "outdated"
)

// sentences say each state to people.
var sentences = map[Code]string{
	StateNew:          "Not linked to a phone yet.",
	StatePairing:      "Waiting for the phone: WhatsApp, Linked devices, Link a device.",
	StateConnecting:   "Connecting to WhatsApp.",
	StateConnected:    "Connected to WhatsApp.",
	StateDisconnected: "Disconnected from WhatsApp, retrying. Messages are kept.",
	StateLoggedOut:    "Signed out on the phone. Link the device again; messages are kept.",
	StateReplaced:     "Another program uses this linked device. Stop it, then reconnect.",
	StateBanned:       "WhatsApp has blocked this number for a time. Connecting again when the time is over.",
	StateOutdated:     "WhatsApp no longer accepts this version. Update Wootbridge.",
}

// State is what people may know of a session.
type State struct {
	Code     Code
	Sentence string
	// QR is the text of the code to scan, PairingCode the one to type; they
	// are set while pairing only.
	QR          string
	PairingCode string
	JID         string // of the linked device, with its device number
	Phone       string // digits; of the device that was linked last
	Since       time.Time
	// Until is when WhatsApp's block of the number ends, while banned; zero
	// otherwise.
	Until time.Time

	// NewContactsFrom is when WhatsApp lets the number write to new contacts
	// again; zero while it does.
	NewContactsFrom time.Time

	// PhoneAwaySince is when the phone was online last, once that is so long ago that
	// WhatsApp is about to unlink the device; zero otherwise.
	PhoneAwaySince time.Time

	reason string // why the last attempt failed, in place of the code's sentence
}

// State reads the current state.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// setState changes the state and tells the sink, if that changed anything.
func (s *Session) setState(change func(*State)) { s.setStateOf(nil, change) }

func (s *Session) setCode(code Code) { s.setState(func(st *State) { st.Code = code }) }

// setState changes the state on behalf of a connection, unless another one has
// taken its place.
func (c *connection) setState(change func(*State)) { c.s.setStateOf(c, change) }

func (s *Session) setStateOf(c *connection, change func(*State)) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	if c != nil && s.conn != c {
		s.mu.Unlock()
		return
	}
	before := s.state
	next := before
	next.reason, next.Until = "", time.Time{}
	change(&next)
	if next.Code != StatePairing {
		next.QR, next.PairingCode = "", ""
	}
	if !s.cfg.Clock().Before(next.NewContactsFrom) {
		next.NewContactsFrom = time.Time{}
	}
	next.Sentence = next.sentence()
	if next.Code != before.Code {
		next.Since = s.cfg.Clock()
	}
	s.state = next
	s.mu.Unlock()
	if next != before {
		s.cfg.Sink.StateChanged(next)
	}
}

// Warning is what people should do soon, or "".
func (st State) Warning() string {
	if st.PhoneAwaySince.IsZero() {
		return ""
	}
	return "The phone was last online on " + st.PhoneAwaySince.UTC().Format(time.DateOnly) + ". WhatsApp unlinks this line on about " +
		st.PhoneAwaySince.Add(phoneUnlinked).UTC().Format(time.DateOnly) + " unless the phone is online before: switch it on, connect it to the internet and open WhatsApp."
}

const untilFormat = "2006-01-02 15:04 UTC"

func (st State) sentence() string {
	switch {
	case st.reason != "":
		return st.reason
	case !st.Until.IsZero():
		return "WhatsApp has blocked this number until " + st.Until.UTC().Format(untilFormat) + ". It connects again by itself."
	case st.Code == StateConnected && !st.PhoneAwaySince.IsZero():
		return st.Warning()
	case st.Code == StateConnected && !st.NewContactsFrom.IsZero():
		return "Connected. Until " + st.NewContactsFrom.UTC().Format(untilFormat) + " WhatsApp lets this number write only to people it knows; other messages wait."
	default:
		return sentences[st.Code]
	}
}
