package whatsapptest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// Peer is an account with its phone: the owner of a line, or somebody the owner
// talks to. It has a phone number and a hidden id (LID).
//
// Two peers of one server exchange plaintext; towards linked companions the
// phone encrypts like any other.
type Peer struct {
	srv    *Server
	number atomic.Pointer[string]
	hidden atomic.Bool // see HideNumber
	lid    types.JID

	// crypt serializes the use of Signal sessions and, with it, the order of
	// what is queued for companions. It is taken before any Device's mutex and
	// never together with mu.
	crypt  sync.Mutex
	signal *store.Device
	state  *appState

	mu       sync.Mutex
	name     string
	status   string
	devices  []*Device
	lastID   uint16
	settings peerSettings
	faults   phoneFaults
	privacy  map[string]string
	picture  picture
	received []Received
	receipts []Receipt
	typing   []TypingEvent
	refused  []string // calls
	sent     map[string]*sentMessage
	errors   []error
	failed   map[string]int
	failNext int
	retries  int
	served   int
	resends  int
	changed  notifier
}

// peerSettings are what a peer does by itself.
type peerSettings struct {
	noDelivery bool
	autoRead   bool
	noResend   bool
	noMedia    bool
	noKeys     bool
}

// NewPeer makes an account with a phone number and a push name.
func (s *Server) NewPeer(number, name string) *Peer {
	p := &Peer{
		srv:    s,
		signal: newSignalStore(),
		name:   name,
		status: "Hey there! I am using WhatsApp.",
		sent:   map[string]*sentMessage{},
		failed: map[string]int{},
		privacy: map[string]string{
			"readreceipts": "all", "last": "all", "profile": "all", "status": "all",
			"online": "all", "groupadd": "all", "calladd": "all",
		},
	}
	p.number.Store(&number)
	p.state = newAppState(p.signal, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	p.lid = s.newLID(number)
	s.peers = append(s.peers, p)
	s.byUser[p.JID()] = p
	s.byUser[p.lid] = p
	return p
}

// Number returns the phone number, digits only.
func (p *Peer) Number() string { return *p.number.Load() }

// Name returns the push name.
func (p *Peer) Name() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name
}

// SetName changes the push name that goes with the next message.
func (p *Peer) SetName(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name = name
}

// Status returns the "about" text.
func (p *Peer) Status() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// JID returns the address by phone number.
func (p *Peer) JID() types.JID { return types.NewJID(p.Number(), types.DefaultUserServer) }

// LID returns the address by hidden id.
func (p *Peer) LID() types.JID { return p.lid }

func (p *Peer) chatJID() types.JID { return p.JID() }

// SetAutoDelivery switches the delivery receipts that a peer sends by itself;
// they are on at first.
func (p *Peer) SetAutoDelivery(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.noDelivery = !on
}

// SetAutoRead switches the read receipts that a peer sends by itself; they are
// off at first.
func (p *Peer) SetAutoRead(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.autoRead = on
}

// SetPrivacy changes one privacy setting of the account, such as
// "readreceipts" to "none".
func (p *Peer) SetPrivacy(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.privacy[name] = value
}

func (p *Peer) privacySettings() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.privacy)
}

// Companion returns the companion that was linked last; nil when there is none.
func (p *Peer) Companion() *Device {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.devices) == 0 {
		return nil
	}
	return p.devices[len(p.devices)-1]
}

// Companions lists the linked companions.
func (p *Peer) Companions() []*Device {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.devices)
}

func (p *Peer) device(id uint16) *Device {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, device := range p.devices {
		if device.id == id {
			return device
		}
	}
	return nil
}

func (p *Peer) newDevice(waiting *pairing) *Device {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	device := &Device{account: p, id: p.lastID, noiseKey: waiting.noiseKey, watching: map[types.JID]bool{}}
	device.keys.registration = waiting.keys.registration
	device.keys.identity = waiting.keys.identity
	device.keys.signed = waiting.keys.signed
	return device
}

func (p *Peer) addDevice(device *Device) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices = append(p.devices, device)
	p.changed.broadcast()
}

// forget removes a companion from the account.
func (p *Peer) forget(device *Device) {
	p.mu.Lock()
	p.devices = slices.DeleteFunc(slices.Clone(p.devices), func(d *Device) bool { return d == device })
	p.changed.broadcast()
	p.mu.Unlock()
	device.mu.Lock()
	defer device.mu.Unlock()
	device.removed = true
	device.queue = nil
	device.changed.broadcast()
}

// Errors lists what the peer could not handle: messages it never managed to
// decrypt, requests it did not understand. A test should find none at its end.
func (p *Peer) Errors() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors)
}

func (p *Peer) fail(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	p.srv.log.Debug("simulated phone", "error", err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errors = append(p.errors, err)
}

// Reinstall gives the phone new keys and forgets all sessions, as a new
// installation of the app does.
func (p *Peer) Reinstall() {
	p.crypt.Lock()
	defer p.crypt.Unlock()
	fresh := newSignalStore()
	fresh.AppState, fresh.AppStateKeys = p.signal.AppState, p.signal.AppStateKeys
	p.signal = fresh
}
